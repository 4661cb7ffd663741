import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeWith } from '../support/backends.js';
import { Chromium } from '../support/chromium.js';
import { passes, PLATFORMS, startAccount } from './account.app.js';
import { follow, openContext, pathOf } from './browser.visit.js';

// A browser takes its time, the more so beside other tests.
vi.setConfig({ testTimeout: 60_000 });

const DESK = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36';
const PHONE =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36';

await describeWith(Chromium, 'sample 04-account in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await Chromium.launch();
  });
  afterAll(() => browser?.close());

  describe.each([
    { platform: PLATFORMS[0], javaScriptEnabled: true },
    { platform: PLATFORMS[1], javaScriptEnabled: false },
  ])('on $platform, JavaScript $javaScriptEnabled', ({ platform, javaScriptEnabled }) => {
    async function signedIn(origin: string, userAgent = DESK): Promise<Page> {
      const context = await openContext(browser, { baseURL: origin, javaScriptEnabled, userAgent });
      const page = await context.newPage();
      await page.goto('/');
      await signIn(page);
      expect(pathOf(page)).toBe('/sessions');
      return page;
    }

    it('shows both sessions in both browsers; one ends the other, which is at the sign-in page then', async () => {
      const origin = await startAccount(platform);
      const [desk, phone] = [await signedIn(origin, DESK), await signedIn(origin, PHONE)];
      await desk.reload();
      for (const [page, own, other] of [
        [desk, 'Chrome on Linux', 'Chrome on Android'],
        [phone, 'Chrome on Android', 'Chrome on Linux'],
      ] as const) {
        const items = page.getByRole('listitem');
        expect(await items.count()).toBe(2);
        expect(await items.filter({ hasText: 'This one' }).innerText()).toContain(own);
        expect(await items.filter({ has: page.getByRole('button', { name: 'End' }) }).innerText()).toContain(other);
      }
      await follow(desk.getByRole('button', { name: 'End', exact: true }));
      expect(pathOf(desk)).toBe('/sessions');
      expect(await desk.getByRole('listitem').allInnerTexts()).toEqual([expect.stringContaining('Chrome on Linux')]);
      await follow(phone.getByRole('link', { name: 'Sessions' }));
      expect(pathOf(phone)).toBe('/sign-in');
    });

    it('ends all other sessions, then all', async () => {
      const origin = await startAccount(platform);
      const [desk, phone] = [await signedIn(origin, DESK), await signedIn(origin, PHONE)];
      await follow(desk.getByRole('button', { name: 'End all others' }));
      expect(await desk.getByRole('listitem').count()).toBe(1);
      await follow(phone.getByRole('button', { name: 'End all', exact: true }));
      expect(pathOf(phone)).toBe('/sign-in');

      await signIn(phone);
      await follow(desk.getByRole('button', { name: 'End all', exact: true }));
      expect(pathOf(desk)).toBe('/sign-in');
      expect(await desk.context().cookies()).toEqual([]);
      await phone.reload();
      expect(pathOf(phone)).toBe('/sign-in');
    });

    it('asks for the password before the e-mail address, once two minutes have passed', async () => {
      const page = await signedIn(await startAccount(platform));
      await follow(page.getByRole('link', { name: 'E-mail' }));
      expect(pathOf(page)).toBe('/email');
      passes({ minutes: 3 });
      await follow(page.getByRole('link', { name: 'E-mail' }));
      expect(pathOf(page)).toBe('/confirm');
      // It is for password managers.
      expect(await page.locator('[autocomplete=username]').isVisible()).toBe(false);
      await confirm(page, 'wrong');
      expect(await page.getByRole('alert').innerText()).toBe('Wrong password.');
      await confirm(page, 'tea party');
      expect(pathOf(page)).toBe('/email');
      await page.getByLabel('E-mail').fill('alice@home.example');
      await follow(page.getByRole('button', { name: 'Save' }));
      expect(pathOf(page)).toBe('/email');
      expect(await page.getByLabel('E-mail').inputValue()).toBe('alice@home.example');
    });

    it('sets one cookie, which scripts and other sites do not get', async () => {
      const page = await signedIn(await startAccount(platform));
      expect(await page.context().cookies()).toEqual([
        expect.objectContaining({ name: 'sessid', path: '/', httpOnly: true, sameSite: 'Lax', secure: false }),
      ]);
    });

    it('is signed in, or out, by no form of another site', async () => {
      const origin = await startAccount(platform);
      const page = await signedIn(origin);
      for (const [path, status] of [
        // The cookie stays at home, so nobody is signed in there.
        ['/sign-out', 303],
        ['/sessions/end-all', 303],
        ['/sign-in', 403],
      ] as const) {
        const attack = await page.context().newPage();
        await attack.route('http://elsewhere.example/', (route) =>
          route.fulfill({
            contentType: 'text/html',
            body: `<form method="post" action="${origin}${path}">
              <input name="userName" value="bob"><input name="password" value="small boat"><button>Win</button></form>`,
          }),
        );
        await attack.goto('http://elsewhere.example/');
        const [answer] = await Promise.all([
          attack.waitForResponse((response) => response.url() === origin + path),
          attack.getByRole('button').click(),
        ]);
        expect([path, answer.status()]).toEqual([path, status]);
      }
      await page.reload();
      expect(await page.getByText('Signed in as').innerText()).toBe('Signed in as alice');
    });

    it('fits a phone', async () => {
      const origin = await startAccount(platform);
      await signedIn(origin, DESK);
      const page = await signedIn(origin, PHONE);
      await page.setViewportSize({ width: 320, height: 640 });
      for (const part of await page.locator('main, button').all()) {
        const { x, width } = (await part.boundingBox()) ?? { x: -1, width: 0 };
        expect([x >= 0, x + width <= 320]).toEqual([true, true]);
      }
      for (const button of await page.getByRole('button').all()) {
        expect((await button.boundingBox())?.height).toBeLessThan(48);
      }
    });
  });
});

/** On the sign-in page. */
async function signIn(page: Page): Promise<void> {
  await page.getByLabel('User name').fill('alice');
  await page.getByLabel('Password').fill('tea party');
  await follow(page.getByRole('button', { name: 'Sign in' }));
}

async function confirm(page: Page, password: string): Promise<void> {
  await page.getByLabel('Password').fill(password);
  await follow(page.getByRole('button', { name: 'Confirm' }));
}
