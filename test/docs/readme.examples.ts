/** What the examples of README.md, and of the pages beside it, are to do, by their name. */
import { type INestApplication, Logger } from '@nestjs/common';
import type { Server } from 'node:http';
import { expect, vi } from 'vitest';
import { Backend, type Need } from '../support/backends.js';
import type { CookieClient } from '../support/cookie.client.js';
import { GUIDES } from './guides.examples.js';
import { PRINCIPALS, PRINCIPALS_CORE } from './principals.examples.js';
import { SITE, SITE_PROGRAMS } from './site.examples.js';

const text = async (response: Promise<Response>) => (await response).text();
const status = async (response: Promise<Response>) => (await response).status;

/** An example that was started, and more than a client sees of it. */
export interface Started {
  readonly app: INestApplication;
  readonly client: CookieClient;
  readonly exports: Readonly<Record<string, unknown>>;
  /** Closes the application and starts it anew, in the same process; the client keeps its cookies. */
  restart(): Promise<Started>;
}

/** Examples of modules and controllers: each is started on both platforms, and asked. */
export const APPLICATIONS: Record<string, (client: CookieClient, started: Started) => Promise<void>> = {
  async usage(client) {
    for (const visit of [1, 2, 3]) expect(await text(client.get('/'))).toBe(`Visit number ${visit}`);
    expect([...client.cookies.keys()]).toEqual(['__Host-sessid']);
  },

  async login(client) {
    expect(await status(client.post('/login', { userName: 'Bob', password: 'b' }))).toBe(401);
    expect(await text(client.get('/'))).toBe('Hello stranger!');
    expect(await status(client.get('/account'))).toBe(401);
    await client.post('/login', { userName: 'Bob', password: 'a' });
    expect(await text(client.get('/'))).toBe('Hello Bob!');
    const before = client.copy();
    expect(await status(client.post('/password'))).toBe(201);
    expect(await text(client.get('/account'))).toBe('The account of Bob');
    expect(await status(before.get('/account'))).toBe(401);
    const old = client.copy();
    await client.post('/logout');
    expect(client.cookies.size).toBe(0);
    expect(await status(old.get('/account'))).toBe(401);
  },

  async attributes(client) {
    expect(await status(client.post('/cart/item'))).toBe(401);
    await client.post('/probe');
    for (const count of [1, 2]) {
      expect(await status(client.post('/cart/item'))).toBe(201);
      expect(await (await client.get('/cart')).json()).toEqual(Array(count).fill('book'));
    }
    await client.post('/cart/empty');
    expect(await (await client.get('/cart')).json()).toEqual([]);
  },

  async response(client) {
    expect(await text(client.get('/report'))).toBe('The report');
    await client.post('/probe');
    expect(await text(client.get('/report'))).toBe('The report');
    expect(await (await client.get('/probe/attributes')).json()).toEqual(['lastReport']);
  },

  async manager(client) {
    const stranger = await client.get('/');
    expect(await stranger.text()).toBe('home');
    expect(stranger.headers.get('x-visitor')).toBe('unknown');
    await client.post('/probe');
    expect((await client.get('/')).headers.get('x-visitor')).toBe('known');
  },

  async named(client) {
    expect(await status(client.get('/admin'))).toBe(401);
    const login = await client.post('/admin/login');
    expect(login.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-sessid-admin=\S+; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
    ]);
    expect(await text(client.get('/admin'))).toBe('admin');
  },

  async async(client) {
    await client.post('/probe');
    expect(await text(client.get('/probe'))).toBe('true');
    // Signed: of the cookie, the id alone is worth nothing.
    const [[name, value] = ['', '']] = client.cookies;
    client.cookies.set(name, value.slice(0, value.lastIndexOf('.')));
    expect(value.split('.')).toHaveLength(3);
    expect(await text(client.get('/probe'))).toBe('false');
  },

  async transport(client) {
    const login = await client.post('/probe', {}, { 'X-Client': 'app' });
    const id = login.headers.get('x-session') ?? '';
    expect(client.cookies.size).toBe(0);
    expect(await text(client.get('/probe', { 'X-Session': id }))).toBe('true');
    expect(await text(client.get('/probe'))).toBe('false');
    await client.post('/probe');
    expect([...client.cookies.keys()]).toEqual(['__Host-sessid']);
    expect(await text(client.get('/probe'))).toBe('true');
  },

  async injected(client) {
    await client.post('/probe');
    expect(await text(client.get('/probe'))).toBe('true');
    const old = client.copy();
    await client.post('/probe/logout');
    expect(await text(old.get('/probe'))).toBe('false');
  },

  async eventLog(client) {
    const [log, warn] = [vi.spyOn(Logger.prototype, 'log'), vi.spyOn(Logger.prototype, 'warn')];
    await client.post('/probe');
    const stranger = client.copy();
    stranger.cookies.set('__Host-sessid', 'a');
    await stranger.get('/probe');
    await client.post('/probe/logout');
    const lines = [log, warn].flatMap(({ mock }) => mock.calls.map(([line]: unknown[]) => JSON.parse(String(line))));
    const address = '127.0.0.1';
    const handle: unknown = expect.any(String);
    expect(lines).toEqual([
      { type: 'added', handle, address },
      { type: 'removed', reason: 'logout', handle, address },
      { type: 'rejected', reason: 'malformed', address },
    ]);
  },

  ...PRINCIPALS,
  ...SITE,
  ...GUIDES,
};

