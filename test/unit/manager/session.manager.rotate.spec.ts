/** `rotate`: a new id, the same session; the old id is dead at once. */
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
  first = await server.login({ attrs: { count: 1, list: ['a'] }, constAttrs: { user: 'Ann' } });
  visit = await server.return(first);
  server.store.forget();
});

describe('rotate', () => {
  it('gives the session another id, and tells the client', async () => {
    const old = visit.session.id;
    await server.manager.rotate(visit.session, visit.response);
    expect(visit.session.id).not.toBe(old);
    expect(setCookies(visit.response)).toHaveLength(1);
    expect(credentialsOf(visit.response).cookie).toBe(`__Host-sessid=${visit.session.id}`);
  });

  it('keeps the tag and the length of the id', async () => {
    const [tag, secret = ''] = visit.session.id.split('.');
    await server.manager.rotate(visit.session, visit.response);
    const [newTag, newSecret] = visit.session.id.split('.');
    expect(newTag).toBe(tag);
    expect(newSecret).toHaveLength(secret.length);
    expect(newSecret).not.toBe(secret);
  });

  it('kills the old id at once', async () => {
    await server.manager.rotate(visit.session, visit.response);
    expect(await server.find(first)).toBeUndefined();
    expect(server.ofType('rejected')).toEqual([{ type: 'rejected', reason: 'reused', handle: visit.session.handle }]);
  });

  it('keeps all that the session is', async () => {
    const before = JSON.stringify(visit.session);
    await server.manager.rotate(visit.session, visit.response);
    expect(JSON.stringify(visit.session)).toBe(before);
    expect(JSON.stringify((await server.return(visit)).session)).toBe(before);
    expect(server.memory.size).toBe(1);
  });

  it("keeps this request's changes for its commit", async () => {
    visit.session.setAttr('count', 2);
    visit.session.attr('list').push('b');
    await server.manager.rotate(visit.session, visit.response);
    await visit.session.save();
    expect((await server.return(visit)).session.attrs()).toEqual({ count: 2, list: ['a', 'b'] });
  });

  it('lets changes of requests that overlap reach the session', async () => {
    const overlapping = await server.return(first);
    overlapping.session.setAttr('count', 5);
    await server.manager.rotate(visit.session, visit.response);
    await overlapping.session.save();
    expect((await server.return(visit)).session.attr('count')).toBe(5);
  });

  it('may be called again in the same response: the last id counts', async () => {
    await server.manager.rotate(visit.session, visit.response);
    const between = visit.session.id;
    await server.manager.rotate(visit.session, visit.response);
    expect(visit.session.id).not.toBe(between);
    expect(setCookies(visit.response)).toHaveLength(1);
    expect((await server.return(visit)).session.id).toBe(visit.session.id);
  });

  it('follows the add of the same response: one cookie is set, with the last id', async () => {
    const { session, response } = await server.login();
    await server.manager.rotate(session, response);
    expect(setCookies(response)).toHaveLength(1);
    expect((await server.return({ response })).session.id).toBe(session.id);
  });

  it('follows the add of the same response, though that is still on its way', async () => {
    const { response } = createExchange();
    const session = createSession();
    const held = server.store.hold('add');
    const done = [server.manager.add(session, response), server.manager.rotate(session, response)];
    await held.reached;
    held.release();
    await Promise.all(done);
    expect(setCookies(response)).toHaveLength(1);
    expect((await server.return({ response })).session.id).toBe(session.id);
  });

  it('emits an event with the handle that the session always has', async () => {
    await server.manager.rotate(visit.session, visit.response);
    const { handle } = visit.session;
    expect(server.ofType('added')).toEqual([{ type: 'added', handle }]);
    expect(server.ofType('rotated')).toEqual([{ type: 'rotated', reason: 'rotated', handle }]);
  });

  it('draws another id if that one is taken', async () => {
    server.store.intercept('rename', () => 'exists', 2);
    await server.manager.rotate(visit.session, visit.response);
    expect(server.store.count('rename')).toBe(3);
    expect((await server.return(visit)).session.id).toBe(visit.session.id);
  });
});

describe('of parallel rotations of one session, one id survives:', () => {
  it('of two requests', async () => {
    const other = await server.return(first);
    await Promise.all([
      server.manager.rotate(visit.session, visit.response),
      server.manager.rotate(other.session, other.response),
    ]);
    const found = await Promise.all([server.find(visit), server.find(other)]);
    expect(found.filter((session) => session !== undefined)).toHaveLength(1);
    expect(server.memory.size).toBe(1);
  });

  it('of one request, and that is the one the client is told, whatever is heard first', async () => {
    const held = server.store.hold('rename', 'after');
    const late = server.manager.rotate(visit.session, visit.response);
    await held.reached;
    const soon = server.manager.rotate(visit.session, visit.response);
    await new Promise((resolve) => setImmediate(resolve));
    held.release();
    await Promise.all([late, soon]);
    expect(await server.find(visit)).toBeDefined();
  });
});

describe('rotate rejects and tells the client nothing', () => {
  async function refused(...error: Parameters<typeof errorOf>) {
    const { id } = visit.session;
    await expect(server.manager.rotate(visit.session, visit.response)).rejects.toThrow(errorOf(...error));
    expect(setCookies(visit.response)).toEqual([]);
    expect(visit.session.id).toBe(id);
    expect(server.ofType('rotated')).toEqual([]);
  }

  it('if the session was removed', async () => {
    await server.manager.remove(first.session, first.response);
    await refused('SESSION_GONE');
    await refused('SESSION_GONE');
  });

  it('if the session has expired', async () => {
    server.clock.set(visit.session.expires);
    await refused('SESSION_GONE');
  });

  it('if the store fails; the old id goes on living', async () => {
    server.store.intercept('rename', () => Promise.reject(new Error('down')));
    await refused('STORE_FAILED');
    expect(await server.find(first)).toBeDefined();
  });

  it('if every new id is taken', async () => {
    server.store.intercept('rename', () => 'exists', Infinity);
    await refused('STORE_FAILED');
  });

  it('if the headers were sent; the old id goes on living', async () => {
    sendHeaders(visit.response);
    await expect(server.manager.rotate(visit.session, visit.response)).rejects.toThrow(errorOf('HEADERS_SENT'));
    expect(server.store.calls).toEqual([]);
    expect(await server.find(first)).toBeDefined();
  });
});
