/** `add`: stores a new session, then tells the client; or rejects and tells it nothing. */
import { CookieTransport, createSession, HeaderTransport, type Session } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { createExchange, credentialsOf, sendHeaders, setCookies, TestServer } from '../fixtures/test.server.js';
import { isSettled, turns } from '../fixtures/turns.js';

let server: TestServer;

beforeEach(() => void (server = new TestServer()));

describe('add', () => {
  it('stores the session, and sets the cookie once it is stored', async () => {
    const held = server.store.hold('add', 'after');
    const { response } = createExchange();
    const session = createSession({ attrs: { a: 1 } });
    const added = server.manager.add(session, response);
    await held.reached;
    expect(setCookies(response)).toEqual([]);
    held.release();
    await added;
    expect(setCookies(response)).toHaveLength(1);
    expect(credentialsOf(response).cookie).toBe(`__Host-sessid=${session.id}`);
    expect((await server.return({ response })).session.attr('a')).toBe(1);
  });

  it('makes it the session of the request, which stays new in it', async () => {
    const { session, request } = await server.login();
    expect(await server.manager.get(request)).toBe(session);
    expect(session.isNew).toBe(true);
  });

  it('emits an event that names it by its handle, not by its id', async () => {
    const { session } = await server.login();
    expect(server.ofType('added')).toHaveLength(1);
    expect(JSON.stringify(server.events)).not.toContain(session.id);
  });

  it('draws another id if that one is taken, and overwrites nothing', async () => {
    const taken = await server.login({ attrs: { whose: 'first' } });
    server.store.intercept('add', () => 'exists');
    const { session, response } = await server.login({ attrs: { whose: 'second' } });
    expect(credentialsOf(response).cookie).toContain(session.id);
    expect((await server.return({ response })).session.attr('whose')).toBe('second');
    expect((await server.return(taken)).session.attr('whose')).toBe('first');
  });

  it('gives up if every id is taken', async () => {
    server.store.intercept('add', () => 'exists', Infinity);
    await expect(server.login()).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(server.store.count('add')).toBeLessThan(10);
  });
});

describe('a live session of the request', () => {
  it('is removed as the new one is stored, in one call', async () => {
    const old = await server.login();
    server.store.forget();
    const { response } = await server.login({}, credentialsOf(old.response).headers);
    expect(server.store.calls.map(({ method }) => method)).toEqual(['get', 'add']);
    expect(await server.find(old)).toBeUndefined();
    expect(await server.find({ response })).toBeDefined();
    expect(server.ofType('removed')).toEqual([
      { type: 'removed', handle: expect.any(String) as string, reason: 'replaced' },
    ]);
  });

  it('that was added in the same response is replaced too, and one cookie is set', async () => {
    const { session, response } = await server.login();
    const next = createSession();
    await server.manager.add(next, response);
    expect(setCookies(response)).toHaveLength(1);
    expect(credentialsOf(response).cookie).toContain(next.id);
    await expect(session.update('a', () => 1)).rejects.toThrow(errorOf('SESSION_GONE'));
    expect(server.memory.size).toBe(1);
  });

  it('lives on if the new one can not be stored', async () => {
    const old = await server.login();
    server.store.intercept('add', () => Promise.reject(new Error('down')));
    await expect(server.login({}, credentialsOf(old.response).headers)).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(await server.find(old)).toBeDefined();
  });
});

describe('of several sessions that one request adds at once', () => {
  it('the last one is what the client is told, and the only one that lives', async () => {
    const { request, response } = createExchange();
    const sessions = [createSession(), createSession(), createSession()];
    server.store.intercept('add', async (proceed) => (await turns(3), proceed())); // the first takes longest
    await Promise.all(sessions.map((session) => server.manager.add(session, response)));
    expect(await server.manager.get(request)).toBe(sessions[2]);
    expect(credentialsOf(response).cookie).toContain(sessions[2]?.id);
    expect(server.memory.size).toBe(1);
  });
});

