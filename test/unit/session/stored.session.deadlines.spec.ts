/** Promises 1 and 2 as a session shows them: `expires` is what the store enforces, and accesses are recorded when that is due. */
import type { SessionManagerOptions } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { TestServer, type Visit } from '../fixtures/test.server.js';
import { isSettled, turns, unhandledRejections } from '../fixtures/turns.js';

const MINUTE = 60_000;

async function loggedIn(options: SessionManagerOptions = {}, init = {}) {
  const server = new TestServer(options);
  const first = await server.login({ attrs: { count: 0 }, ...init });
  return { server, first };
}

describe('expires is exactly the instant from which on the store serves the session no more', () => {
  it.each<[string, (server: TestServer, first: Visit) => Promise<Visit>]>([
    ['when it was added', async (_, first) => first],
    ['when it was loaded, and no access was recorded', async (server, first) => {
      server.clock.advance('10s');
      return server.return(first);
    }],
    ['when an access was recorded', async (server, first) => {
      server.clock.advance('5m');
      return server.return(first);
    }],
    ['when it was changed', async (server, first) => {
      const visit = await server.return(first);
      server.clock.advance('5m');
      visit.session.setAttr('count', 1);
      await visit.session.save();
      return visit;
    }],
    ['when it was updated', async (server, first) => {
      const visit = await server.return(first);
      server.clock.advance('5m');
      await visit.session.update('count', () => 1);
      return visit;
    }],
    ['when it was updated after others were', async (server, first) => {
      const visit = await server.return(first);
      server.clock.advance('5m');
      await (await server.return(first)).session.update('count', () => 1);
      server.clock.advance('1s');
      await visit.session.update('count', () => 2);
      return visit;
    }],
    ['when it ran exclusively after others changed it', async (server, first) => {
      const visit = await server.return(first);
      server.clock.advance('5m');
      await (await server.return(first)).session.update('count', () => 1);
      await visit.session.runExclusive(() => undefined);
      return visit;
    }],
    ['when its absolute deadline is nearer', async (server, first) => {
      for (let minute = 0; minute < 85; minute += 5) {
        server.clock.advance('5m');
        await server.return(first);
      }
      return server.return(first);
    }],
  ])('%s', async (_, act) => {
    const { server, first } = await loggedIn({ timeout: '30m', lifetime: '90m' });
    const { session } = await act(server, first);
    const expires = session.expires.getTime();
    expect(server.memory.get(server.key, expires - 1)).toMatchObject({ record: { handle: expect.any(String) as string } });
    expect(server.memory.get(server.key, expires)).toEqual({ expired: session.handle });
  }); // prettier-ignore

  it('and so it is for a client that comes at that instant', async () => {
    const { server, first } = await loggedIn();
    const expires = first.session.expires.getTime();
    server.clock.set(expires);
    await expect(server.find(first)).resolves.toBeUndefined();
    server.clock.set(expires - 1);
    await expect(server.find(first)).resolves.toBeDefined();
  });
});

describe('no session ends sooner than its timeout after its last access', () => {
  it.each([
    [{ timeout: '30m' }, 31 * MINUTE],
    [{ timeout: '30m', touchInterval: '10s' }, 30 * MINUTE + 10_000],
    [{ timeout: '5m' }, 5.5 * MINUTE], // a tenth of the timeout is less than a minute
    [{ timeout: '1s', touchInterval: '1h' }, 1_100],
  ] as const)('with %o it ends %i ms after the last recorded one', async (options, expected) => {
    const { server, first } = await loggedIn(options);
    expect(first.session.expires.getTime() - server.clock.now()).toBe(expected);
  });

  it('though that access was not recorded', async () => {
    const { server, first } = await loggedIn({ timeout: '30m', touchInterval: '1m' });
    server.clock.advance(MINUTE - 1);
    server.store.forget();
    await server.return(first);
    expect(server.store.writes).toBe(0);
    server.clock.advance(30 * MINUTE - 1);
    await expect(server.find(first)).resolves.toBeDefined();
  });

  it('and its own timeout decides how often an access is recorded', async () => {
    const { server, first } = await loggedIn({ timeout: '30m' }, { timeout: '10s' });
    server.clock.advance(999);
    await server.return(first);
    expect(server.store.count('touch')).toBe(0);
    server.clock.advance(1);
    await server.return(first);
    expect(server.store.count('touch')).toBe(1);
  });
});

describe('an access', () => {
  it('inside of the touch interval is not recorded', async () => {
    const { server, first } = await loggedIn();
    server.clock.advance(MINUTE - 1);
    server.store.forget();
    const { session } = await server.return(first);
    await session.save();
    expect(server.store.writes).toBe(0);
    expect(session.accessed).toEqual(first.session.accessed);
  });

  it('is recorded once it is due, once for many', async () => {
    const { server, first } = await loggedIn();
    server.clock.advance(MINUTE);
    const { session } = await server.return(first);
    await server.return(first);
    await server.return(first);
    await session.save();
    expect(server.store.count('touch')).toBe(1);
    expect(session.accessed).toEqual(new Date(server.clock.now()));
  });

  it('is recorded while the request goes on, and its commit waits for that', async () => {
    const { server, first } = await loggedIn();
    server.clock.advance('5m');
    const held = server.store.hold('touch');
    const { session } = await server.return(first); // though the touch is held
    await held.reached;
    const saved = session.save();
    await expect(isSettled(saved)).resolves.toBe(false);
    held.release();
    await saved;
    expect(session.accessed).toEqual(new Date(server.clock.now()));
  });

  it('that finds the session gone is told by save', async () => {
    const { server, first } = await loggedIn();
    server.clock.advance('5m');
    const held = server.store.hold('touch');
    const { session } = await server.return(first);
    server.memory.remove(server.key);
    held.release();
    await expect(session.save()).rejects.toThrow(errorOf('SESSION_GONE'));
    await expect(session.update('count', () => 1)).rejects.toThrow(errorOf('SESSION_GONE'));
  });

  it('is recorded by a change, too', async () => {
    const { server, first } = await loggedIn();
    const { session } = await server.return(first);
    server.clock.advance('5m');
    session.setAttr('count', 1);
    await session.save();
    expect(session.accessed).toEqual(new Date(server.clock.now()));
    expect(server.record.accessed).toBe(server.clock.now());
  });
});

describe('an access that can not be recorded', () => {
  it.each<[string, () => Promise<boolean> | boolean]>([
    ['later', () => Promise.reject(new Error('down'))],
    ['at once', () => {
      throw new Error('down');
    }],
  ])('since the store fails %s does not fail the load, but the commit', async (_, fail) => {
    const { server, first } = await loggedIn();
    server.clock.advance('5m');
    server.store.intercept('touch', fail);
    const { session } = await server.return(first);
    await expect(session.save()).rejects.toThrow(errorOf('STORE_FAILED'));
    await session.save(); // told once
  }); // prettier-ignore

  it('is no unhandled rejection if nobody commits', async () => {
    const { server, first } = await loggedIn();
    server.clock.advance('5m');
    const unhandled = await unhandledRejections(async () => {
      server.store.intercept('touch', () => turns().then(() => Promise.reject(new Error('down'))));
      await server.return(first);
      await turns(20);
    });
    expect(unhandled).toEqual([]);
  });

  it('keeps no changes of the request from being committed', async () => {
    const { server, first } = await loggedIn();
    server.clock.advance('5m');
    server.store.intercept('touch', () => Promise.reject(new Error('down')));
    const { session } = await server.return(first);
    session.setAttr('count', 1);
    await expect(session.save()).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(server.record.attrs.get('count')).toBe('1');
  });
});