/** Of these examples: those that are for one platform. */
export const ONLY_ON: Record<string, 'Express' | 'Fastify'> = {
  expressBefore: 'Express',
  expressBoth: 'Express',
  fastifyBefore: 'Fastify',
  fastifyBoth: 'Fastify',
};

/** Examples that export a store over a driver: and what closes that. */
export const STORES: Record<string, StoreExample> = {
  redis: { store: 'RedisStore', close: 'client.close()' },
  ioredis: { store: 'RedisStore', close: 'client.quit()' },
  postgres: { store: 'SqlStore', close: 'database.destroy()' },
  mysql: { store: 'SqlStore', close: 'database.destroy()' },
  sqlite: { store: 'SqlStore', close: 'database.destroy()' },
  tiered: { store: 'TieredStore', close: 'Promise.all([client.close(), database.destroy()])' },
  cache: { store: 'CacheStore', close: 'keyv.disconnect()' },
};

export interface StoreExample {
  /** The class of what it exports. */
  readonly store: string;
  /** Added to its source. */
  readonly close: string;
}

/** Of the examples that need servers: which ones. */
export const NEEDS: Record<string, readonly Need[]> = {
  injected: [Backend.REDIS],
  redis: [Backend.REDIS],
  ioredis: [Backend.REDIS],
  postgres: [Backend.POSTGRES],
  mysql: [Backend.MARIADB],
  tiered: [Backend.REDIS, Backend.POSTGRES],
  cache: [Backend.REDIS],
};

/** Examples that do something by themselves when they are loaded, and what they then export. */
export const PROGRAMS: Record<string, (exports: Record<string, unknown>, visit: Visit) => Promise<void>> = {
  async core({ server }, visit) {
    const client = await visit(server as Server);
    for (const number of [1, 2, 3]) expect(await text(client.get('/'))).toBe(`Visit number ${number}`);
  },

  ...PRINCIPALS_CORE,
  ...SITE_PROGRAMS,
};

/** Examples that are suites of node:test, each a process of its own. */
export const SUITES = ['kitNode'];

/**
 * Examples that are compiled here. What the first one does is shown by `test/conformance/file.store.spec.ts`, what those for NIST's
 * levels do by `security.spec.ts`, what the last ones do by `test/e2e/shutdown.spec.ts`.
 */
export const COMPILED = [
  'fileStore',
  'kitTwo',
  'renewal',
  'aal1',
  'aal2',
  'aal2rev3',
  'aal3',
  'quickController',
  'quickFastify',
  'tested',
  'corsFetch',
  'shutdown',
  'closeCore',
];

/** Makes a server listen, and gives a client of it. */
export type Visit = (server: Server) => Promise<CookieClient>;
