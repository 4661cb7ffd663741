/** `update`: an atomic read-modify-write over all requests and processes, one attribute at a time. */
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { TestServer, type Visit } from '../fixtures/test.server.js';
import { turns, unhandledRejections } from '../fixtures/turns.js';

let server: TestServer;
let first: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login({ attrs: { count: 0, list: ['a'], name: 'Ann' } });
});

function plusOne(count?: number): number {
  return (count ?? 0) + 1;
}

async function stored(name: string): Promise<unknown> {
  return (await server.return(first)).session.attr(name);
}

describe('update', () => {
  it('returns what the change returned, which is the value from then on, here and in the store', async () => {
    const { session } = await server.return(first);
    await expect(session.update('count', plusOne)).resolves.toBe(1);
    expect(session.attr('count')).toBe(1);
    await expect(stored('count')).resolves.toBe(1);
  });

  it('starts from nothing where there is nothing', async () => {
    await expect(first.session.update('new', (current) => [current])).resolves.toEqual([undefined]);
  });

  it.each([null, undefined])('to %s deletes', async (nothing) => {
    await expect(first.session.update('name', () => nothing)).resolves.toBe(nothing);
    expect(first.session.attr('name')).toBeUndefined();
    expect('name' in (await server.return(first)).session.attrs()).toBe(false);
  });

  it('may change the current value in place and return it', async () => {
    await first.session.update('list', (list: string[]) => (list.push('b'), list));
    await expect(stored('list')).resolves.toEqual(['a', 'b']);
  });

  it('keeps the very value that the change returned', async () => {
    const list = ['new'];
    await first.session.update('list', () => list);
    list.push('pushed later');
    await first.session.save();
    await expect(stored('list')).resolves.toEqual(['new', 'pushed later']);
  });

  it('writes nothing more when the request ends', async () => {
    const { session } = await server.return(first);
    await session.update('list', (list: string[]) => [...list, 'b']);
    server.store.forget();
    await session.save();
    expect(server.store.writes).toBe(0);
  });
});

describe('an update that others come before', () => {
  it('runs its change again, on what they left', async () => {
    const [one, other] = [await server.return(first), await server.return(first)];
    await other.session.update('count', () => 10);
    const currents: number[] = [];
    await one.session.update('count', (count: number) => (currents.push(count), count + 1));
    expect(currents).toEqual([0, 10]);
    await expect(stored('count')).resolves.toBe(11);
  });

  it('does so as often as it takes', async () => {
    const { session } = await server.return(first);
    server.store.intercept(
      'change',
      async (proceed) => {
        server.memory.change(
          server.key,
          { set: new Map([['count', '5']]), unset: [], op: Math.random().toString() },
          0,
        );
        return proceed();
      },
      3,
    );
    let runs = 0;
    await session.update('count', (count: number) => (runs++, count + 1));
    expect(runs).toBe(4);
    await expect(stored('count')).resolves.toBe(6);
  });

  it('does so also if this request wrote something itself in between', async () => {
    const [one, other] = [await server.return(first), await server.return(first)];
    await other.session.update('list', (list: string[]) => [...list, 'b']);
    one.session.setAttr('name', 'Bob');
    await one.session.save();
    await one.session.update('list', (list: string[]) => [...list, 'c']);
    await expect(stored('list')).resolves.toEqual(['a', 'b', 'c']);
  });

  it('keeps their changes of other attributes', async () => {
    const [one, other] = [await server.return(first), await server.return(first)];
    other.session.setAttr('name', 'Bob');
    await other.session.save();
    await one.session.update('count', plusOne);
    expect(one.session.attr('name')).toBe('Bob');
    await expect(stored('name')).resolves.toBe('Bob');
  });

  it("keeps this request's changes of other attributes for the commit", async () => {
    const [one, other] = [await server.return(first), await server.return(first)];
    one.session.setAttr('name', 'Carl');
    one.session.attr('list').push('b');
    await other.session.update('count', plusOne);
    await one.session.update('count', plusOne);
    expect(one.session.attr('name')).toBe('Carl');
    await one.session.save();
    expect((await server.return(first)).session.attrs()).toEqual({ count: 2, list: ['a', 'b'], name: 'Carl' });
  });

  it('reaches the successor if they rotated the session', async () => {
    const [one, other] = [await server.return(first), await server.return(first)];
    await server.manager.rotate(other.session, other.response);
    await one.session.update('count', plusOne);
    expect((await server.return(other)).session.attr('count')).toBe(1);
  });
});

