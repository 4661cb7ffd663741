/** `write: 'async'`: what resolves before it is written is seen, written once and in order, lost only by a crash. */
import { MemoryStore, type SessionRecord } from 'nestjs-http-session';
import type { TieredStoreOptions } from 'nestjs-http-session/tiered';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failing } from '../../../support/store.faults.js';
import { errorOf } from '../../fixtures/session.error.js';
import { isSettled, turns, unhandledRejections } from '../../fixtures/turns.js';
import { NOW, Process, SharedCache } from './tiered.fixture.js';

const KEY = 'abcd.key';
const NEXT = 'abcd.next';
const OTHER = 'efgh.other';

let backend: MemoryStore;
let cache: SharedCache;
let here: Process;

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW, toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  backend = new MemoryStore();
  cache = new SharedCache();
  here = process();
  await here.add(KEY);
});

afterEach(() => void vi.useRealTimers());

function process(more: Partial<TieredStoreOptions> = {}): Process {
  return new Process(backend, new SharedCache(cache), { write: 'async', ...more });
}

/** What the durable tier has. */
function written(key = KEY): SessionRecord | undefined {
  const found = backend.get(key, NOW);
  return found && 'record' in found ? found.record : undefined;
}

function attrsOf(record: SessionRecord | undefined): unknown {
  return record && Object.fromEntries(record.attrs);
}

/** All pauses between tries pass. */
async function later(ms = 10_000): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await turns();
}

describe('a change', () => {
  it('resolves before it is written, and is written at once', async () => {
    const change = here.durable.hold('change');
    expect(await here.set(KEY, 'a', '1')).toEqual({ version: 2 });
    await change.reached;
    expect(attrsOf(written())).toEqual({});
    change.release();
    await turns();
    expect(written()).toMatchObject({ version: 2 });
    expect(attrsOf(written())).toEqual({ a: '1' });
    expect(await here.set(KEY, 'b', '2')).toEqual({ version: 3 });
  });

  it('is seen in this process before it is written, from the durable tier and from a copy', async () => {
    await here.copied(KEY);
    const change = here.durable.hold('change', 'before', 3);
    await here.set(KEY, 'a', '1');
    await here.set(KEY, 'b', '2');
    for (const clear of [() => undefined, () => cache.flush()]) {
      clear();
      const record = await here.get(KEY);
      expect(record).toMatchObject({ version: 3 });
      expect(attrsOf(record)).toEqual({ a: '1', b: '2' });
    }
    change.release();
  });

  it('is seen by others when it is written, whatever copies they had', async () => {
    const there = process();
    await there.copied(KEY);
    await here.set(KEY, 'a', '1');
    await turns();
    expect(await there.attr(KEY, 'a')).toBe('1');
  });

  it('is not lost by a read that began before it was written and ends after', async () => {
    await here.get(OTHER);
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    const read = here.durable.hold('get', 'after');
    const reading = here.get(KEY);
    await read.reached;
    change.release();
    await turns();
    read.release();
    expect(attrsOf(await reading)).toEqual({ a: '1' });
  });

  it('of a session that this process knows nothing of is written before it resolves', async () => {
    const there = process();
    const change = there.durable.hold('change');
    const changed = there.set(KEY, 'a', '1');
    expect(await isSettled(changed)).toBe(false);
    change.release();
    expect(await changed).toEqual({ version: 2 });
    expect(attrsOf(written())).toEqual({ a: '1' });
  });

  it('of a session that has expired meanwhile is for the durable tier to refuse', async () => {
    const delta = { set: new Map([['a', '1']]), unset: [], op: 'op' };
    expect(await here.store.change(KEY, delta, NOW + 3_600_000)).toBe('gone');
  });
});

describe('what comes while a write is on its way', () => {
  it('is one write, however much it is', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '0');
    here.durable.forget();
    for (let count = 1; count <= 50; count++) {
      expect(await here.set(KEY, `a${count % 5}`, String(count))).toEqual({ version: 2 + count });
      await here.store.touch(KEY, NOW + count);
    }
    expect(here.durable.writes).toBe(0);
    change.release();
    await turns();
    expect(here.durable.writes).toBe(1);
    expect(written()).toMatchObject({ version: 52, accessed: NOW + 50 });
    expect(attrsOf(written())).toEqual({ a: '0', a0: '50', a1: '46', a2: '47', a3: '48', a4: '49' });
  });

  it('sets what was deleted before, and deletes what was set', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '0');
    for (const [set, unset] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      await here.store.change(KEY, { set: new Map([[set, '1']]), unset: [unset], op: here.newOp() }, NOW);
    }
    change.release();
    await turns();
    expect(attrsOf(written())).toEqual({ b: '1' });
  });

  it('is a change whose op is known: it is done already', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '0', { op: 'same' });
    await here.set(KEY, 'b', '0');
    expect(await here.set(KEY, 'a', '0', { op: 'same' })).toEqual({ version: 3 });
    change.release();
    await turns();
    expect(written()?.version).toBe(3);
  });

  it('touches only, if it is only accesses', async () => {
    const touch = here.durable.hold('touch');
    for (let ms = 0; ms < 10; ms++) expect(await here.store.touch(KEY, NOW + ms)).toBe(true);
    touch.release();
    await turns();
    expect([here.durable.count('touch'), here.durable.count('change')]).toEqual([2, 0]);
    expect(written()).toMatchObject({ version: 1, accessed: NOW + 9 });
  });
});

