/** What is told of ids that open nothing. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { createExchange, credentialsOf, TestServer } from '../fixtures/test.server.js';

const UNKNOWN = 'abcd.0123456789012345678901';

describe('an event tells', () => {
  it('that a session had expired when it was found', async () => {
    const server = new TestServer();
    const visit = await server.login();
    server.clock.set(visit.session.expires);
    expect(await server.find(visit)).toBeUndefined();
    expect(server.events.slice(1)).toEqual([{ type: 'expired', handle: visit.session.handle }]);
  });

  it('that an id is unknown, or none', async () => {
    const server = new TestServer();
    for (const id of [UNKNOWN, 'a b']) {
      await server.manager.get(createExchange({ cookie: `__Host-sessid=${id}` }).request);
    }
    expect(server.events).toEqual([
      { type: 'rejected', reason: 'unknown' },
      { type: 'rejected', reason: 'malformed' },
    ]);
  });

  it('that a request came with several ids, and the one that is a session’s counts', async () => {
    const server = new TestServer();
    const visit = await server.login();
    const { cookie } = credentialsOf(visit.response);
    const { request } = createExchange({ cookie: `__Host-sessid=${UNKNOWN}; ${cookie}` });
    expect((await server.manager.get(request))?.id).toBe(visit.session.id);
    expect(server.events.slice(1)).toEqual([
      { type: 'rejected', reason: 'ambiguous' },
      { type: 'rejected', reason: 'unknown' },
    ]);
  });

  it('in the asynchronous context of the request that came with an id, so that more of it can be known', async () => {
    const server = new TestServer();
    const address = new AsyncLocalStorage<string>();
    const heard: (string | undefined)[] = [];
    server.manager.events.subscribe(() => heard.push(address.getStore()));
    const held = server.store.hold('get', 'after', 2);
    const { request } = createExchange({ cookie: `__Host-sessid=${UNKNOWN}` });
    const { request: another } = createExchange({ cookie: `__Host-sessid=${UNKNOWN}` });
    const found = [
      address.run('10.0.0.1', () => server.manager.get(request)),
      address.run('10.0.0.2', () => server.manager.get(another)),
    ];
    await held.reached;
    held.release();
    await Promise.all(found);
    expect(new Set(heard)).toEqual(new Set(['10.0.0.1', '10.0.0.2']));
  });

  it('nothing of one id that comes twice', async () => {
    const server = new TestServer();
    const { cookie } = credentialsOf((await server.login()).response);
    await server.manager.get(createExchange({ cookie: `${cookie}; ${cookie}` }).request);
    expect(server.events).toHaveLength(1);
  });

  it('whose session was meant by an id that it had before', async () => {
    const server = new TestServer();
    const first = await server.login({ principal: 'ann' });
    const { session, response } = await server.return(first);
    await server.manager.rotate(session, response);
    await server.find(first);
    const { handle } = session;
    expect(server.ofType('rejected')).toEqual([{ type: 'rejected', reason: 'reused', handle, principal: 'ann' }]);
  });
});
