/** `runExclusive`: one at a time among this process's requests of this session, each on what the one before committed. */
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { TestServer, type Visit } from '../fixtures/test.server.js';
import { isSettled, turns } from '../fixtures/turns.js';

let server: TestServer;
let first: Visit;
let one: Visit;
let other: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login({ attrs: { count: 0, list: ['a'], name: 'Ann' } });
  [one, other] = [await server.return(first), await server.return(first)];
});

describe('runExclusive', () => {
  it('lets the next request start when the one before is done and committed', async () => {
    const order: string[] = [];
    const held = server.store.hold('change');
    const firstDone = one.session.runExclusive(async () => {
      order.push('one starts');
      await turns();
      one.session.setAttr('count', 1);
      order.push('one ends');
    });
    const secondDone = other.session.runExclusive(() => void order.push('other starts'));
    await held.reached;
    await turns();
    expect(order).toEqual(['one starts', 'one ends']);
    held.release();
    await Promise.all([firstDone, secondDone]);
    expect(order).toEqual(['one starts', 'one ends', 'other starts']);
  });

  it('loses nothing of a hundred requests that read, wait and write', async () => {
    const visits = await Promise.all(Array.from({ length: 100 }, () => server.return(first)));
    await Promise.all(
      visits.map(({ session }) =>
        session.runExclusive(async () => {
          const count = session.attr('count');
          await turns(1);
          session.setAttr('count', count + 1);
          session.attr('list').push('b');
        }),
      ),
    );
    const { session } = await server.return(first);
    expect([session.attr('count'), session.attr('list').length]).toEqual([100, 101]);
  });

  it('sees what others committed, also in what was read before', async () => {
    expect([one.session.attr('count'), one.session.attr('list')]).toEqual([0, ['a']]);
    other.session.setAttr('count', 5);
    other.session.attr('list').push('b');
    other.session.setAttr('name', null);
    await other.session.save();
    const seen = await one.session.runExclusive(() => one.session.attrs());
    expect(seen).toEqual({ count: 5, list: ['a', 'b'] });
  });

  it('keeps what this request changed before, and commits it too', async () => {
    one.session.setAttr('count', 7);
    one.session.attr('list').push('mine');
    other.session.setAttr('name', 'Bob');
    await other.session.save();
    await one.session.runExclusive(() => expect(one.session.attr('count')).toBe(7));
    expect((await server.return(first)).session.attrs()).toEqual({ count: 7, list: ['a', 'mine'], name: 'Bob' });
  });

  it('keeps what this request changed before, also if others changed the same since', async () => {
    one.session.setAttr('count', 7);
    one.session.setAttr('name', undefined);
    other.session.setAttr('count', 5);
    other.session.setAttr('name', 'Bob');
    await other.session.save();
    await one.session.runExclusive(() => expect(one.session.attrs()).toEqual({ count: 7, list: ['a'] }));
    expect((await server.return(first)).session.attrs()).toEqual({ count: 7, list: ['a'] });
  });

  it('returns what the work returns, promised or not', async () => {
    await expect(one.session.runExclusive(() => 1)).resolves.toBe(1);
    await expect(one.session.runExclusive(async () => 2)).resolves.toBe(2);
  });

  it('inside of itself runs at once, and in its turn', async () => {
    const done = one.session.runExclusive(async () => {
      one.session.setAttr('count', 1);
      await one.session.runExclusive(async () => {
        await turns();
        one.session.setAttr('count', one.session.attr('count') + 1);
      });
      return one.session.attr('count');
    });
    const next = other.session.runExclusive(() => other.session.attr('count'));
    await expect(Promise.all([done, next])).resolves.toEqual([2, 2]);
  });

  it('inside of itself runs at once for the session of another request too, if the same work asks', async () => {
    const done = one.session.runExclusive(() => other.session.runExclusive(() => 'nested'));
    await expect(done).resolves.toBe('nested');
  });

  it('does not hold up update, inside or beside', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const done = one.session.runExclusive(async () => {
      await one.session.update('count', (count: number) => count + 1);
      await released;
    });
    await other.session.update('count', (count: number) => count + 1);
    release();
    await done;
    expect((await server.return(first)).session.attr('count')).toBe(2);
  });

  it('does not hold up other sessions', async () => {
    const stranger = await server.login();
    const held = one.session.runExclusive(() => new Promise<void>((resolve) => setTimeout(resolve, 5_000).unref()));
    await expect(stranger.session.runExclusive(() => 'done')).resolves.toBe('done');
    await expect(isSettled(held)).resolves.toBe(false);
  });

  it('goes on with the successor if another request rotated the session', async () => {
    await server.manager.rotate(other.session, other.response);
    await server.manager.rotate(other.session, other.response);
    await one.session.runExclusive(() => one.session.setAttr('count', one.session.attr('count') + 1));
    expect((await server.return(other)).session.attr('count')).toBe(1);
  });
});

describe('work that fails', () => {
  it('rejects with what it threw, and lets the next one start', async () => {
    const thrown = new RangeError('no');
    const failed = one.session.runExclusive(() => Promise.reject(thrown));
    const next = other.session.runExclusive(() => 'next');
    await expect(failed).rejects.toBe(thrown);
    await expect(next).resolves.toBe('next');
    await expect(
      one.session.runExclusive(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
  });

  it('leaves its changes to the end of the request', async () => {
    const failed = one.session.runExclusive(() => {
      one.session.setAttr('count', 9);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect((await server.return(first)).session.attr('count')).toBe(0);
    await one.session.save();
    expect((await server.return(first)).session.attr('count')).toBe(9);
  });

  it('that can not be committed rejects, and lets the next one start', async () => {
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    const failed = one.session.runExclusive(() => one.session.setAttr('count', 1));
    await expect(failed).rejects.toThrow(errorOf('STORE_FAILED'));
    await expect(other.session.runExclusive(() => 'next')).resolves.toBe('next');
  });
});

describe('of a session that is gone', () => {
  it('the work does not start', async () => {
    let started = false;
    await server.manager.remove(first.session, first.response);
    const refused = one.session.runExclusive(() => void (started = true));
    await expect(refused).rejects.toThrow(errorOf('SESSION_GONE'));
    expect(started).toBe(false);
  });

  it('the work that is running is told at its end', async () => {
    const refused = one.session.runExclusive(async () => {
      one.session.setAttr('count', 1);
      await server.manager.remove(first.session, first.response);
    });
    await expect(refused).rejects.toThrow(errorOf('SESSION_GONE'));
  });
});
