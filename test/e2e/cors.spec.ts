/** Browser applications on another origin: what the server tells their browser. */
import type { INestApplication } from '@nestjs/common';
import { HeaderTransport, type SessionModuleOptions } from 'nestjs-http-session';
import { describe, expect, it } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp } from './harness.js';

type CorsOptions = Parameters<INestApplication['enableCors']>[0];

const APP = 'https://app.example.net';
const FOREIGN = 'https://evil.example.org';

describe.each(PLATFORMS)('A browser application on another origin, on %s', (platform) => {
  const startApi = (cors: CorsOptions, session: SessionModuleOptions = {}, more?: (app: INestApplication) => void) =>
    startApp(platform, {
      session,
      controllers: [BasicsController],
      prepare: (app) => {
        app.enableCors(cors);
        more?.(app);
      },
    });

  const preflightOf = (origin: string, method: string, headers = 'content-type') => ({
    headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
  });

  it('may send its cookie, and read the answer; a foreign page may not', async () => {
    const app = await startApi({ origin: [APP], credentials: true, methods: ['GET', 'POST', 'DELETE'] });
    const client = app.client();
    const preflight = await client.send('OPTIONS', '/login', preflightOf(APP, 'DELETE'));
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': expect.stringMatching(/\bDELETE\b/),
      'access-control-allow-headers': 'content-type',
    });
    expect(preflight.setCookies).toEqual([]);

    const login = await client.post('/login', { headers: { origin: APP } });
    expect(login.headers).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
    });
    expect(login.headers['vary']).toMatch(/\bOrigin\b/);
    expect(login.headers['vary']).toMatch(/\bCookie\b/);
    expect(login.setCookies).toEqual([expect.stringMatching(/^__Host-sessid=.+; Secure; SameSite=Lax$/)]);
    const answer = await client.get('/attrs', { headers: { origin: APP } });
    expect([answer.json(), answer.headers['access-control-allow-origin']]).toEqual([{ attrs: {} }, APP]);

    const foreign = await client.send('OPTIONS', '/login', preflightOf(FOREIGN, 'POST'));
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    const read = await client.get('/attrs', { headers: { origin: FOREIGN } });
    expect(read.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('is let in by the methods of its platform if there is no list of them', async () => {
    const app = await startApi({ origin: [APP], credentials: true });
    const { headers } = await app.client().send('OPTIONS', '/login', preflightOf(APP, 'DELETE'));
    const methods = String(headers['access-control-allow-methods']).split(/, ?/);
    expect(methods.includes('DELETE')).toBe(platform === 'Express');
  });

  it('is told of errors too', async () => {
    const app = await startApi({ origin: [APP], credentials: true });
    const missing = await app.client().get('/missing', { headers: { origin: APP } });
    expect([missing.status, missing.headers['access-control-allow-origin']]).toEqual([404, APP]);
  });

  it('on another site has a cookie with SameSite=None, in a jar of its own, and the logout’s has the same flags', async () => {
    const app = await startApi(
      { origin: [APP], credentials: true },
      { cookie: { sameSite: 'none', partitioned: true } },
    );
    const client = app.client();
    const flags = ['HttpOnly', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure'];
    for (const path of ['/login', '/logout']) {
      const [line = ''] = (await client.post(path, { headers: { origin: APP } })).setCookies;
      const [pair, ...rest] = line.split('; ');
      expect(pair).toMatch(/^__Host-sessid=/);
      expect(rest.filter((flag) => !/^(Max-Age|Expires)=/.test(flag)).toSorted()).toEqual(flags);
    }
  });

  it('is let in by Nest’s protection against CSRF, a form on a foreign page is not', async () => {
    const app = await startApi({ origin: [APP], credentials: true }, { cookie: { sameSite: 'none' } }, (nest) =>
      nest.enableCsrfProtection({ trustedOrigins: [APP] }),
    );
    const client = app.client();
    const from = (origin: string) => ({ headers: { origin, 'sec-fetch-site': 'cross-site' } });
    expect((await client.post('/login', from(APP))).status).toBe(204);
    const foreign = await client.post('/logout', from(FOREIGN));
    expect([foreign.status, foreign.setCookies]).toEqual([403, []]);
    expect((await client.get('/attrs')).json()).toEqual({ attrs: {} });
  });

  it('without that, CORS alone lets a foreign page log its visitor out', async () => {
    const app = await startApi({ origin: [APP], credentials: true }, { cookie: { sameSite: 'none' } });
    const client = app.client();
    await client.post('/login');
    await client.post('/logout', { headers: { origin: FOREIGN, 'sec-fetch-site': 'cross-site' } });
    expect((await client.get('/attrs')).json()).toEqual({ attrs: null });
  });

  it('may send its id in a header, and read the one that it is told', async () => {
    const app = await startApi(
      { origin: [APP], allowedHeaders: ['Content-Type', 'X-Auth-Token'], exposedHeaders: ['X-Auth-Token'] },
      { transport: new HeaderTransport() },
    );
    const client = app.client();
    const preflight = await client.send('OPTIONS', '/attrs', preflightOf(APP, 'GET', 'x-auth-token'));
    expect(preflight.headers['access-control-allow-headers']).toMatch(/X-Auth-Token/);
    const login = await client.post('/login', { headers: { origin: APP } });
    expect(login.headers['access-control-expose-headers']).toBe('X-Auth-Token');
    const id = String(login.headers['x-auth-token']);
    const answer = await client.get('/attrs', { headers: { origin: APP, 'x-auth-token': id } });
    expect([answer.json(), login.setCookies]).toEqual([{ attrs: {} }, []]);
  });
});