describe('a thousand updates at once', () => {
  it.each(['of as many requests', 'of one request'])('%s lose none, in few more calls than that', async (whose) => {
    const visits = await Promise.all(
      Array.from({ length: whose.includes('one') ? 1 : 1_000 }, () => server.return(first)),
    );
    server.store.forget();
    await Promise.all(
      Array.from({ length: 1_000 }, async (_, index) =>
        visits[index % visits.length]?.session.update('count', plusOne),
      ),
    );
    await expect(stored('count')).resolves.toBe(1_000);
    expect(server.store.count('change')).toBeLessThanOrEqual(2_000);
  });

  it('lose none when the store takes its time', async () => {
    const visits = await Promise.all(Array.from({ length: 50 }, () => server.return(first)));
    server.store.intercept('change', async (proceed) => (await turns(1), proceed()), Infinity);
    await Promise.all(visits.map(({ session }) => session.update('count', plusOne)));
    await expect(stored('count')).resolves.toBe(50);
  });
});

describe('what this request changed before', () => {
  it('of that attribute is committed first', async () => {
    const { session } = await server.return(first);
    session.setAttr('count', 5);
    await expect(session.update('count', plusOne)).resolves.toBe(6);
    await expect(stored('count')).resolves.toBe(6);
  });

  it('of that attribute in place is committed first', async () => {
    const { session } = await server.return(first);
    session.attr('list').push('b');
    await expect(session.update('list', (list: string[]) => [...list, 'c'])).resolves.toEqual(['a', 'b', 'c']);
  });

  it('of other attributes waits for the commit', async () => {
    const { session } = await server.return(first);
    session.setAttr('name', 'Bob');
    await session.update('count', plusOne);
    await expect(stored('name')).resolves.toBe('Ann');
    await session.save();
    await expect(stored('name')).resolves.toBe('Bob');
  });

  it('and is on its way to the store does not come after the update', async () => {
    const { session } = await server.return(first);
    const held = server.store.hold('change', 'before');
    session.setAttr('count', 1);
    const saved = session.save();
    await held.reached;
    const updated = session.update('count', plusOne);
    await turns();
    held.release();
    await Promise.all([saved, updated]);
    await expect(stored('count')).resolves.toBe(2);
  });

  it('and is in the store already, unheard, is not written once more over what others updated', async () => {
    const [one, other] = [await server.return(first), await server.return(first)];
    const held = server.store.hold('change', 'after');
    one.session.setAttr('count', 1);
    const saved = one.session.save();
    await held.reached;
    const updated = one.session.update('count', plusOne);
    await turns();
    await Promise.all([other.session.update('count', plusOne), turns().then(held.release), saved, updated]);
    await one.session.save();
    await expect(stored('count')).resolves.toBe(3);
  });
});

describe('what this request changes while an update is on its way', () => {
  it('comes after it, and is committed with the request', async () => {
    const { session } = await server.return(first);
    const held = server.store.hold('change', 'after');
    const updated = session.update('count', plusOne);
    await held.reached;
    session.setAttr('count', 9);
    held.release();
    await updated;
    expect(session.attr('count')).toBe(9);
    await session.save();
    await expect(stored('count')).resolves.toBe(9);
  });

  it('comes after it, also in place', async () => {
    const { session } = await server.return(first);
    const list = session.attr('list') as string[];
    const held = server.store.hold('change', 'after');
    const updated = session.update('list', () => ['updated']);
    await held.reached;
    list.push('b');
    held.release();
    await updated;
    await session.save();
    await expect(stored('list')).resolves.toEqual(['a', 'b']);
  });

  it('is not written once more if it is what the update made, over what others made of it since', async () => {
    const [{ session }, other] = [await server.return(first), await server.return(first)];
    const list = session.attr('list') as string[];
    const held = server.store.hold('change', 'after');
    const updated = session.update('list', (before: string[]) => [...before, 'b']);
    await held.reached;
    list.push('b');
    held.release();
    await updated;
    await other.session.update('list', (before: string[]) => [...before, 'c']);
    await session.save();
    await expect(stored('list')).resolves.toEqual(['a', 'b', 'c']);
  });
});