describe('add rejects and tells the client nothing', () => {
  async function refused(session: Session, ...error: Parameters<typeof errorOf>) {
    const { request, response } = createExchange();
    await expect(server.manager.add(session, response)).rejects.toThrow(errorOf(...error));
    expect(response.getHeaderNames()).toEqual([]);
    expect(await server.manager.get(request)).toBeUndefined();
    expect(server.ofType('added')).toEqual([]);
    expect(server.memory.size).toBe(0);
  }

  it('if the store fails', async () => {
    server.store.intercept('add', () => Promise.reject(new Error('down')));
    await refused(createSession(), 'STORE_FAILED');
  });

  it('if the store fails at once', async () => {
    server.store.intercept('add', () => {
      throw new Error('down');
    });
    await refused(createSession(), 'STORE_FAILED');
  });

  it('if the store does not answer', async () => {
    server = new TestServer({ storeTimeout: 20 });
    server.store.intercept('add', () => new Promise(() => undefined));
    await refused(createSession(), 'STORE_TIMEOUT', '20 ms');
  });

  it('if the store is full', async () => {
    server.store.intercept('add', () => 'full');
    await refused(createSession(), 'STORE_FULL');
  });

  it('if an attribute can not be stored', async () => {
    await refused(createSession({ attrs: { fine: 1, handler: () => 1 } }), 'ATTRIBUTE_REFUSED', '"handler"');
  });

  it('if a constant attribute can not be stored', async () => {
    await refused(createSession({ constAttrs: { handler: () => 1 } }), 'ATTRIBUTE_REFUSED', '"handler"');
  });

  it('if the attributes are too large', async () => {
    await refused(createSession({ attrs: { text: 'x'.repeat(70_000) } }), 'ATTRIBUTES_TOO_LARGE', '"text"');
  });

  it('if the headers were sent, without storing anything', async () => {
    const { response } = createExchange();
    sendHeaders(response);
    await expect(server.manager.add(createSession(), response)).rejects.toThrow(errorOf('HEADERS_SENT'));
    expect(server.store.calls).toEqual([]);
  });

  it('if the headers are sent while the store works', async () => {
    const { response } = createExchange();
    server.store.intercept('add', (proceed) => (sendHeaders(response), proceed()));
    await expect(server.manager.add(createSession(), response)).rejects.toThrow(errorOf('HEADERS_SENT'));
  });

  it.each([undefined, null, 'response', {}])('if it is given %o for a response', async (response) => {
    await expect(server.manager.add(createSession(), response)).rejects.toThrow(errorOf('UNKNOWN_EXCHANGE'));
    expect(server.store.calls).toEqual([]);
  });
});

it.each([{}, null, undefined, 'session', new Map()])('what is no session is refused by name: %o', async (given) => {
  const { response } = createExchange();
  await expect(new TestServer().manager.add(given as Session, response)).rejects.toThrow(
    errorOf('UNKNOWN_SESSION', 'createSession'),
  );
});

describe('a session that could not be added', () => {
  it('is still new, and can be added once what was wrong is mended', async () => {
    const session = createSession();
    session.setAttr('handler', () => 1);
    const { response } = createExchange();
    await expect(server.manager.add(session, response)).rejects.toThrow(errorOf('ATTRIBUTE_REFUSED'));
    await expect(session.save()).rejects.toThrow(errorOf('SESSION_NOT_ADDED'));
    session.setAttr('handler', 'none');
    await server.manager.add(session, response);
    expect((await server.return({ response })).session.attr('handler')).toBe('none');
  });

  it('can be added once the store is back, also if it had got there', async () => {
    const session = createSession();
    const { response } = createExchange();
    server.store.intercept('add', async (proceed) => {
      await proceed();
      throw new Error('connection lost');
    });
    await expect(server.manager.add(session, response)).rejects.toThrow(errorOf('STORE_FAILED'));
    await server.manager.add(session, response);
    expect((await server.return({ response })).session.id).toBe(session.id);
  });
});

describe('a session is added once', () => {
  it('and not again', async () => {
    const { session } = await server.login();
    await expect(server.manager.add(session, createExchange().response)).rejects.toThrow(
      errorOf('SESSION_ALREADY_ADDED'),
    );
    expect(server.memory.size).toBe(1);
  });

  it('also if it is given twice at once', async () => {
    const session = createSession();
    const held = server.store.hold('add');
    const first = server.manager.add(session, createExchange().response);
    await held.reached;
    const second = server.manager.add(session, createExchange().response);
    await expect(second).rejects.toThrow(errorOf('SESSION_ALREADY_ADDED'));
    await expect(isSettled(first)).resolves.toBe(false);
    held.release();
    await first;
    expect(server.memory.size).toBe(1);
  });

  it('so that one which was loaded is refused', async () => {
    const { session, response } = await server.return(await server.login());
    await expect(server.manager.add(session, response)).rejects.toThrow(errorOf('SESSION_ALREADY_ADDED'));
    expect(response.getHeaderNames()).toEqual([]);
  });
});

describe('the transport that tells the client', () => {
  it('is the one that the request presented an id by, though that is dead', async () => {
    const header = new HeaderTransport({ when: () => false });
    server = new TestServer({ transport: [header] });
    const { session, response } = await server.login({}, { 'x-auth-token': `tagg.${'s'.repeat(24)}` });
    expect(response.getHeader('x-auth-token')).toBe(session.id);
  });

  it('is the first one that suits, if the request presented none', async () => {
    const isApp = ({ headers }: { headers: Record<string, unknown> }) => headers['x-client'] === 'app';
    server = new TestServer({ transport: [new HeaderTransport({ when: isApp }), new CookieTransport()] });
    const app = await server.login({}, { 'x-client': 'app' });
    expect([app.response.getHeader('x-auth-token'), setCookies(app.response)]).toEqual([app.session.id, []]);
    const browser = await server.login();
    expect([browser.response.getHeader('x-auth-token'), setCookies(browser.response).length]).toEqual([undefined, 1]);
  });
});

it('a session is not left behind if the transport can not tell the client', async () => {
  class MuteTransport extends CookieTransport {
    override tell(): never {
      throw new Error('mute');
    }
  }
  const server = new TestServer({ transport: new MuteTransport() });
  const { request, response } = createExchange();
  await expect(server.manager.add(createSession(), response)).rejects.toThrow('mute');
  expect(server.memory.size).toBe(0);
  await expect(server.manager.get(request)).resolves.toBeUndefined();
});
