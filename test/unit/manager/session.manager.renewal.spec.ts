/** Timed renewal: the id changes by itself, and the one before opens the session for a short time. */
import { createSession } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
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

beforeEach(async () => {
  server = new TestServer({ renewInterval: '10m', renewGrace: '30s', timeout: '1h' });
  first = await server.login({ attrs: { count: 1 } });
});

/** A request of the client, whose handler is done. */
async function served(client: Pick<Visit, 'response'>): Promise<Visit> {
  const visit = await server.return(client);
  await server.manager.commit(visit.request, visit.response, false);
  return visit;
}

describe('an id that is old enough', () => {
  it('is replaced when a handler is done, and the client is told', async () => {
    server.clock.advance('10m');
    const visit = await served(first);
    expect(visit.session.id).not.toBe(first.session.id);
    expect(credentialsOf(visit.response).cookie).toBe(`__Host-sessid=${visit.session.id}`);
    expect(visit.session.id.split('.').map(({ length }) => length)).toEqual(
      first.session.id.split('.').map(({ length }) => length),
    );
    expect(server.ofType('rotated')).toEqual([{ type: 'rotated', reason: 'renewed', handle: first.session.handle }]);
    expect((await served(visit)).session.attr('count')).toBe(1);
  });

  it('is not replaced a millisecond earlier, nor before a handler is done', async () => {
    server.clock.advance(600_000 - 1);
    expect(setCookies((await served(first)).response)).toEqual([]);
    server.clock.advance('1m');
    const visit = await server.return(first);
    expect(setCookies(visit.response)).toEqual([]);
    expect(server.store.count('rename')).toBe(0);
  });

  it('is counted from the last rotation, whatever that was for', async () => {
    server.clock.advance('9m');
    const rotated = await server.return(first);
    await server.manager.rotate(rotated.session, rotated.response);
    server.clock.advance('9m');
    expect(setCookies((await served(rotated)).response)).toEqual([]);
    server.clock.advance('1m');
    const renewed = await served(rotated);
    expect(setCookies(renewed.response)).toHaveLength(1);
    server.clock.advance('9m');
    expect(setCookies((await served(renewed)).response)).toEqual([]);
    server.clock.advance('1m');
    expect(setCookies((await served(renewed)).response)).toHaveLength(1);
  });

  it('stays if the manager renews none', async () => {
    server = new TestServer({ timeout: '10h' });
    first = await server.login();
    server.clock.advance('9h');
    expect(setCookies((await served(first)).response)).toEqual([]);
  });

  it('is replaced after what the request changed is committed, and keeps it', async () => {
    server.clock.advance('10m');
    const visit = await server.return(first);
    visit.session.setAttr('count', 2);
    await server.manager.commit(visit.request, visit.response, false);
    expect((await server.return(visit)).session.attr('count')).toBe(2);
  });

  it('stays if the headers were sent, or nobody is there to be told', async () => {
    server.clock.advance('10m');
    const sent = await server.return(first);
    sendHeaders(sent.response);
    await server.manager.commit(sent.request, sent.response, false);
    const unanswered = await server.return(first);
    await unanswered.session.save();
    server.manager.commitLate(unanswered.request);
    expect(server.store.count('rename')).toBe(0);
  });

  it('stays if the store fails, and the request does not fail for it', async () => {
    server.clock.advance('10m');
    server.store.intercept('rename', () => Promise.reject(new Error('down')));
    const visit = await served(first);
    expect(setCookies(visit.response)).toEqual([]);
    expect(setCookies((await served(first)).response)).toHaveLength(1);
  });

  it('leads to the session, if the store has replaced it and could not say so', async () => {
    server.clock.advance('10m');
    server.store.intercept('rename', async (proceed) => {
      await proceed();
      throw new Error('the reply was lost');
    });
    await served(first);
    const next = await served(first);
    expect(setCookies(next.response)).toHaveLength(1);
    server.clock.advance('1h');
    expect((await served(next)).session.attr('count')).toBe(1);
  });

  it('does not make the session fresh', async () => {
    server.clock.advance('10m');
    const { session } = await served(await served(first));
    expect(session.isFresh('10m')).toBe(true);
    server.clock.advance(1);
    expect(session.isFresh('10m')).toBe(false);
  });
});

