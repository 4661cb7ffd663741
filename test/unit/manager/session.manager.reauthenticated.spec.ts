/** `reauthenticated`: the user has proven again who they are. */
import { createSession } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { credentialsOf, TestServer, type Visit } from '../fixtures/test.server.js';

let server: TestServer;
let first: Visit;
let visit: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login({ principal: 'a' });
  server.clock.advance('20m');
  visit = await server.return(first);
});

describe('a session', () => {
  it('is fresh when it was added, for as long as is asked', async () => {
    expect(first.session.isFresh('20m')).toBe(true);
    expect(visit.session.isFresh('19m')).toBe(false);
    expect(visit.session.authenticated).toEqual(visit.session.created);
    expect(createSession().isFresh('1s')).toBe(true);
  });

  it('is fresh again, under a new id, and the old one is dead at once', async () => {
    await server.manager.reauthenticated(visit.session, visit.response);
    expect(credentialsOf(visit.response).cookie).toBe(`__Host-sessid=${visit.session.id}`);
    expect(visit.session.isFresh('1s')).toBe(true);
    expect(await server.find(first)).toBeUndefined();
    const next = await server.return(visit);
    expect(next.session.authenticated.getTime()).toBe(server.clock.now());
    server.clock.advance('5m');
    expect(next.session.isFresh('5m')).toBe(true);
    server.clock.advance(1);
    expect(next.session.isFresh('5m')).toBe(false);
  });

  it('is not made fresh by a rotation', async () => {
    await server.manager.rotate(visit.session, visit.response);
    expect(visit.session.isFresh('19m')).toBe(false);
    expect((await server.return(visit)).session.isFresh('19m')).toBe(false);
  });

  it('ends no later for it: only a new login begins a new lifetime', async () => {
    const strict = new TestServer({ lifetime: '25m' });
    const login = await strict.login();
    const ends = login.session.expires;
    strict.clock.advance('20m');
    const { session, response } = await strict.return(login);
    await strict.manager.reauthenticated(session, response);
    expect(session.expires).toEqual(ends);
    expect((await strict.return({ response })).session.expires).toEqual(ends);
    const again = createSession();
    await strict.manager.add(again, response);
    expect(again.expires.getTime()).toBe(strict.clock.now() + 25 * 60_000);
  });

  it('stays fresh over a rotation, and when it is reloaded', async () => {
    await server.manager.reauthenticated(visit.session, visit.response);
    await server.manager.rotate(visit.session, visit.response);
    await visit.session.runExclusive(() => undefined);
    expect(visit.session.isFresh('1s')).toBe(true);
    expect((await server.return(visit)).session.isFresh('1s')).toBe(true);
  });

  it('tells by an event', async () => {
    await server.manager.reauthenticated(visit.session, visit.response);
    const { handle } = visit.session;
    expect(server.ofType('rotated')).toEqual([{ type: 'rotated', reason: 'reauthenticated', handle, principal: 'a' }]);
  });

  it('that is gone can’t be', async () => {
    await server.manager.remove(first.session, first.response);
    await expect(server.manager.reauthenticated(visit.session, visit.response)).rejects.toThrow(
      errorOf('SESSION_GONE'),
    );
    expect(visit.session.isFresh('1s')).toBe(false);
  });

  it('refuses to be asked for no span of time', () => {
    expect(() => visit.session.isFresh('soon' as '1s')).toThrow(errorOf('INVALID_OPTION'));
  });
});