describe('a session that only pending accesses keep alive', () => {
  it('is alive', async () => {
    const touch = here.durable.hold('touch');
    const deadline = NOW + 3_600_000;
    await here.store.touch(KEY, deadline - 1);
    const read = here.get(KEY, deadline);
    expect(await isSettled(read)).toBe(false);
    touch.release();
    expect(await read).toMatchObject({ accessed: deadline - 1 });
  });

  it('stays alive over many of them, written late', async () => {
    const touch = here.durable.hold('touch');
    for (let hours = 0; hours < 10; hours++) await here.store.touch(KEY, NOW + hours * 3_599_999);
    touch.release();
    await turns();
    expect(written()?.accessed).toBe(NOW + 9 * 3_599_999);
  });

  it('isn’t purged', async () => {
    const touch = here.durable.hold('touch');
    await here.store.touch(KEY, NOW + 3_000_000);
    const purged = here.store.purge({ now: NOW + 3_700_000, batchSize: 100, deadline: 1_000 });
    await turns();
    touch.release();
    expect(await purged).toEqual({ completed: true, removed: 0 });
  });
});

describe('an update', () => {
  it('comes after what is pending', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'count', '1');
    await here.set(KEY, 'more', '1');
    const updated = here.set(KEY, 'count', '2', { ifVersion: 3 });
    expect(await isSettled(updated)).toBe(false);
    change.release();
    expect(await updated).toEqual({ version: 4 });
    expect(attrsOf(written())).toEqual({ count: '2', more: '1' });
  });

  it('fails if what is pending can’t be written now, and that is written later all the same', async () => {
    const up = failing(here.durable, 'change');
    await here.set(KEY, 'count', '1');
    await expect(here.set(KEY, 'count', '2', { ifVersion: 2 })).rejects.toEqual(errorOf('STORE_FAILED'));
    up();
    await later();
    expect(attrsOf(written())).toEqual({ count: '1' });
  });

  it('that builds on a read while a write’s outcome was unknown overwrites nobody’s change', async () => {
    // The first change arrives, its answer doesn't, and another process changes the same attribute.
    const replies = here.durable.intercept('change', async (proceed) => {
      await proceed();
      throw new Error('connection lost');
    });
    await here.set(KEY, 'count', '1');
    await turns();
    replies();
    const there = process();
    await there.set(KEY, 'count', '100');
    const read = await here.get(KEY);
    await later();
    for (const more of ['101', '102', '103']) {
      const update = await here.set(KEY, 'count', '2', { ifVersion: read?.version ?? 0 });
      expect(update).toMatchObject({ conflict: {} });
      await there.set(KEY, 'count', more, { ifVersion: written()?.version ?? 0 });
      expect(attrsOf(written())).toEqual({ count: more });
    }
  });

  it('that builds on a copy which is older than what is known here overwrites nobody’s change', async () => {
    const [there, third] = [process(), process()];
    for (const reader of [there, third]) await reader.get(OTHER);
    const fill = third.cache.holdCopies('fill');
    await third.get(KEY);
    await fill.reached;
    // Another process has changed the session, and not yet dropped the copy that lies there in a moment.
    const drop = there.cache.holdCopies('drop');
    const theirs = there.set(KEY, 'count', '100', { ifVersion: 1 });
    await drop.reached;
    expect(await here.get(KEY)).toMatchObject({ version: 2 });
    fill.open();
    await turns();
    const change = here.durable.hold('change');
    await here.set(KEY, 'other', '1');
    const read = await here.get(KEY);
    expect(attrsOf(read)).toEqual({ other: '1' });
    drop.open();
    expect(await theirs).toEqual({ version: 2 });
    change.release();
    const update = await here.set(KEY, 'count', '1', { ifVersion: read?.version ?? 0 });
    expect(update).toMatchObject({ conflict: { version: 3 } });
    expect(attrsOf(written())).toEqual({ count: '100', other: '1' });
  });

  it('that builds on the version a change was told overwrites nobody’s change either', async () => {
    const there = process();
    await there.get(KEY);
    await there.set(KEY, 'count', '100');
    await turns();
    const told = await here.set(KEY, 'other', '1');
    expect(told).toEqual({ version: 2 });
    const update = await here.set(KEY, 'count', '1', { ifVersion: 2 });
    expect(update).toMatchObject({ conflict: { version: 3 } });
  });
});

