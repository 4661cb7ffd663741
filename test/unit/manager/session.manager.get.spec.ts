/** `get`: the request's session, loaded once, and never more than read. */
import { createSession, HeaderTransport, CookieTransport, type SessionManagerOptions } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { createExchange, credentialsOf, setCookies, TestServer, type Visit } from '../fixtures/test.server.js';

const ID = `tagg.${'s'.repeat(24)}`;

function idOf(number: number): string {
  return `tagg.${String(number).repeat(24)}`;
}

describe('get', () => {
  let server: TestServer;
  let first: Visit;

  beforeEach(async () => {
    server = new TestServer();
    first = await server.login({ attrs: { count: 1 } });
    server.store.forget();
  });

  it('gives the session whose id the request presents', async () => {
    const { session } = await server.return(first);
    expect(session.id).toBe(first.session.id);
    expect(session.attr('count')).toBe(1);
    expect(session.isNew).toBe(false);
  });

  it('loads once a request, however often and however much at once it is called', async () => {
    const { request } = createExchange(credentialsOf(first.response).headers);
    const sessions = await Promise.all([server.manager.get(request), server.manager.get(request)]);
    sessions.push(await server.manager.get(request));
    expect(new Set(sessions).size).toBe(1);
    expect(sessions[0]).toBeDefined();
    expect(server.store.count('get')).toBe(1);
  });

  it('gives the same session for whatever stands for the request', async () => {
    const { request } = createExchange(credentialsOf(first.response).headers);
    const wrapper = { raw: request, headers: request.headers };
    expect(await server.manager.get(wrapper)).toBe(await server.manager.get(request));
    expect(server.store.count('get')).toBe(1);
  });

  it('gives every request a session of its own', async () => {
    expect((await server.return(first)).session).not.toBe((await server.return(first)).session);
  });

  it('gives the session that this request added, and no second load', async () => {
    expect(await server.manager.get(first.request)).toBe(first.session);
    expect(server.store.calls).toEqual([]);
  });

  it('sets and clears no cookie, whatever it finds', async () => {
    for (const headers of [
      credentialsOf(first.response).headers,
      { cookie: `__Host-sessid=${ID}` },
      { cookie: '__Host-sessid=x' },
    ]) {
      const { request, response } = createExchange(headers);
      await server.manager.get(request);
      expect(response.getHeaderNames()).toEqual([]);
    }
  });

  it('gives none for an expired and for a removed session', async () => {
    server.clock.set(first.session.expires);
    expect(await server.find(first)).toBeUndefined();
    const second = await server.login();
    await server.manager.remove(second.session, createExchange().response);
    expect(await server.find(second)).toBeUndefined();
  });

  it('gives none for a session of another name on the same store', async () => {
    const admin = new TestServer({ store: server.memory, cookie: { name: 'sessid' } }, 'admin');
    expect(await admin.find(first)).toBeUndefined();
    expect(admin.ofType('rejected')).toEqual([{ type: 'rejected', reason: 'unknown' }]);
  });

  it.each([undefined, null, 'GET /', {}, 5])('refuses %o, which is no request', async (request) => {
    await expect(server.manager.get(request)).rejects.toThrow(errorOf('UNKNOWN_EXCHANGE'));
  });
});

describe('the store is not asked at all', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['without a cookie', {}, []],
    ['with cookies of others', { cookie: 'a=1; __Host-other=x; sessid=1' }, []],
    ['with an empty cookie', { cookie: '__Host-sessid=' }, ['malformed']],
    ['with an id of the wrong shape', { cookie: '__Host-sessid=nonsense' }, ['malformed']],
    ['with an id that is too long', { cookie: `__Host-sessid=tagg.${'s'.repeat(252)}` }, ['malformed']],
  ])('%s', async (_, headers, rejected) => {
    const server = new TestServer();
    expect(await server.manager.get(createExchange(headers).request)).toBeUndefined();
    expect(server.store.calls).toEqual([]);
    expect(server.ofType('rejected').map(({ reason }) => reason)).toEqual(rejected);
  });

  it.each([ID, `${ID}.${'x'.repeat(43)}`])('with an id that nobody signed: %s', async (value) => {
    const server = new TestServer({ cookie: { secrets: ['secret'] } });
    expect(await server.manager.get(createExchange({ cookie: `__Host-sessid=${value}` }).request)).toBeUndefined();
    expect(server.store.calls).toEqual([]);
    expect(server.ofType('rejected')).toEqual([{ type: 'rejected', reason: 'forged' }]);
  });
});

