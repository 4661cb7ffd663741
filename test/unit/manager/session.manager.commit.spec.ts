/** How a manager commits for whoever waits for a handler, and what becomes of the cookie if that fails. */
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
import { isSettled, turns } from '../fixtures/turns.js';

let server: TestServer;
let first: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login({ attrs: { count: 0 } });
});

/** A request whose handler somebody waits for. */
async function attended() {
  const exchange = createExchange(credentialsOf(first.response).headers);
  const done = server.manager.attend(exchange.request, exchange.response);
  const session = await server.manager.get(exchange.request);
  if (!session) throw new Error('no session');
  return { ...exchange, session, done };
}

describe('when the handler is done', () => {
  it('what it changed is committed, and that can be waited for', async () => {
    const { session, done } = await attended();
    session.setAttr('count', 1);
    const held = server.store.hold('change');
    const committed = Promise.resolve(done(false));
    await expect(isSettled(committed)).resolves.toBe(false);
    held.release();
    await committed;
    expect(server.record.attrs.get('count')).toBe('1');
  });

  it('and changed nothing, nothing is written and nothing waited for', async () => {
    const { done } = await attended();
    server.store.forget();
    expect(done(false)).toBeUndefined();
    expect(server.store.calls).toEqual([]);
  });

  it('and never asked for the session, the store is not asked either', async () => {
    const { request, response } = createExchange(credentialsOf(first.response).headers);
    server.store.forget();
    await server.manager.attend(request, response)(false);
    await server.manager.commit(request, response);
    expect(server.store.calls).toEqual([]);
  });

  it('but failed, what it changed is committed all the same', async () => {
    const { session, done } = await attended();
    session.setAttr('count', 1);
    await done(true);
    expect(server.record.attrs.get('count')).toBe('1');
  });

  it('and was committed, nothing is left for the last moment before the response', async () => {
    const { session, done, request, response } = await attended();
    session.setAttr('count', 1);
    await done(false);
    server.store.forget();
    await server.manager.commit(request, response);
    expect(server.store.calls).toEqual([]);
  });

  it('what is changed after that is committed at the last moment before the response', async () => {
    const { session, done, request, response } = await attended();
    await done(false);
    session.setAttr('count', 1);
    await server.manager.commit(request, response);
    expect(server.record.attrs.get('count')).toBe('1');
  });
});

describe('a commit that fails', () => {
  it('rejects, and is not tried again behind the answer that says so', async () => {
    const { session, done, request, response } = await attended();
    session.setAttr('count', 1);
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    await expect(async () => done(false)).rejects.toThrow(errorOf('STORE_FAILED'));
    await server.manager.commit(request, response);
    expect(server.record.attrs.get('count')).toBe('0');
  });

  it('takes back the cookie of a session that was added', async () => {
    const { request, response } = createExchange();
    const done = server.manager.attend(request, response);
    const session = createSession({ attrs: { count: 0 } });
    await server.manager.add(session, response);
    session.setAttr('count', 1);
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    await expect(async () => done(false)).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(setCookies(response)).toEqual([]);
  });

  it('does not keep a session that is added after it from being committed', async () => {
    const { session, done, request, response } = await attended();
    session.setAttr('count', 1);
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    await expect(async () => done(false)).rejects.toThrow(errorOf('STORE_FAILED'));
    const next = createSession({ attrs: { count: 0 } });
    await server.manager.add(next, response);
    next.setAttr('count', 2);
    await server.manager.commit(request, response);
    expect((await server.return({ response })).session.attr('count')).toBe(2);
  });

  it('leaves the cookies of others', async () => {
    const { session, done, response } = await attended();
    response.setHeader('Set-Cookie', ['theirs=1']);
    await server.manager.rotate(session, response);
    session.setAttr('count', 1);
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    await expect(async () => done(false)).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(setCookies(response)).toEqual(['theirs=1']);
  });

  it('behind a handler that failed is logged instead: the error of the handler is answered', async () => {
    const { session, done } = await attended();
    session.setAttr('count', 1);
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    await done(true);
    expect(server.logged('error').join()).toContain('not committed');
  });

  it('since an object grew in place rejects, naming the attribute', async () => {
    const { session, done } = await attended();
    session.setAttr('list', ['a']);
    session.attr('list').push('x'.repeat(70_000));
    await expect(async () => done(false)).rejects.toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"list"'));
  });
});

describe('a session that was removed while its request ran', () => {
  it('lets the response go out, without a cookie, and an event tells', async () => {
    const { session, done, response } = await attended();
    await server.manager.rotate(session, response);
    session.setAttr('count', 1);
    const other = await server.return({ response });
    await server.manager.remove(other.session, other.response);
    await done(false);
    expect(setCookies(response)).toEqual([]);
    expect(server.ofType('discarded')).toEqual([{ type: 'discarded', handle: server.ofType('added')[0]?.handle }]);
    expect(server.memory.size).toBe(0);
  });
});

describe('on Express, what nobody committed', () => {
  /** Express links the response to the request, and tells the route. */
  async function viaExpress(path: string) {
    const exchange = createExchange(credentialsOf(first.response).headers);
    Object.assign(exchange.request, { res: exchange.response, route: { path } });
    const session = await server.manager.get(exchange.request);
    if (!session) throw new Error('no session');
    return { ...exchange, session };
  }

  it('is committed when the response closes', async () => {
    const { session, response } = await viaExpress('/cart');
    session.setAttr('count', 1);
    sendHeaders(response);
    response.emit('close');
    await turns();
    expect(server.record.attrs.get('count')).toBe('1');
  });

  it('is warned of once for each route, by the route as it was declared', async () => {
    for (const path of ['/cart', '/cart', '/other/:id']) {
      const { session, response } = await viaExpress(path);
      session.setAttr('count', Math.random());
      sendHeaders(response);
      response.emit('close');
      await turns();
    }
    const warnings = server.logged('warn');
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('GET /cart');
    expect(warnings[0]).toContain('save()');
    expect(warnings[1]).toContain('GET /other/:id');
  });

  it('and can not be committed then is logged, and nothing else happens', async () => {
    const { session, response } = await viaExpress('/cart');
    session.setAttr('count', 1);
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    sendHeaders(response);
    response.emit('close');
    await turns();
    expect(server.logged('error').join()).toContain('not committed');
  });

  it('is no reason to warn if nothing was changed', async () => {
    const { response } = await viaExpress('/cart');
    server.store.forget();
    sendHeaders(response);
    response.emit('close');
    await turns();
    expect([server.logged('warn'), server.store.calls]).toEqual([[], []]);
  });
});

it('who may be served without a session is served though its access can not be recorded', async () => {
  const server = new TestServer({ onStoreError: 'anonymous' });
  const first = await server.login({ attrs: { count: 1 } });
  server.clock.advance(120_000);
  server.store.intercept('touch', () => Promise.reject(new Error('down')));
  const { request, response, session } = await server.return(first);
  await server.manager.attend(request, response)(false);
  expect(session.attr('count')).toBe(1);
});
