/** How the id travels: cookies and their flags, headers, several of them, signatures. */
import { Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import {
  CookieTransport,
  createSession,
  HeaderTransport,
  MemoryStore,
  Sess,
  SessCtx,
  Session,
  SessionContext,
  type SessionModuleOptions,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { type Answer, type Client, PLATFORMS, startApp } from './harness.js';

const DAY = 86_400_000;

@Controller('cached')
class CachedController {
  @Post('login')
  @Header('Cache-Control', 'private, max-age=60')
  @Header('Vary', 'Accept-Language')
  @HttpCode(204)
  async login(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.add({});
  }

  @Get('everything')
  @Header('Vary', '*')
  async everything(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.add({});
  }

  @Post('twice')
  @HttpCode(204)
  async twice(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.add({ attrs: { who: 'first' } });
    await ctx.rotate();
    await ctx.add(createSession({ attrs: { who: 'second' } }));
  }

  @Post('over')
  @HttpCode(204)
  async over(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.remove();
    await ctx.add({ attrs: { who: 'anew' } });
  }

  @Post('in-and-out')
  @HttpCode(204)
  async inAndOut(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.add({});
    await ctx.remove();
  }

  @Get('read')
  read(@Sess() sess?: Session): string {
    return sess ? 'known' : 'unknown';
  }
}

describe.each(PLATFORMS)('Transports on %s', (platform) => {
  async function start(options: SessionModuleOptions = {}) {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store, ...options },
      controllers: [BasicsController, CachedController],
    });
    return { app, store, client: app.client() };
  }

  async function attrsOf(client: Client, headers: Record<string, string> = {}): Promise<unknown> {
    return ((await client.get('/attrs', { headers })).json() as { attrs: unknown }).attrs;
  }

  describe('the cookie', () => {
    it.each<[options: SessionModuleOptions['cookie'], name: string, flags: string[]]>([
      [{}, '__Host-sessid', ['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Lax', 'Secure']],
      [{ allowHttp: true }, 'sessid', ['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Lax']],
      [
        { path: '/app', sameSite: 'strict' },
        '__Secure-sessid',
        ['HttpOnly', 'Max-Age=2592000', 'Path=/app', 'SameSite=Strict', 'Secure'],
      ],
      [
        { domain: 'a.example', name: 'sid' },
        '__Secure-sid',
        ['Domain=a.example', 'HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Lax', 'Secure'],
      ],
      [
        { sameSite: 'none', partitioned: true, maxAge: 'session' },
        '__Host-sessid',
        ['HttpOnly', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure'],
      ],
      [{ maxAge: '1h', prefix: false }, 'sessid', ['HttpOnly', 'Max-Age=3600', 'Path=/', 'SameSite=Lax', 'Secure']],
    ])('with %o', async (cookie, name, flags) => {
      const { client } = await start({ ...(cookie && { cookie }) });
      const set = only((await client.post('/login')).setCookies);
      expect(set.name).toBe(name);
      expect(set.flags).toEqual(flags);
      // What tells the client to forget has the same flags.
      const cleared = only((await client.post('/logout')).setCookies);
      expect({ name: cleared.name, value: cleared.value }).toEqual({ name, value: '' });
      const withoutAge = (line: string) => !/^(Max-Age|Expires)=/.test(line);
      expect(cleared.flags.filter(withoutAge)).toEqual(flags.filter(withoutAge));
      expect(cleared.flags).toContain('Max-Age=0');
      expect(await attrsOf(client)).toBeNull();
    });

    it('is the only way in: its id in the URL, or in a header, opens nothing', async () => {
      const { app, client } = await start();
      const { name, value } = only((await client.post('/login')).setCookies);
      expect(await attrsOf(client)).toEqual({});
      const other = app.client();
      const headers = { [name]: value, 'x-auth-token': value, authorization: `Bearer ${value}` };
      expect(await attrsOf(other, headers)).toBeNull();
      const answer = await other.get(`/attrs?${name}=${value}&sessid=${value}`);
      expect([answer.json(), answer.setCookies]).toEqual([{ attrs: null }, []]);
    });

    it('lives as long as is left to the absolute deadline, not as long as it did at first', async () => {
      let now = Date.now();
      const { client } = await start({ clock: () => now, timeout: '20d', lifetime: '10d' });
      expect(only((await client.post('/login')).setCookies).flags).toContain('Max-Age=864000');
      now += 4 * DAY + 1;
      // Up, so that it doesn't end before the session.
      expect(only((await client.post('/rotate')).setCookies).flags).toContain('Max-Age=518400');
    });

    it('of a session without an end lives as long as browsers keep one', async () => {
      const { client } = await start({ lifetime: false });
      expect(only((await client.post('/login')).setCookies).flags).toContain(`Max-Age=${400 * 86_400}`);
    });

    it('of a session that ends with the browser has no Max-Age, over a rotation too', async () => {
      const { client } = await start();
      const lines = [
        ...(await client.post('/login', { body: { persistent: false } })).setCookies,
        ...(await client.post('/rotate')).setCookies,
      ];
      expect(lines).toHaveLength(2);
      expect(lines.filter((line) => /Max-Age|Expires/i.test(line))).toEqual([]);
    });

    it('is one, whatever the handler did before', async () => {
      const { client } = await start();
      expect((await client.post('/cached/twice')).setCookies).toHaveLength(1);
      expect(await attrsOf(client)).toEqual({ who: 'second' });
    });

    it('is the new one after a logout and a login, the cleared one after a login and a logout', async () => {
      const { client } = await start();
      await client.post('/login');
      expect(only((await client.post('/cached/over')).setCookies).flags).not.toContain('Max-Age=0');
      expect(await attrsOf(client)).toEqual({ who: 'anew' });
      expect(only((await client.post('/cached/in-and-out')).setCookies).flags).toContain('Max-Age=0');
      expect(await attrsOf(client)).toBeNull();
    });

    it('is never touched by loading: not set, not cleared, whatever the client brought', async () => {
      const { app, client } = await start();
      await client.post('/login');
      const thief = client.copy();
      await client.post('/logout');
      const stale = await thief.get('/cached/read');
      const malformed = await app.client().get('/cached/read', { headers: { cookie: '__Host-sessid=x' } });
      const nothing = await client.post('/logout');
      for (const { setCookies, headers } of [stale, malformed, nothing]) {
        expect(setCookies).toEqual([]);
        expect(headers).not.toHaveProperty('vary');
      }
    });

    it('comes with Cache-Control and Vary, merged with the handler’s', async () => {
      const { app } = await start();
      const { headers } = await app.client().post('/cached/login');
      expect(members(headers['cache-control'])).toEqual(['max-age=60', 'no-cache="Set-Cookie"', 'private']);
      expect(members(headers['vary'])).toEqual(['Accept-Language', 'Cookie']);
      expect((await app.client().get('/cached/everything')).headers['vary']).toBe('*');
      expect((await app.client().post('/login')).headers).toMatchObject({
        'cache-control': 'no-cache="Set-Cookie"',
        vary: 'Cookie',
      });
    });
  });

  describe('several cookies of the name', () => {
    const stale = (count: number) =>
      Array.from({ length: count }, (_, index) => `__Host-sessid=stal.${String(index).padStart(24, '0')}`);

    it.each([
      { before: 0, known: 'known' },
      { before: 3, known: 'known' },
      { before: 4, known: 'unknown' },
    ])('up to four are looked up: the right one after $before others is $known', async ({ before, known }) => {
      const { app, store, client } = await start();
      await client.post('/login');
      store.forget();
      const cookie = [...stale(before), 'theme=dark', client.cookieHeader].join('; ');
      expect((await app.client().get('/cached/read', { headers: { cookie } })).text).toBe(known);
      expect(store.count()).toBe(Math.min(before + 1, 4));
    });

    it('malformed ones cost nothing, and hide nothing', async () => {
      const { app, store, client } = await start();
      await client.post('/login');
      store.forget();
      const malformed = ['', 'x', '"', '../../etc', 'a b', 'é', 'abcd.'].map((value) => `__Host-sessid=${value}`);
      const cookie = [...malformed, client.cookieHeader].join('; ');
      expect((await app.client().get('/cached/read', { headers: { cookie: latin(cookie) } })).text).toBe('known');
      expect(store.count()).toBe(1);
    });

    it('a name that only contains ours is another’s', async () => {
      const { app, store, client } = await start();
      await client.post('/login');
      store.forget();
      const [[, value] = []] = [...client.jar];
      for (const name of ['x__Host-sessid', '__Host-sessidx', '__host-sessid', 'sessid']) {
        const cookie = `${name}=${value}`;
        expect((await app.client().get('/cached/read', { headers: { cookie } })).text).toBe('unknown');
      }
      expect(store.count()).toBe(0);
    });
  });

  describe('signed cookies', () => {
    it('of an older secret are taken, new ones get the first', async () => {
      const store = new MemoryStore();
      const before = await startApp(platform, {
        session: { store, cookie: { secrets: ['old'] } },
        controllers: [BasicsController],
      });
      const client = before.client();
      await client.post('/login', { body: { attrs: { who: 'ann' } } });
      const [after, later] = [
        await startApp(platform, {
          session: { store, cookie: { secrets: ['new', 'old'] } },
          controllers: [BasicsController],
        }),
        await startApp(platform, { session: { store, cookie: { secrets: ['new'] } }, controllers: [BasicsController] }),
      ];
      const headers = { cookie: client.cookieHeader };
      expect(await attrsOf(after.client(), headers)).toEqual({ who: 'ann' });
      expect(await attrsOf(later.client(), headers)).toBeNull();
      const { setCookies } = await after.client().post('/rotate', { headers });
      const [renewed] = setCookies[0]?.split(';') ?? [];
      expect(await attrsOf(later.client(), { cookie: renewed ?? '' })).toEqual({ who: 'ann' });
    });

    it('that were changed, or signed for another cookie, never reach the store', async () => {
      const { app, store, client } = await start({ cookie: { secrets: ['hush'] } });
      const other = await start({ cookie: { secrets: ['hush'], name: 'other' } });
      await client.post('/login');
      await other.client.post('/login');
      store.forget();
      const value = client.jar.get('__Host-sessid') ?? '';
      const [tag = '', secret = '', signature = ''] = value.split('.');
      const forged = [
        `${tag}.${secret}`,
        `${tag}.${secret}.`,
        `${tag}.${secret.toLowerCase()}x.${signature}`,
        `${tag}.${secret}.${signature}x`,
        `${tag}.${secret}.${signature.slice(1)}`,
        `.${signature}`,
        other.client.jar.get('__Host-other'),
      ];
      for (const cookie of forged) {
        const headers = { cookie: `__Host-sessid=${cookie}` };
        expect((await app.client().get('/cached/read', { headers })).text).toBe('unknown');
      }
      expect(store.calls).toEqual([]);
      expect((await client.get('/cached/read')).text).toBe('known');
    });
  });

  describe('headers', () => {
    const bearer = () => new HeaderTransport({ header: 'Authorization', scheme: 'Bearer' });

    it('Authorization: Bearer', async () => {
      const { client, store } = await start({ transport: bearer() });
      const told = await client.post('/login', { body: { attrs: { who: 'ann' } } });
      const authorization = String(told.headers['authorization']);
      expect(authorization).toMatch(/^Bearer [\w.-]{22,}$/);
      expect(told).toMatchObject({
        setCookies: [],
        headers: { vary: 'Authorization', 'cache-control': 'no-cache="Authorization"' },
      });
      expect(await attrsOf(client, { authorization })).toEqual({ who: 'ann' });
      expect(await attrsOf(client, { authorization: authorization.replace('Bearer', 'bearer ') })).toEqual({
        who: 'ann',
      });
      store.forget();
      expect(await attrsOf(client, { authorization: authorization.replace('Bearer', 'Basic') })).toBeNull();
      expect(await attrsOf(client, { authorization: 'Bearer' })).toBeNull();
      expect(store.calls).toEqual([]);
      const rotated = await client.post('/rotate', { headers: { authorization } });
      expect(await attrsOf(client, { authorization })).toBeNull();
      const next = { authorization: String(rotated.headers['authorization']) };
      const left = await client.post('/logout', { headers: next });
      expect(left.headers['authorization']).toBe('');
      expect(await attrsOf(client, next)).toBeNull();
    });

    it('X-Auth-Token by default', async () => {
      const { client } = await start({ transport: new HeaderTransport() });
      const told = await client.post('/login', { body: { attrs: { who: 'ann' } } });
      expect(await attrsOf(client, { 'x-auth-token': String(told.headers['x-auth-token']) })).toEqual({ who: 'ann' });
    });

    it('in order with a cookie: each client is told by what it came with', async () => {
      const isApp = { header: 'X-Auth-Token', when: ({ headers }: { headers: object }) => 'x-app' in headers };
      const { app } = await start({ transport: [new HeaderTransport(isApp), new CookieTransport()] });
      const [browser, native] = [app.client(), app.client()];
      expect(tellers(await browser.post('/login'))).toEqual(['cookie']);
      expect(tellers(await browser.post('/rotate'))).toEqual(['cookie']);
      const told = await native.post('/login', { headers: { 'x-app': '1' } });
      expect(tellers(told)).toEqual(['header']);
      const token = { 'x-auth-token': String(told.headers['x-auth-token']) };
      expect(tellers(await native.post('/rotate', { headers: token }))).toEqual(['header']);
    });

    it('a stale id in the first doesn’t hide a live one in the next', async () => {
      const { app } = await start({ transport: [new HeaderTransport(), new CookieTransport()] });
      const browser = app.client();
      const { headers } = await browser.post('/login', { body: { attrs: { who: 'ann' } } });
      const cookie = `__Host-sessid=${String(headers['x-auth-token'])}`;
      const stale = { 'x-auth-token': 'stal.000000000000000000000000' };
      expect(await attrsOf(browser, { ...stale, cookie })).toEqual({ who: 'ann' });
      const left = await browser.post('/logout', { headers: { ...stale, cookie } });
      expect(tellers(left)).toEqual(['cookie']);
    });
  });
});

function tellers({ headers, setCookies }: Answer): string[] {
  return [...('x-auth-token' in headers ? ['header'] : []), ...(setCookies.length > 0 ? ['cookie'] : [])];
}

/** The parts of the one line of Set-Cookie. */
function only(setCookies: string[]): { name: string; value: string; flags: string[] } {
  expect(setCookies).toHaveLength(1);
  const [pair = '', ...flags] = (setCookies[0] ?? '').split('; ');
  const [name = '', value = ''] = pair.split('=');
  return { name, value, flags: flags.toSorted() };
}

function members(line: string | undefined): string[] {
  return (line ?? '')
    .split(',')
    .map((member) => member.trim())
    .toSorted();
}

/** As bytes travel in headers. */
function latin(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
