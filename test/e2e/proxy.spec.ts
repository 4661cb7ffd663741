/** Behind a proxy that ends TLS and takes a path prefix away: nothing has to be set. */
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { type CookieOptions, MemoryStore, SessionModule } from 'nestjs-http-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CookieClient } from '../support/cookie.client.js';
import { startHttpProxy } from '../support/http.proxy.js';
import { BasicsController } from './basics.controller.js';
import { type Platform, PLATFORMS, startApp } from './harness.js';

/** What a proxy may tell, true or not. */
const TOLD: Record<string, string>[] = [
  {},
  { 'x-forwarded-proto': 'https' },
  { 'x-forwarded-proto': 'http' },
  { forwarded: 'for=192.0.2.60;proto=http' },
];

/** An application that believes its proxy. */
async function startTrusting(platform: Platform): Promise<INestApplication> {
  const sessions = SessionModule.forRoot({ logger: false });
  const builder = Test.createTestingModule({ imports: [sessions], controllers: [BasicsController] });
  const module = await builder.compile();
  const adapter = platform === 'Fastify' ? new FastifyAdapter({ trustProxy: true }) : new ExpressAdapter();
  if (adapter instanceof ExpressAdapter) adapter.set('trust proxy', 1);
  const app = module.createNestApplication(adapter, { logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return app;
}

describe.each(PLATFORMS)('Behind a proxy, on %s', (platform) => {
  it('the cookie is Secure whatever the proxy tells, and whether it is believed', async () => {
    const wary = await startApp(platform, { controllers: [BasicsController] });
    const trusting = await startTrusting(platform);
    const lines = [];
    for (const headers of TOLD) {
      lines.push(...(await wary.client().post('/login', { headers })).setCookies);
      const login = await new CookieClient(await trusting.getUrl()).post('/login', {}, headers);
      lines.push(...login.headers.getSetCookie());
    }
    expect(lines).toHaveLength(2 * TOLD.length);
    const expected = /^__Host-sessid=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/;
    expect(lines.filter((line) => !expected.test(line))).toEqual([]);
  });

  it.each<[CookieOptions, string]>([
    [{}, '__Host-sessid; Path=/'],
    [{ path: '/shop' }, '__Secure-sessid; Path=/shop'],
  ])('that takes a path prefix away: with %o the cookie is %s', async (cookie, expected) => {
    const app = await startApp(platform, { session: { cookie }, controllers: [BasicsController] });
    const client = new CookieClient(await startHttpProxy({ port: app.port, prefix: '/shop' }));
    const login = await client.post('/login');
    const told = login.headers.getSetCookie().map((line) => {
      const [name] = line.split('=');
      return `${name}; ${/Path=[^;]*/.exec(line)?.[0]}`;
    });
    expect(told).toEqual([expected]);
    expect(await (await client.get('/attrs')).json()).toEqual({ attrs: {} });
    expect((await client.post('/logout')).headers.getSetCookie()[0]).toContain('Max-Age=0');
  });

  it('applications on one host, over one browser, don’t take each other’s cookie if their names differ', async () => {
    const start = (name: string) =>
      startApp(platform, { session: { cookie: { name } }, controllers: [BasicsController] });
    const [shop, blog] = [await start('shop'), await start('blog')];
    const [browser, other] = [shop.client(), blog.client()];
    await browser.post('/login', { body: { attrs: { at: 'shop' } } });
    await other.post('/login', { body: { attrs: { at: 'blog' } } });
    for (const [name, value] of other.jar) browser.jar.set(name, value);
    expect([...browser.jar.keys()]).toEqual(['__Host-shop', '__Host-blog']);
    expect((await browser.get('/attrs')).json()).toEqual({ attrs: { at: 'shop' } });
    await browser.post('/logout');
    expect([...browser.jar.keys()]).toEqual(['__Host-blog']);
    expect((await other.get('/attrs')).json()).toEqual({ attrs: { at: 'blog' } });
  });

  it('any of several applications over one store answers any request', async () => {
    const store = new MemoryStore();
    const start = () => startApp(platform, { session: { store }, controllers: [BasicsController] });
    const [first, second] = [await start(), await start()];
    const client = first.client();
    await client.post('/login', { body: { attrs: { who: 'ann' } } });
    const headers = { cookie: client.cookieHeader };
    expect((await second.client().get('/attrs', { headers })).json()).toEqual({ attrs: { who: 'ann' } });
    await second.client().post('/logout', { headers });
    expect((await client.get('/attrs')).json()).toEqual({ attrs: null });
  });
});
