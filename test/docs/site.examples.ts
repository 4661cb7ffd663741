/** What the examples of the site's first pages are to do, by their name. */
import { expect } from 'vitest';
import type { CookieClient } from '../support/cookie.client.js';
import { MarkdownPage } from '../support/markdown.page.js';
import { runShell } from '../support/shell.js';

type Check = (client: CookieClient) => Promise<void>;

const text = async (response: Promise<Response>) => (await response).text();
const status = async (response: Promise<Response>) => (await response).status;
const json = async (response: Promise<Response>): Promise<unknown> => (await response).json();
const target = async (response: Promise<Response>) => {
  const { status, headers } = await response;
  return `${status} ${headers.get('location')}`;
};

const BOB = { userName: 'Bob', password: 'a' };
const PAGE = { accept: 'text/html,application/xhtml+xml' };
const DAY = 24 * 60 * 60;

const account: Check = async (client) => {
  expect(await status(client.get('/account'))).toBe(401);
  await client.post('/login', BOB);
  expect(await text(client.get('/account'))).toBe('The account of Bob');
  const old = client.copy();
  await client.post('/logout');
  expect(client.cookies.size).toBe(0);
  expect(await status(old.get('/account'))).toBe(401);
};

export const SITE: Record<string, Check> = {
  start: account,

  async signIn(client) {
    expect(await status(client.post('/login', { ...BOB, password: 'b' }))).toBe(401);
    await account(client);
    await client.post('/login', BOB);
    expect((await client.get('/account')).headers.get('cache-control')).toBe('no-store');
    expect(await status(client.copy().post('/logout'))).toBe(201);
    expect(await status(client.post('/logout'))).toBe(201);
  },

  async quickModule(client) {
    const shell = new MarkdownPage('docs/quick-start.md').shellOf('curl');
    expect((await runShell(shell, client.origin)).split('\n')).toEqual([
      'Unauthorized',
      'Welcome',
      'Hello Bob, visit number 1',
      'Hello Bob, visit number 2',
      'Bye',
      'Unauthorized',
      '',
    ]);
  },

  async roles(client) {
    const [ann, stranger] = [client.copy(), client.copy()];
    for (const path of ['/reports', '/salaries']) expect(await status(stranger.get(path))).toBe(401);
    await client.post('/login', { userName: 'Bob' });
    expect(await text(client.get('/reports'))).toBe('Reports');
    expect(await status(client.get('/salaries'))).toBe(403);
    await ann.post('/login', { userName: 'Ann' });
    expect(await text(ann.get('/salaries'))).toBe('Salaries');
  },

  async redirect(client) {
    // Who wants a page is sent to the login; others hear what is wrong.
    const login = '/login?to=%2Forders%3Fpage%3D2';
    expect(await target(client.get('/orders?page=2', PAGE))).toBe(`303 ${login}`);
    expect((await client.get('/orders', PAGE)).headers.get('cache-control')).toBe('no-store');
    expect(await json(client.get('/orders', { accept: 'application/json' }))).toMatchObject({ statusCode: 401 });
    expect(await status(client.post('/probe/logout', {}, PAGE))).toBe(401);
    expect(await status(client.get('/nowhere', PAGE))).toBe(404);

    const form = /action="([^"]*)"/.exec(await text(client.get(login, PAGE)))?.[1] ?? '';
    expect(form).toBe(login);
    expect(await target(client.post(form, { ...BOB, password: 'b' }))).toBe(`303 ${login}`);
    expect(await target(client.post(form, BOB))).toBe('303 /orders?page=2');
    expect(await text(client.get('/orders?page=2', PAGE))).toBe('The orders of Bob');

    const ELSEWHERE = [
      '//evil.example',
      '/\\evil.example',
      '/\t/evil.example',
      'https://evil.example',
      '/.//evil.example',
      '',
    ];
    for (const to of ELSEWHERE) {
      expect(await target(client.post(`/login?to=${encodeURIComponent(to)}`, BOB)), to).toBe('303 /');
    }
    // Twice the same name makes an array of it.
    expect(await target(client.post('/login?to=/orders&to=//evil.example', BOB))).toBe('303 /');
  },

  async remember(client) {
    const remembered = await client.post('/login', { ...BOB, remember: 'on' });
    expect(remembered.headers.getSetCookie()).toEqual([expect.stringContaining(`; Max-Age=${90 * DAY};`)]);
    const forNow = await client.post('/login', BOB);
    expect(forNow.headers.getSetCookie()).toEqual([expect.not.stringMatching(/Max-Age|Expires/)]);
    expect(await text(client.get('/probe'))).toBe('true');
  },

  async typed(client) {
    expect(await status(client.post('/cart/item'))).toBe(401);
    await client.post('/cart/open');
    for (const count of [1, 2]) {
      expect(await status(client.post('/cart/item'))).toBe(201);
      expect(await json(client.get('/cart'))).toEqual(Array(count).fill('book'));
    }
    for (const order of [1, 2]) expect(await text(client.post('/cart/order'))).toBe(`Order ${order} of customer 7`);
    expect(await json(client.get('/cart'))).toEqual([]);
    expect(await text(client.get('/cart/customer'))).toBe('7');
  },

  async update(client) {
    await client.post('/quiz');
    await Promise.all(Array.from({ length: 20 }, () => client.post('/quiz/answer')));
    expect(await text(client.get('/quiz/points'))).toBe('20');
  },

  async exclusive(client) {
    await client.post('/checkout/begin');
    const receipts = await Promise.all([1, 2, 3].map(() => text(client.post('/checkout/pay'))));
    expect(receipts).toEqual(Array(3).fill('Payment 1'));
  },

  async twoManagers(client) {
    expect(await text(client.get('/'))).toBe('customer: false, administrator: false');
    await client.post('/login');
    expect(await text(client.get('/'))).toBe('customer: true, administrator: false');
    await client.post('/admin/login');
    expect(await text(client.get('/'))).toBe('customer: true, administrator: true');
  },
};

/** Examples with expectations of their own. */
export const SITE_PROGRAMS: Record<string, () => Promise<void>> = Object.fromEntries(
  ['testedByRequest', 'testedByInject', 'testedInTime', 'testedWithoutStore', 'testedOpen'].map((name) => [
    name,
    async () => {},
  ]),
);
