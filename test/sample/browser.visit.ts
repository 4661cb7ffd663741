/** What people do in a browser, for tests of the samples' pages. */
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

/** A browser of its own for one test: it shares no cookies with others. What its console says against us is a failure. */
export async function openContext(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  const complaints: string[] = [];
  context.on('console', (message) => {
    // Chromium says so of each answer of 400 and more.
    if (message.text().startsWith('Failed to load resource')) return;
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  return context;
}

/** Clicks, and waits for the page that it leads to. */
export async function follow(link: Locator): Promise<void> {
  await Promise.all([link.page().waitForEvent('load'), link.click()]);
}

export function pathOf(page: Page): string {
  return new URL(page.url()).pathname;
}