describe('a write whose answer is lost', () => {
  it('is sent again and not done again, with the change of another process in between', async () => {
    here.durable.intercept('change', async (proceed) => {
      await proceed();
      throw new Error('connection lost');
    });
    await here.set(KEY, 'a', 'here');
    await turns();
    const there = process();
    await there.set(KEY, 'a', 'there');
    await later();
    expect(here.durable.count('change')).toBe(2);
    expect(written()).toMatchObject({ version: 3 });
    expect(attrsOf(written())).toEqual({ a: 'there' });
  });

  it('stays as it was sent: what comes later is another write', async () => {
    here.durable.intercept('change', async (proceed) => {
      await proceed();
      throw new Error('connection lost');
    });
    await here.set(KEY, 'a', '1');
    await turns();
    await here.set(KEY, 'b', '2');
    await later();
    expect(here.durable.count('change')).toBe(3);
    expect(written()).toMatchObject({ version: 3 });
    expect(attrsOf(written())).toEqual({ a: '1', b: '2' });
  });
});

describe('a rename', () => {
  it('comes after what is pending, and what comes later reaches the successor', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    const renamed = here.rename(KEY, NEXT);
    await here.set(KEY, 'b', '2');
    expect(await isSettled(renamed)).toBe(false);
    change.release();
    expect(await renamed).toBe('done');
    await here.set(NEXT, 'c', '3');
    await here.set(KEY, 'd', '4');
    expect(attrsOf(await here.get(NEXT))).toEqual({ a: '1', b: '2', c: '3', d: '4' });
    await turns();
    expect(attrsOf(written(NEXT))).toEqual({ a: '1', b: '2', c: '3', d: '4' });
  });

  it('takes what came while it was on its way along, even if that is written after the forward has ended', async () => {
    const rename = here.durable.hold('rename', 'after');
    const renamed = here.rename(KEY, NEXT);
    await rename.reached;
    const up = failing(here.durable, 'change');
    await here.set(KEY, 'a', '1');
    rename.release();
    await renamed;
    // As in a store that has dropped the forward.
    here.durable.intercept('change', (proceed, [key]) => (key === KEY ? 'gone' : proceed()), Infinity);
    up();
    await later();
    expect(attrsOf(written(NEXT))).toEqual({ a: '1' });
  });

  it('leaves it to the durable tier how long the old key leads to the session', async () => {
    await here.rename(KEY, NEXT);
    const late = { set: new Map([['a', '1']]), unset: [], op: 'late' };
    expect(await here.store.change(KEY, late, NOW + 60_000)).toBe('gone');
    expect(await here.store.touch(KEY, NOW + 60_000)).toBe(false);
  });

  it('by another process keeps the order of changes by the old key and by the new one', async () => {
    const there = process();
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', 'first');
    await there.rename(KEY, NEXT);
    expect(await here.attr(NEXT, 'a')).toBe('first');
    await here.set(NEXT, 'a', 'second');
    expect(await here.attr(NEXT, 'a')).toBe('second');
    change.release();
    await turns();
    expect(attrsOf(written(NEXT))).toEqual({ a: 'second' });
  });
});

describe('a read that a rename overtakes', () => {
  it('by this process leaves the session where it is now', async () => {
    await here.get(OTHER);
    const answer = here.durable.hold('get', 'after');
    const read = here.get(KEY);
    await answer.reached;
    await here.rename(KEY, NEXT);
    answer.release();
    await read;
    const change = here.durable.hold('change');
    expect(await isSettled(here.set(NEXT, 'a', '1'))).toBe(true);
    change.release();
  });

  it('by another process, and a read of the successor, does so too', async () => {
    const there = process();
    await there.get(OTHER);
    const answer = there.durable.hold('get', 'after');
    const read = there.get(KEY);
    await answer.reached;
    await here.rename(KEY, NEXT);
    await there.get(NEXT);
    answer.release();
    await read;
    const change = there.durable.hold('change');
    expect(await isSettled(there.set(NEXT, 'a', '1'))).toBe(true);
    change.release();
  });

  it('and that is answered before the rename is keeps nobody from following the session', async () => {
    const rename = here.durable.hold('rename');
    const renamed = here.rename(KEY, NEXT);
    await rename.reached;
    await here.get(KEY);
    rename.release();
    await renamed;
    await here.get(NEXT);
    const change = here.durable.hold('change');
    expect(await isSettled(here.set(NEXT, 'a', '1'))).toBe(true);
    change.release();
  });
});