describe('of several ids in one request', () => {
  async function found(values: (live: string) => string[], options: SessionManagerOptions = {}) {
    const server = new TestServer(options);
    const { session } = await server.login();
    server.store.forget();
    const cookie = values(session.id)
      .map((value) => `__Host-sessid=${value}`)
      .join('; ');
    const loaded = await server.manager.get(createExchange({ cookie }).request);
    return { found: loaded?.id === session.id, lookups: server.store.count('get') };
  }

  it('the first that has a live session is taken', async () => {
    await expect(found((live) => [idOf(1), live])).resolves.toEqual({ found: true, lookups: 2 });
    await expect(found((live) => [live, idOf(1)])).resolves.toEqual({ found: true, lookups: 1 });
  });

  it('four are looked up, and no more', async () => {
    await expect(found((live) => [idOf(1), idOf(2), idOf(3), live])).resolves.toEqual({ found: true, lookups: 4 });
    const tooLate = await found((live) => [idOf(1), idOf(2), idOf(3), idOf(4), live]);
    expect(tooLate).toEqual({ found: false, lookups: 4 });
  });

  it('those of the wrong shape do not count', async () => {
    await expect(found((live) => ['a', 'b', 'c', 'd', 'e', live])).resolves.toEqual({ found: true, lookups: 1 });
  });

  it('those of the transports are tried in their order', async () => {
    const server = new TestServer({ transport: [new HeaderTransport(), new CookieTransport()] });
    const byCookie = await server.login();
    const byHeader = await server.login();
    const { request } = createExchange({
      cookie: `__Host-sessid=${byCookie.session.id}`,
      'x-auth-token': byHeader.session.id,
    });
    expect((await server.manager.get(request))?.id).toBe(byHeader.session.id);
  });

  it('a dead one in the first transport does not hide a live one in the next', async () => {
    const server = new TestServer({ transport: [new HeaderTransport(), new CookieTransport()] });
    const { session } = await server.login();
    const { request } = createExchange({ cookie: `__Host-sessid=${session.id}`, 'x-auth-token': ID });
    expect((await server.manager.get(request))?.id).toBe(session.id);
  });
});

describe('an id that has no session', () => {
  it('is reported', async () => {
    const server = new TestServer();
    await server.manager.get(createExchange({ cookie: `__Host-sessid=${ID}` }).request);
    expect(server.events).toEqual([{ type: 'rejected', reason: 'unknown' }]);
  });

  it('is never adopted: a session added later has an id of its own', async () => {
    const server = new TestServer();
    const { session, response } = await server.login({}, { cookie: `__Host-sessid=${ID}` });
    expect(session.id).not.toBe(ID);
    expect(session.id.startsWith('tagg.')).toBe(false);
    expect(setCookies(response)[0]).toContain(session.id);
  });
});

describe('when the store fails', () => {
  async function down(options: SessionManagerOptions = {}) {
    const server = new TestServer(options);
    const first = await server.login();
    server.store.intercept('get', () => Promise.reject(new Error('down')), 1);
    server.store.forget();
    return { server, ...createExchange(credentialsOf(first.response).headers) };
  }

  it('get rejects, the same for all who ask, and asks no second time', async () => {
    const { server, request } = await down();
    const failures = await Promise.allSettled([server.manager.get(request), server.manager.get(request)]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(server.manager.get(request)).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(server.store.count('get')).toBe(1);
  });

  it('get gives no session if the manager is told to go on without', async () => {
    const { server, request } = await down({ onStoreError: 'anonymous' });
    expect(await server.manager.get(request)).toBeUndefined();
    await expect(server.manager.get(request, { onStoreError: 'fail' })).rejects.toThrow(errorOf('STORE_FAILED'));
  });

  it('get gives no session if the call is told to go on without', async () => {
    const { server, request } = await down();
    expect(await server.manager.get(request, { onStoreError: 'anonymous' })).toBeUndefined();
    await expect(server.manager.get(request)).rejects.toThrow(errorOf('STORE_FAILED'));
  });

  it('add rejects too: it can not tell which session it replaces', async () => {
    const { server, response } = await down({ onStoreError: 'anonymous' });
    await expect(server.manager.add(createSession(), response)).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(response.getHeaderNames()).toEqual([]);
  });
});
