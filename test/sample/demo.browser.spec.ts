import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeWith } from '../support/backends.js';
import { BuiltPackage } from '../support/built.package.js';
import { Chromium } from '../support/chromium.js';
import { startHttpProxy } from '../support/http.proxy.js';
import { OpenSsl } from '../support/openssl.js';
import { follow, openContext } from './browser.visit.js';
import { StartedProgram } from './started.program.js';

// A browser takes its time, the more so beside other tests.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MONTH_SECONDS = 30 * 86_400;

await describeWith([Chromium, OpenSsl], 'The demo in a browser', () => {
  let browser: Browser;
  let built: BuiltPackage;
  beforeAll(async () => {
    browser = await Chromium.launch({ resolve: ['shop.example'] });
    built = await BuiltPackage.build();
    await Promise.all(['sample/01-demo/src', 'sample/03-stores/src'].map((sources) => built.compile(sources)));
  });
  afterAll(async () => {
    await browser?.close();
    await built?.remove();
  });

  /** Starts it for one test. */
  async function start(sample: string, env: Record<string, string>): Promise<StartedProgram> {
    const program = await StartedProgram.start(built.fileOf(`sample/${sample}/src/main`), env);
    onTestFinished(async () => void (await program.stop()));
    return program;
  }

  const open = (origin: string): Promise<BrowserContext> =>
    openContext(browser, { baseURL: origin, ignoreHTTPSErrors: true });

  // That both platforms give the same answers is known from the tests over HTTP.
  describe('sample 01-demo, on Express', () => {
    let demo: StartedProgram;
    beforeAll(async () => {
      demo = await StartedProgram.start(built.fileOf('sample/01-demo/src/main'), {
        ADAPTER: 'express',
        NODE_ENV: 'development',
      });
    });
    afterAll(() => demo?.stop());

    it('counts visits, by its link and by the browser’s own button, until the logout', async () => {
      const page = await newTab(await open(demo.origin));
      await logIn(page);
      expect(await said(page)).toBe('Hello Bob! Since login you visited 1 times!');
      await refresh(page);
      expect(await said(page)).toBe('Hello Bob! Since login you visited 2 times!');
      await page.reload();
      expect(await said(page)).toBe('Hello Bob! Since login you visited 3 times!');
      await logOut(page);
      expect(await isLoggedOut(page)).toBe(true);
      await page.reload();
      expect(await isLoggedOut(page)).toBe(true);
    });

    it('sets a cookie for a month, which scripts and other sites do not get, and takes it away', async () => {
      const page = await newTab(await open(demo.origin));
      const before = Date.now() / 1000;
      await logIn(page);
      const cookie = await sessionCookie(page);
      expect(cookie).toMatchObject({ domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Lax', secure: false });
      expect(cookie?.name).toBe('sessid');
      expect(cookie?.expires).toBeGreaterThan(before + MONTH_SECONDS - 1);
      expect(cookie?.expires).toBeLessThan(before + MONTH_SECONDS + 60);
      expect(await page.evaluate('document.cookie')).toBe('');
      await logOut(page);
      expect(await sessionCookie(page)).toBeUndefined();
    });

    it('shows nothing of a session that has ended when somebody goes back', async () => {
      const page = await newTab(await open(demo.origin));
      await logIn(page);
      // A page of its own for the browser, which may have kept it.
      await page.goto('/demo?again');
      await logOut(page);
      await page.goBack();
      expect(page.url()).toContain('?again');
      expect(await isLoggedOut(page)).toBe(true);
    });

    it('knows who is logged in when somebody goes back to the login form', async () => {
      const page = await newTab(await open(demo.origin));
      await logIn(page);
      await page.goBack();
      expect(await said(page)).toBe('Hello Bob! Since login you visited 2 times!');
    });

    it('is the same in two tabs: what one changes, the other sees when it is refreshed', async () => {
      const context = await open(demo.origin);
      const [first, second] = [await newTab(context), await newTab(context)];
      await logIn(first);
      await second.reload();
      expect(await said(second)).toBe('Hello Bob! Since login you visited 2 times!');
      await refresh(first);
      expect(await said(first)).toBe('Hello Bob! Since login you visited 3 times!');
    });

    it('is logged out in all tabs when it is in one, and a second logout does no harm', async () => {
      const context = await open(demo.origin);
      const [first, second, third] = [await newTab(context), await newTab(context), await newTab(context)];
      await logIn(first);
      await Promise.all([second.reload(), third.reload()]);
      await logOut(first);
      await refresh(second);
      expect(await isLoggedOut(second)).toBe(true);
      await logOut(third);
      expect(await isLoggedOut(third)).toBe(true);
    });

    it('replaces the session of one tab by the login in another', async () => {
      const context = await open(demo.origin);
      const [first, second] = [await newTab(context), await newTab(context)];
      await logIn(first);
      const old = await sessionCookie(first);
      await logIn(second, 'Alice');
      expect((await sessionCookie(second))?.value).not.toBe(old?.value);
      await refresh(first);
      expect(await said(first)).toBe('Hello Alice! Since login you visited 2 times!');
    });

    it('says that a password is wrong, and starts no session', async () => {
      const page = await newTab(await open(demo.origin));
      await logIn(page, 'Bob', 'b');
      expect(await page.getByRole('alert').innerText()).toBe('Wrong user name or password.');
      expect(await sessionCookie(page)).toBeUndefined();
    });
  });

  describe('sample 01-demo in production, on Fastify', () => {
    const startDemo = () => start('01-demo', { ADAPTER: 'fastify', NODE_ENV: 'production' });

    it('keeps over https what is for this host alone, and no script gets it', async () => {
      const demo = await startDemo();
      const proxy = await startHttpProxy({ port: demo.port, certificate: await OpenSsl.selfSigned() });
      const page = await newTab(await open(proxy));
      await logIn(page);
      await refresh(page);
      expect(await said(page)).toBe('Hello Bob! Since login you visited 2 times!');
      expect((await page.context().cookies()).toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
        expect.objectContaining({ name: '__Host-form', ...HOST_ONLY }),
        expect.objectContaining({ name: '__Host-sessid', ...HOST_ONLY }),
      ]);
      expect(await page.evaluate('document.cookie')).toBe('');
      await logOut(page);
      expect(await sessionCookie(page)).toBeUndefined();
      expect(demo.output.trim().split('\n')).toHaveLength(1);
    });

    it('keeps nothing over plain http, so that its form is refused', async () => {
      const demo = await startDemo();
      // Its console says that other headers need https, too.
      const context = await browser.newContext({ baseURL: `http://shop.example:${demo.port}` });
      onTestFinished(() => context.close());
      const page = await newTab(context);
      await logIn(page);
      expect(await page.getByRole('alert').innerText()).toContain('This form is out of date.');
      expect(await context.cookies()).toEqual([]);
    });
  });

  it('sample 03-stores: both processes know whom the browser has logged in or out at one of them', async () => {
    const { origins } = await start('03-stores', { STORE: 'sqlite', NODE_ENV: 'development' });
    expect(new Set(origins).size).toBe(2);
    const context = await openContext(browser);
    const [first, second] = [await context.newPage(), await context.newPage()];
    await first.goto(`${origins[0]}/demo`);
    await logIn(first);
    await second.goto(`${origins[1]}/demo`);
    expect(await said(second)).toBe('Hello Bob! Since login you visited 2 times!');
    await logOut(second);
    await refresh(first);
    expect(await isLoggedOut(first)).toBe(true);
  });
});

const HOST_ONLY = { domain: '127.0.0.1', path: '/', httpOnly: true, sameSite: 'Lax', secure: true };

async function newTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto('/demo');
  return page;
}

/** In the login form. */
async function logIn(page: Page, userName = 'Bob', password = 'a'): Promise<void> {
  await page.getByLabel('User name').fill(userName);
  await page.getByLabel('Password').fill(password);
  await follow(page.getByRole('button', { name: 'Log in' }));
}

async function logOut(page: Page): Promise<void> {
  await follow(page.getByRole('button', { name: 'Log out' }));
}

async function refresh(page: Page): Promise<void> {
  await follow(page.getByRole('link', { name: 'Refresh' }));
}

/** How the page greets. */
function said(page: Page): Promise<string> {
  return page.getByText('Hello').innerText();
}

function isLoggedOut(page: Page): Promise<boolean> {
  return page.getByRole('button', { name: 'Log in' }).isVisible();
}

async function sessionCookie(page: Page) {
  return (await page.context().cookies()).find(({ name }) => name.endsWith('sessid'));
}
