/** `remove`: for good, and the client is told to forget it, gone already or not. */
import { createSession } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import {
  createExchange,
  credentialsOf,
  sendHeaders,
  setCookies,
  TestServer,
  type Visit,
} from '../fixtures/test.server.js';

let server: TestServer;
let first: Visit;
let visit: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login();
  visit = await server.return(first);
  server.store.forget();
});

describe('remove', () => {
  it('removes the session, then clears the cookie', async () => {
    const held = server.store.hold('remove', 'after');
    const removed = server.manager.remove(visit.session, visit.response);
    await held.reached;
    expect(setCookies(visit.response)).toEqual([]);
    held.release();
    await removed;
    expect(server.memory.size).toBe(0);
    expect(setCookies(visit.response)).toHaveLength(1);
    expect(setCookies(visit.response)[0]).toMatch(/^__Host-sessid=;.*Max-Age=0/);
  });

  it('leaves the request without a session, and the store is not asked again', async () => {
    await server.manager.remove(visit.session, visit.response);
    server.store.forget();
    expect(await server.manager.get(visit.request)).toBeUndefined();
    expect(server.store.calls).toEqual([]);
  });

  it('leaves a request without a session also if that was never asked for', async () => {
    const { request, response } = createExchange(credentialsOf(first.response).headers);
    await server.manager.remove(visit.session, response);
    server.store.forget();
    expect(await server.manager.get(request)).toBeUndefined();
    expect(server.store.calls).toEqual([]);
  });

  it('clears the cookie also if another request removed the session before', async () => {
    await server.manager.remove(first.session, first.response);
    await server.manager.remove(visit.session, visit.response);
    expect(setCookies(visit.response)[0]).toContain('Max-Age=0');
    expect(server.ofType('removed')).toHaveLength(1);
  });

  it('may be called twice', async () => {
    await server.manager.remove(visit.session, visit.response);
    await server.manager.remove(visit.session, visit.response);
    expect(server.store.count('remove')).toBe(1);
    expect(setCookies(visit.response)).toHaveLength(1);
  });

  it('clears the cookie also of a session that has expired', async () => {
    server.clock.set(visit.session.expires);
    await server.manager.remove(visit.session, visit.response);
    expect(setCookies(visit.response)[0]).toContain('Max-Age=0');
  });

  it('after the headers were sent removes the session all the same', async () => {
    sendHeaders(visit.response);
    await server.manager.remove(visit.session, visit.response);
    expect(server.memory.size).toBe(0);
  });

  it('takes back the id that this response told the client', async () => {
    const { session, response } = await server.login();
    await server.manager.remove(session, response);
    expect(setCookies(response)).toHaveLength(1);
    expect(setCookies(response)[0]).not.toContain(session.id);
    expect(credentialsOf(response).cookie).toBe('');
  });

  it('reaches the successor if another request rotated the session', async () => {
    await server.manager.rotate(first.session, first.response);
    await server.manager.remove(visit.session, visit.response);
    expect(await server.find(first)).toBeUndefined();
    expect(server.memory.size).toBe(0);
  });

  it('emits an event with the reason, logout if none is given', async () => {
    await server.manager.remove(visit.session, visit.response);
    const other = await server.login();
    await server.manager.remove(other.session, other.response, 'banned');
    expect(server.ofType('removed').map(({ reason }) => reason)).toEqual(['logout', 'banned']);
  });

  it('rejects if the store fails, and clears no cookie: the session still lives', async () => {
    server.store.intercept('remove', () => Promise.reject(new Error('down')));
    await expect(server.manager.remove(visit.session, visit.response)).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(setCookies(visit.response)).toEqual([]);
    expect(await server.manager.get(visit.request)).toBe(visit.session);
    await server.manager.remove(visit.session, visit.response);
    expect(server.memory.size).toBe(0);
  });

  it('of an old session leaves the one that this request added since, and its cookie', async () => {
    const next = createSession();
    await server.manager.add(next, visit.response);
    await server.manager.remove(visit.session, visit.response);
    expect(await server.manager.get(visit.request)).toBe(next);
    expect(credentialsOf(visit.response).cookie).toContain(next.id);
    expect(await server.find(visit)).toBeDefined();
  });

  it('of a session that was never added clears the cookie', async () => {
    const { response } = createExchange();
    await server.manager.remove(createSession(), response);
    expect(setCookies(response)[0]).toContain('Max-Age=0');
    expect(server.store.calls).toEqual([]);
  });

  it.each([undefined, {}, 'response'])('refuses %o, which is no response, and removes nothing', async (response) => {
    await expect(server.manager.remove(visit.session, response)).rejects.toThrow(errorOf('UNKNOWN_EXCHANGE'));
    expect(server.memory.size).toBe(1);
  });
});

it('a session that was only found expired is removed too: a clock may go back', async () => {
  const server = new TestServer();
  const first = await server.login({ timeout: '1m' });
  const visit = await server.return(first);
  server.clock.advance('2m');
  await expect(visit.session.update('count', () => 1)).rejects.toThrow(errorOf('SESSION_GONE'));
  await server.manager.remove(visit.session, visit.response);
  server.clock.set(server.clock.now() - 120_000);
  await expect(server.find(first)).resolves.toBeUndefined();
});
