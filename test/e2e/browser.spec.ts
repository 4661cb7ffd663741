/** What a browser does with the cookie: kept or not, by how and from where it was told. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { CookieOptions } from 'nestjs-http-session';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeWith } from '../support/backends.js';
import { Chromium } from '../support/chromium.js';
import { startHttpProxy } from '../support/http.proxy.js';
import { OpenSsl } from '../support/openssl.js';
import { BasicsController } from './basics.controller.js';
import { type Platform, PLATFORMS, startApp, type TestApp } from './harness.js';

// A browser takes its time, the more so beside other tests.
vi.setConfig({ testTimeout: 60_000 });

await describeWith([Chromium, OpenSsl], 'A browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await Chromium.launch({ resolve: ['shop.example', 'api.example'] });
  });
  afterAll(() => browser?.close());

  async function open(): Promise<BrowserContext> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    onTestFinished(() => context.close());
    return context;
  }

  async function openAt(url: string): Promise<Page> {
    const page = await (await open()).newPage();
    await page.goto(url);
    return page;
  }

  describe.each(PLATFORMS)('before %s', (platform) => {
    it('keeps nothing over plain http, and the application says why', async () => {
      const app = await start(platform);
      const page = await openAt(`http://shop.example:${app.port}/ping`);
      expect(await send(page, 'POST', '/login')).toBe(204);
      expect(await send(page, 'GET', '/attrs')).toEqual({ attrs: null });
      expect(await page.context().cookies()).toEqual([]);
      expect(app.log.warnings).toEqual([expect.stringContaining('browsers keep it over https only')]);
    });

    it('keeps it over plain http if that is allowed', async () => {
      const app = await start(platform, { allowHttp: true });
      const page = await openAt(`http://shop.example:${app.port}/ping`);
      await send(page, 'POST', '/login');
      expect(await send(page, 'GET', '/attrs')).toEqual({ attrs: {} });
      expect(await page.context().cookies()).toEqual([
        expect.objectContaining({ name: 'sessid', domain: 'shop.example', ...PRIVATE, secure: false }),
      ]);
      expect(app.log.warnings).toEqual([]);
    });

    it('keeps it over plain http from its own machine', async () => {
      const app = await start(platform);
      const page = await openAt(`http://localhost:${app.port}/ping`);
      await send(page, 'POST', '/login');
      expect(await send(page, 'GET', '/attrs')).toEqual({ attrs: {} });
      expect(app.log.warnings).toEqual([]);
    });

    it('keeps it over https, for this host, until the logout', async () => {
      const app = await start(platform);
      const page = await openAt(`${await httpsOf(app, 'shop.example')}/ping`);
      await send(page, 'POST', '/login');
      expect(await send(page, 'GET', '/attrs')).toEqual({ attrs: {} });
      expect(await page.context().cookies()).toEqual([
        expect.objectContaining({ name: '__Host-sessid', domain: 'shop.example', ...PRIVATE, secure: true }),
      ]);
      expect(await page.evaluate('document.cookie')).toBe('');
      await send(page, 'POST', '/logout');
      expect(await page.context().cookies()).toEqual([]);
      expect(app.log.warnings).toEqual([]);
    });

    it.each<[string, CookieOptions, object | null]>([
      ['does not take it from another site', {}, null],
      ['takes it from another site with SameSite=None', { sameSite: 'none', partitioned: true }, {}],
    ])('%s', async (_, cookie, attrs) => {
      const app = await start(platform, cookie);
      const page = await openAt(`${await httpsOf(app, 'shop.example')}/ping`);
      const api = await httpsOf(app, 'api.example');
      expect(await send(page, 'POST', `${api}/login`)).toBe(204);
      expect(await send(page, 'GET', `${api}/attrs`)).toEqual({ attrs });
      // What was told there is for there: the site itself has its own jar.
      await page.goto(`${api}/ping`);
      expect(await send(page, 'GET', '/attrs')).toEqual({ attrs: null });
    });
  });
});

const PRIVATE = { path: '/', httpOnly: true, sameSite: 'Lax' };

function start(platform: Platform, cookie: CookieOptions = {}): Promise<TestApp> {
  return startApp(platform, {
    session: { cookie },
    controllers: [BasicsController],
    prepare: (app) => app.enableCors({ origin: true, credentials: true }),
  });
}

/** The application as a host of that name, behind a proxy that ends TLS. */
async function httpsOf({ port }: TestApp, host: string): Promise<string> {
  const url = new URL(await startHttpProxy({ port, certificate: await OpenSsl.selfSigned() }));
  url.hostname = host;
  return url.origin;
}

/** By a script of the page. @returns the answer's body, or its status if there is none */
function send(page: Page, method: string, url: string): Promise<unknown> {
  return page.evaluate(
    async ([to, by]) => {
      const answer = await fetch(to, { method: by, credentials: 'include' });
      if (answer.status === 204) return answer.status;
      const body: unknown = await answer.json();
      return body;
    },
    [url, method] as const,
  );
}