describe('a read that a remove overtakes', () => {
  /** A read in a process that knows nothing of the session, held on its way back until `work` is done. */
  async function overtaken(there: Process, key: string, work: () => Promise<unknown>): Promise<void> {
    await there.get('ijkl.other');
    const answer = there.durable.hold('get', 'after');
    const read = there.get(key);
    await answer.reached;
    await work();
    answer.release();
    expect(await read).toBeDefined();
  }

  it('makes no change resolve that comes later', async () => {
    const there = process();
    await overtaken(there, KEY, async () => there.store.remove(KEY));
    expect(await there.set(KEY, 'a', '1')).toBe('gone');
    expect(await there.store.touch(KEY, NOW + 1)).toBe(false);
  });

  it('and that this process heard of by a write makes none resolve either', async () => {
    const there = process();
    await there.get(KEY);
    cache.flush();
    await overtaken(there, KEY, async () => {
      await here.store.remove(KEY);
      await there.set(KEY, 'a', '1');
      await turns();
    });
    expect(await there.set(KEY, 'a', '2')).toBe('gone');
  });

  it('of another session keeps the order of changes all the same', async () => {
    const there = process();
    await there.add(OTHER);
    await there.get(KEY);
    const change = there.durable.hold('change');
    await there.set(KEY, 'a', 'first');
    await here.rename(KEY, NEXT);
    await overtaken(there, NEXT, async () => there.store.remove(OTHER));
    const second = there.set(NEXT, 'a', 'second', { ifVersion: 2 });
    change.release();
    expect(await second).toEqual({ version: 3 });
    expect(attrsOf(written(NEXT))).toEqual({ a: 'second' });
  });
});

describe('a remove', () => {
  it('is final, with a write on its way and another one waiting', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    await here.set(KEY, 'b', '2');
    expect(await here.store.remove(KEY)).toBe(true);
    change.release();
    await later();
    expect(await here.get(KEY)).toBeUndefined();
    expect(written()).toBeUndefined();
    expect(here.durable.count('change')).toBe(1);
    expect(await here.set(KEY, 'a', '1')).toBe('gone');
    await here.store.close();
  });

  it('is told to changes and accesses that come later', async () => {
    await here.store.remove(KEY);
    expect([await here.set(KEY, 'a', '1'), await here.store.touch(KEY, NOW + 1)]).toEqual(['gone', false]);
  });

  it('is told to changes under the key that the session was given at the same time', async () => {
    const rename = here.durable.hold('rename', 'after');
    const renamed = here.rename(KEY, NEXT);
    await rename.reached;
    expect(await here.store.remove(KEY)).toBe(true);
    rename.release();
    expect(await renamed).toBe('done');
    expect(await here.set(NEXT, 'a', '1')).toBe('gone');
  });

  it('that fails loses nothing of what is pending', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    await here.set(KEY, 'b', '2');
    const up = failing(here.durable, 'remove');
    await expect(here.store.remove(KEY)).rejects.toThrow();
    up();
    change.release();
    await turns();
    expect(attrsOf(written())).toEqual({ a: '1', b: '2' });
  });

  it('by another process isn’t undone, nor hidden, by what is pending', async () => {
    await here.copied(KEY);
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    const there = process();
    await there.store.remove(KEY);
    const read = here.get(KEY);
    change.release();
    expect(await read).toBeUndefined();
    expect(written()).toBeUndefined();
    expect(here.log).toEqual([`Session handle of ${KEY} was gone before its last changes were written.`]);
    expect(await here.set(KEY, 'a', '1')).toBe('gone');
  });
});

describe('a full queue', () => {
  beforeEach(async () => {
    here = process({ maxPending: 1 });
    await here.add(OTHER);
    await here.get(KEY);
    await here.get(OTHER);
  });

  it('makes changes of further sessions wait, and drops none', async () => {
    const change = here.durable.hold('change', 'before', 2);
    await here.set(KEY, 'a', '1');
    expect(await here.set(KEY, 'b', '2')).toEqual({ version: 3 });
    const waiting = here.set(OTHER, 'a', '1');
    const touching = Promise.resolve(here.store.touch(OTHER, NOW + 1));
    await change.reached;
    expect(await isSettled(waiting)).toBe(false);
    change.release();
    expect([await waiting, await touching]).toEqual([{ version: 2 }, true]);
    expect([attrsOf(written()), attrsOf(written(OTHER))]).toEqual([{ a: '1', b: '2' }, { a: '1' }]);
  });

  it('has room again when what was pending is written', async () => {
    await here.set(KEY, 'a', '1');
    await turns();
    const change = here.durable.hold('change');
    expect(await isSettled(here.set(OTHER, 'a', '1'))).toBe(true);
    change.release();
  });
});

