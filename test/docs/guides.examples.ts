/** What the examples of the guides in docs/ are to do, by their name. */
import fastifyCookie from '@fastify/cookie';
import fastifySession, { type FastifySessionOptions } from '@fastify/session';
import type { RequestHandler } from 'express';
import { fastify } from 'fastify';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, vi } from 'vitest';
import { CookieClient } from '../support/cookie.client.js';
import type { Started } from './readme.examples.js';

type Check = (client: CookieClient, started: Started) => Promise<void>;

const text = async (response: Promise<Response>) => (await response).text();
const status = async (response: Promise<Response>) => (await response).status;
const json = async <T>(response: Promise<Response>) => (await response).json() as Promise<T>;

/** The same account, whatever its sessions are made by. */
const account: Check = async (client) => {
  expect(await status(client.get('/account'))).toBe(401);
  expect(await status(client.post('/login', { userName: 'Bob', password: 'b' }))).toBe(401);
  expect(await status(client.post('/login', { userName: 'Bob', password: 'a' }))).toBe(201);
  for (const visit of [1, 2]) expect(await text(client.get('/account'))).toBe(`Bob, visit ${visit}`);
  const old = client.copy();
  expect(await status(client.post('/logout'))).toBe(201);
  for (const left of [client, old]) expect(await status(left.get('/account'))).toBe(401);
};

/** Somebody who logged in before the change comes back, and is known without another login. */
async function movesOver(client: CookieClient, loggedIn: CookieClient, oldCookie: string): Promise<void> {
  expect(await text(client.get('/probe'))).toBe('false');
  expect([...client.cookies.keys()]).toEqual([]);

  for (const [name, value] of loggedIn.cookies) client.cookies.set(name, value);
  expect([...client.cookies.keys()]).toEqual([oldCookie]);
  const thief = client.copy();
  expect(await json(client.get('/probe/attributes'))).toEqual(['visits']);
  expect([...client.cookies.keys()]).toEqual(['__Host-sessid']);

  // Once: what follows finds the new session, and the old one opens nothing.
  const moved = client.cookies.get('__Host-sessid');
  expect(await text(client.get('/probe'))).toBe('true');
  expect(client.cookies.get('__Host-sessid')).toBe(moved);
  expect(await text(thief.get('/probe'))).toBe('false');
  await client.post('/probe/logout');
  expect(await text(client.get('/probe'))).toBe('false');
}

async function originOf(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const GUIDES: Record<string, Check> = {
  expressBefore: account,
  expressAfter: account,
  fastifyBefore: account,

  async expressBoth(client, { exports }) {
    const oldSession = exports['oldSession'] as RequestHandler;
    const server = createServer((request, response) => {
      // What Express adds isn't needed by express-session.
      const made = request as unknown as Parameters<RequestHandler>[0];
      oldSession(made, response as unknown as Parameters<RequestHandler>[1], () => {
        Object.assign(made.session, { userName: 'Bob', visits: 7 });
        response.end();
      });
    });
    const before = new CookieClient(await originOf(server));
    await before.get('/');
    await movesOver(client, before, 'connect.sid');
  },

  async fastifyBoth(client, { exports }) {
    const server = fastify();
    await server.register(fastifyCookie);
    await server.register(fastifySession, exports['oldOptions'] as FastifySessionOptions);
    server.get('/', async (request) => {
      Object.assign(request.session, { userName: 'Bob', visits: 7 });
      return 'in';
    });
    onTestFinished(() => server.close());
    const before = new CookieClient(await server.listen({ host: '127.0.0.1', port: 0 }));
    await before.get('/');
    await movesOver(client, before, 'sessionId');
  },

  async pathPrefix(client) {
    const login = await client.post('/probe');
    expect(login.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Secure-sessid=.+; Path=\/shop; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    expect(await text(client.get('/probe'))).toBe('true');
  },

  async corsSameSite(client) {
    const origin = 'https://app.example.com';
    const login = await client.post('/probe', {}, { origin });
    expect(login.headers.get('access-control-allow-origin')).toBe(origin);
    expect(login.headers.get('access-control-allow-credentials')).toBe('true');
    expect(login.headers.getSetCookie()).toEqual([expect.stringMatching(/; SameSite=Lax$/)]);
  },

  async corsOtherSite(client) {
    const login = await client.post('/probe', {}, { origin: ORIGIN, 'sec-fetch-site': 'cross-site' });
    expect(login.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(login.headers.getSetCookie()).toEqual([expect.stringMatching(/; SameSite=None/)]);
    expect(login.headers.getSetCookie()[0]).toMatch(/; Partitioned/);
    expect(await text(client.get('/probe', { origin: ORIGIN }))).toBe('true');
    const foreign = { origin: 'https://evil.example.org', 'sec-fetch-site': 'cross-site' };
    expect(await status(client.post('/probe/logout', {}, foreign))).toBe(403);
    expect(await text(client.get('/probe'))).toBe('true');
  },

  async originGuard(client) {
    expect(await status(client.post('/probe', {}, { origin: ORIGIN }))).toBe(201);
    for (const origin of ['https://evil.example.org', 'null']) {
      expect(await status(client.post('/probe/logout', {}, { origin }))).toBe(403);
    }
    expect(await text(client.get('/probe'))).toBe('true');
    // A client that isn't a browser.
    expect(await status(client.post('/probe/logout'))).toBe(201);
  },

  async corsHeader(client) {
    const login = await client.post('/probe', {}, { origin: ORIGIN });
    expect(login.headers.get('access-control-expose-headers')).toBe('X-Auth-Token');
    const id = login.headers.get('x-auth-token') ?? '';
    expect(client.cookies.size).toBe(0);
    expect(await text(client.get('/probe', { 'x-auth-token': id }))).toBe('true');
    const logout = await client.post('/probe/logout', {}, { 'x-auth-token': id });
    expect(logout.headers.get('x-auth-token')).toBe('');
  },

  async swagger(client) {
    const document = await json<OpenApi>(client.get('/docs-json'));
    const { session } = document.components.securitySchemes;
    expect(session).toEqual({ type: 'apiKey', in: 'cookie', name: '__Host-sessid' });
    const { get } = document.paths['/account'] ?? {};
    expect(get).toMatchObject({ security: [{ session: [] }], parameters: [] });
    expect(await text(client.get('/docs'))).toContain('swagger-ui');
    // As on the page: the login route, then another one.
    expect(await status(client.get('/account'))).toBe(401);
    await client.post('/login');
    expect([...client.cookies.keys()]).toEqual([session?.name]);
    expect(await text(client.get('/account'))).toBe('The account of Ann');
  },

  async development(client, { restart }) {
    await client.post('/probe');
    // Without NODE_ENV=development, as it should be.
    expect([...client.cookies.keys()]).toEqual(['__Host-sessid']);
    const later = await restart();
    expect(await text(later.client.get('/probe'))).toBe('true');
  },

  async readiness(client, { app }) {
    process.env['LEAVING_MS'] = '1000';
    expect(await text(client.get('/ready'))).toBe('ready');
    await client.post('/probe');
    const closed = app.close();
    await vi.waitUntil(async () => (await status(client.get('/ready'))) === 503);
    expect(await text(client.get('/probe'))).toBe('true');
    await closed;
    await expect(client.get('/ready')).rejects.toThrow();
  },
};

const ORIGIN = 'https://app.example.net';

interface OpenApi {
  readonly components: { readonly securitySchemes: { readonly session?: { readonly name: string } } };
  readonly paths: Readonly<Record<string, { readonly get?: object }>>;
}