describe('who comes with the id before', () => {
  it('within the grace gets the session, and the id that it has now', async () => {
    server.clock.advance('10m');
    const { session } = await served(first);
    server.clock.advance(30_000 - 1);
    const late = await served(first);
    expect(late.session.id).toBe(session.id);
    expect(credentialsOf(late.response).cookie).toBe(`__Host-sessid=${session.id}`);
    expect(server.ofType('rejected')).toEqual([]);
    expect(server.ofType('rotated')).toHaveLength(1);
  });

  it('may change the session, and log out', async () => {
    server.clock.advance('10m');
    const renewed = await served(first);
    const late = await server.return(first);
    late.session.setAttr('count', 7);
    await server.manager.commit(late.request, late.response, false);
    expect((await server.return(renewed)).session.attr('count')).toBe(7);
    const another = await server.return(first);
    await server.manager.remove(another.session, another.response);
    expect(await server.find(renewed)).toBeUndefined();
  });

  it('after the grace is turned away, and that is told as long again', async () => {
    server.clock.advance('10m');
    const { session } = await served(first);
    server.clock.advance('30s');
    expect(await server.find(first)).toBeUndefined();
    server.clock.advance('5m');
    expect(await server.find(first)).toBeUndefined();
    expect(server.ofType('rejected')).toEqual(
      Array.from({ length: 2 }, () => ({ type: 'rejected', reason: 'reused', handle: session.handle })),
    );
  });

  it.each<[string, (visit: Visit) => Promise<void>]>([
    ['a login', ({ response }) => server.manager.add(createSession(), response)],
    ['a logout', ({ session, response }) => server.manager.remove(session, response)],
    ['a re-authentication', ({ session, response }) => server.manager.reauthenticated(session, response)],
    ['a rotation', ({ session, response }) => server.manager.rotate(session, response)],
  ])('is turned away at once after %s', async (_, act) => {
    server.clock.advance('10m');
    const renewed = await served(first);
    expect(await server.find(first)).toBeDefined();
    await act(await server.return(renewed));
    expect(await server.find(first)).toBeUndefined();
    expect(await server.find(renewed)).toBeUndefined();
  });

  it('gets nothing from an id that was rotated, not renewed', async () => {
    const visit = await server.return(first);
    await server.manager.rotate(visit.session, visit.response);
    expect(await server.find(first)).toBeUndefined();
  });

  it('gets nothing two renewals later, whatever the grace', async () => {
    server.clock.advance('10m');
    const second = await served(first);
    server.clock.advance('10m');
    await served(second);
    expect(await server.find(first)).toBeUndefined();
  });
});

describe('requests that run in parallel when the id is due', () => {
  it('all get the same id, by one rotation', async () => {
    server.clock.advance('10m');
    const visits = await Promise.all(Array.from({ length: 5 }, () => server.return(first)));
    const held = server.store.hold('rename', 'before', 5);
    const done = visits.map(async ({ request, response }) => server.manager.commit(request, response, false));
    await held.reached;
    held.release();
    await Promise.all(done);
    const cookies = visits.map(({ response }) => credentialsOf(response).cookie);
    expect(new Set(cookies).size).toBe(1);
    expect(cookies[0]).not.toBe(credentialsOf(first.response).cookie);
    expect(server.ofType('rotated')).toHaveLength(1);
    expect(server.memory.size).toBe(1);
  });

  it('don’t take the session away from one that logs in again meanwhile', async () => {
    server.clock.advance('10m');
    const [stale, active] = [await server.return(first), await server.return(first)];
    await server.manager.reauthenticated(active.session, active.response);
    await server.manager.commit(stale.request, stale.response, false);
    expect(setCookies(stale.response)).toEqual([]);
    expect((await server.return(active)).session.id).toBe(active.session.id);
  });

  it('tell nobody an id that is replaced by then', async () => {
    server.clock.advance('10m');
    const [stale, active] = [await server.return(first), await server.return(first)];
    await server.manager.commit(active.request, active.response, false);
    await server.manager.reauthenticated(active.session, active.response);
    await server.manager.commit(stale.request, stale.response, false);
    expect(setCookies(stale.response)).toEqual([]);
    expect((await server.return(active)).session.id).toBe(active.session.id);
  });
});

describe('a slow request that came with the id before', () => {
  it.each<[string, (visit: Visit) => Promise<void>]>([
    ['a login', ({ response }) => server.manager.add(createSession(), response)],
    ['a re-authentication', ({ session, response }) => server.manager.reauthenticated(session, response)],
    ['a logout', ({ session, response }) => server.manager.remove(session, response)],
  ])('takes nothing back of %s meanwhile', async (_, act) => {
    server.clock.advance('10m');
    const renewed = await served(first);
    const slow = await server.return(first);
    const meanwhile = await server.return(renewed);
    await act(meanwhile);
    await server.manager.commit(slow.request, slow.response, false);
    expect(setCookies(slow.response)).toEqual([]);
  });

  it('is told nothing, and fails for nothing, if the store fails when it is asked', async () => {
    server.clock.advance('10m');
    await served(first);
    const slow = await server.return(first);
    server.store.intercept('get', () => Promise.reject(new Error('down')));
    await server.manager.commit(slow.request, slow.response, false);
    expect(setCookies(slow.response)).toEqual([]);
  });

  it('asks the store once more, and others don’t', async () => {
    server.clock.advance('10m');
    const renewed = await served(first);
    server.store.forget();
    await served(renewed);
    expect(server.store.reads).toBe(1);
    server.store.forget();
    await served(first);
    expect(server.store.reads).toBe(3);
  });
});

describe('a handler that answers by itself', () => {
  it('renews nothing: its response may go out before the new id is there', async () => {
    server.clock.advance('10m');
    const visit = await server.return(first);
    await server.manager.attend(visit.request, visit.response, true)(false);
    expect(server.store.count('rename')).toBe(0);
    expect(setCookies(visit.response)).toEqual([]);
  });
});

describe('what tells of an id before', () => {
  it('lies for a day at most, however long the interval', async () => {
    server = new TestServer({ renewInterval: '30d', timeout: '90d', lifetime: false });
    first = await server.login();
    server.clock.advance('30d');
    let forwardUntil = 0;
    server.store.intercept('rename', (proceed, [, , options]) => {
      ({ forwardUntil } = options);
      return proceed();
    });
    await served(first);
    expect(forwardUntil - server.clock.now()).toBe(24 * 3_600_000);
  });
});

describe('a request without a session', () => {
  it('is told nothing', async () => {
    const { request, response } = createExchange();
    await server.manager.get(request);
    await server.manager.commit(request, response, false);
    expect(setCookies(response)).toEqual([]);
  });
});