describe('while the durable tier is down', () => {
  it('changes are kept, tried again and again, and written when it is back', async () => {
    await here.add(OTHER);
    const up = failing(here.durable, 'change', 'touch', 'get');
    await here.set(KEY, 'a', '1');
    await here.store.touch(OTHER, NOW + 5);
    await later(60_000);
    await here.set(KEY, 'b', '2');
    await later(60_000);
    const tries = here.durable.count('change');
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(40);
    up();
    await later();
    expect(written()).toMatchObject({ version: 3 });
    expect(attrsOf(written())).toEqual({ a: '1', b: '2' });
    expect(written(OTHER)).toMatchObject({ accessed: NOW + 5 });
  });

  it('that is said once, and once when it is back', async () => {
    const up = failing(here.durable, 'change');
    await here.set(KEY, 'a', '1');
    await later(60_000);
    up();
    await later();
    expect(here.log).toEqual([
      'The durable session store failed (Error ECONNREFUSED).',
      'The durable session store answers again.',
    ]);
  });

  it('a write that isn’t answered is sent again', async () => {
    here.durable.intercept('change', () => new Promise(() => undefined));
    await here.set(KEY, 'a', '1');
    await later(20_000);
    expect(attrsOf(written())).toEqual({ a: '1' });
  });

  it('no rejection goes unhandled', async () => {
    vi.useRealTimers();
    const up = failing(here.durable, 'change', 'touch');
    const unhandled = await unhandledRejections(async () => {
      await here.set(KEY, 'a', '1');
      await here.store.touch(KEY, NOW + 1);
      await here.set(KEY, 'a', '1', { ifVersion: 1 }).catch(() => undefined);
      await turns();
    });
    expect(unhandled).toEqual([]);
    up();
    await here.store.close();
  });
});

describe('a crash', () => {
  it('loses what wasn’t acknowledged by the durable tier, and nothing else', async () => {
    await here.set(KEY, 'a', 'written');
    await turns();
    // Never released: the process ends here.
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', 'on its way');
    await here.set(KEY, 'b', 'waiting');
    await change.reached;
    const there = process();
    expect(attrsOf(await there.get(KEY))).toEqual({ a: 'written' });
  });
});

describe('close', () => {
  it('writes what is pending, with as many tries as it takes', async () => {
    const up = failing(here.durable, 'change');
    await here.set(KEY, 'a', '1');
    await here.set(KEY, 'b', '2');
    const closed = Promise.resolve(here.store.close());
    await later(500);
    expect(await isSettled(closed)).toBe(false);
    up();
    await later(500);
    await closed;
    expect(attrsOf(written())).toEqual({ a: '1', b: '2' });
    expect(here.durable.count('close')).toBe(1);
  });

  it.each([
    ['fails', () => void failing(here.durable, 'change')],
    ['doesn’t answer', () => void here.durable.intercept('change', () => new Promise(() => undefined), Infinity)],
  ])('gives up after flushTimeout on a durable tier that %s, and says what is lost', async (_, breakDown) => {
    here = process({ flushTimeout: '3s' });
    await here.get(KEY);
    breakDown();
    await here.set(KEY, 'a', '1');
    const closed = here.store.close();
    const outcome = closed.catch((error: unknown) => error);
    await later(2_900);
    expect(await isSettled(closed)).toBe(false);
    await later(200);
    expect(await outcome).toEqual(errorOf('STORE_FAILED', '1'));
    expect(here.log.at(-1)).toContain('are lost');
    expect([here.durable.count('close'), here.cache.count('close')]).toEqual([1, 1]);
    const tries = here.durable.count('change');
    await later(60_000);
    expect(here.durable.count('change')).toBeLessThanOrEqual(tries + 1);
  });

  it('lets no change wait any more: what comes later is written before it resolves', async () => {
    const flush = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    const closed = here.store.close();
    const late = here.set(KEY, 'b', '2');
    expect(await isSettled(late)).toBe(false);
    flush.release();
    expect(await late).toEqual({ version: 3 });
    await closed;
  });
});