it('an object that a handler holds still counts when changed in place, though an update met somebody else', async () => {
  const { session } = await server.return(first);
  const list = session.attr('list') as string[];
  const other = await server.return(first);
  await other.session.update('list', (before: string[]) => [...before, 'b']);
  await session.update('count', plusOne);
  list.push('c');
  await session.save();
  // On one attribute the last commit wins.
  await expect(stored('list')).resolves.toEqual(['a', 'c']);
  await expect(stored('count')).resolves.toBe(1);
});

it('an update starts from what others stored, though the handler holds an older object', async () => {
  const { session } = await server.return(first);
  expect(session.attr('list')).toEqual(['a']);
  const other = await server.return(first);
  await other.session.update('list', (before: string[]) => [...before, 'b']);
  await session.update('count', plusOne);
  await session.update('list', (before: string[]) => [...before, 'c']);
  await expect(stored('list')).resolves.toEqual(['a', 'b', 'c']);
});

describe('an update is refused', () => {
  it('if its change returns a promise', async () => {
    const change = async (count = 0) => count + 1;
    await expect(first.session.update('count', change)).rejects.toThrow(errorOf('ATTRIBUTE_REFUSED', '"count"'));
    await expect(stored('count')).resolves.toBe(0);
  });

  it('if its change returns a promise that rejects, which is no unhandled rejection', async () => {
    const change = () => Promise.reject(new Error('nobody waits for this'));
    const unhandled = await unhandledRejections(async () => {
      await expect(first.session.update('count', change)).rejects.toThrow(errorOf('ATTRIBUTE_REFUSED', '"count"'));
    });
    expect(unhandled).toEqual([]);
  });

  it('if its change returns a promise, also by a codec that takes anything', async () => {
    server = new TestServer({ codec: { encode: JSON.stringify, decode: JSON.parse } });
    first = await server.login({ attrs: { count: 0 } });
    const change = async (count = 0) => count + 1;
    await expect(first.session.update('count', change)).rejects.toThrow(errorOf('ATTRIBUTE_REFUSED', '"count"'));
    await expect(stored('count')).resolves.toBe(0);
  });

  it('if its change returns what can not be stored', async () => {
    await expect(first.session.update('count', () => () => 1)).rejects.toThrow(errorOf('ATTRIBUTE_REFUSED', '"count"'));
    await expect(stored('count')).resolves.toBe(0);
  });

  it('if the session was removed', async () => {
    const { session } = await server.return(first);
    await server.manager.remove(first.session, first.response);
    await expect(session.update('count', plusOne)).rejects.toThrow(errorOf('SESSION_GONE'));
    await expect(session.update('count', plusOne)).rejects.toThrow(errorOf('SESSION_GONE'));
  });

  it('if the session has expired', async () => {
    const { session } = await server.return(first);
    server.clock.set(session.expires);
    await expect(session.update('count', plusOne)).rejects.toThrow(errorOf('SESSION_GONE'));
  });

  it('if the store fails, and can be tried again', async () => {
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    await expect(first.session.update('count', plusOne)).rejects.toThrow(errorOf('STORE_FAILED'));
    await expect(first.session.update('count', plusOne)).resolves.toBe(1);
  });
});

describe('what a change throws', () => {
  it('is rejected with as it is, and nothing is changed', async () => {
    const thrown = new RangeError('no');
    const { session } = await server.return(first);
    server.store.forget();
    const updated = session.update('list', (list: string[]) => {
      list.push('half done');
      throw thrown;
    });
    await expect(updated).rejects.toBe(thrown);
    await session.save();
    expect(server.store.writes).toBe(0);
    expect(session.attr('list')).toEqual(['a']);
  });

  it('holds up no other update', async () => {
    const thrown = first.session.update('count', () => {
      throw new Error('no');
    });
    const updated = first.session.update('count', plusOne);
    await expect(thrown).rejects.toThrow('no');
    await expect(updated).resolves.toBe(1);
  });
});
