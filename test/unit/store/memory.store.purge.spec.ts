/** The purge removes what has expired and nothing else, in slices between which others have their turn. */
import { setImmediate } from 'node:timers/promises';
import { MemoryStore } from 'nestjs-http-session/core';
import { describe, expect, it, vi } from 'vitest';
import { SeededRandom } from '../fixtures/seeded.random.js';
import { recordOf } from '../fixtures/record.js';

const TIMEOUT = 60_000;
const ALL_OF_IT = { now: TIMEOUT + 1_000, batchSize: 100, deadline: Infinity };

function storeOf(sessions: number, timeout = TIMEOUT): MemoryStore {
  const store = new MemoryStore();
  for (let number = 0; number < sessions; number++) {
    store.add(keyOf(number), recordOf({ timeout }), { op: `${number}` });
  }
  return store;
}

function keyOf(number: number): string {
  return `tagg.${Buffer.from(`number ${number}`).toString('base64url')}`;
}

/** A clock on which every look costs a millisecond: each batch then fills a slice. */
function slowMachine(): void {
  let time = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => ++time);
}

describe('the purge', () => {
  it('removes what has expired, tells how many, and that it is done', async () => {
    const store = storeOf(500);
    await expect(store.purge(ALL_OF_IT)).resolves.toEqual({ completed: true, removed: 500 });
    expect(store.size).toBe(0);
    await expect(store.purge(ALL_OF_IT)).resolves.toEqual({ completed: true, removed: 0 });
  });

  it('leaves what lives, to the millisecond', async () => {
    const store = storeOf(500);
    await expect(store.purge({ ...ALL_OF_IT, now: TIMEOUT - 1 })).resolves.toEqual({ completed: true, removed: 0 });
    for (let number = 0; number < 500; number++) expect(store.get(keyOf(number), TIMEOUT - 1)).toBeDefined();
  });

  it('leaves a session whose deadline moved, and takes it later', async () => {
    const store = storeOf(10);
    store.touch(keyOf(3), 30_000);
    await expect(store.purge(ALL_OF_IT)).resolves.toEqual({ completed: true, removed: 9 });
    expect(store.get(keyOf(3), ALL_OF_IT.now)).toBeDefined();
    await expect(store.purge({ ...ALL_OF_IT, now: 91_000 })).resolves.toEqual({ completed: true, removed: 1 });
  });

  it('removes forwards when their time is over, and does not count them', async () => {
    const store = storeOf(1, 10 * TIMEOUT);
    store.rename(keyOf(0), 'tagg.next', { op: 'r', now: 0, forwardUntil: 60_000, graceUntil: 0 });
    await expect(store.purge(ALL_OF_IT)).resolves.toEqual({ completed: true, removed: 0 });
    expect(store.size).toBe(1);
    expect(store.get('tagg.next', ALL_OF_IT.now)).toBeDefined();
    expect(store.remove(keyOf(0))).toBe(false); // the forward is gone
  });

  it('lets others have their turn again and again', async () => {
    const store = storeOf(20_000);
    slowMachine();
    let turns = 0;
    let purging = true;
    const others = (async () => {
      while (purging) {
        await setImmediate();
        turns++;
      }
    })();
    await store.purge(ALL_OF_IT);
    purging = false;
    await others;
    expect(turns).toBeGreaterThanOrEqual(200); // a slice of at most 100 sessions each
  });

  it('answers others between its slices, for what it has removed and for what it has not', async () => {
    const store = storeOf(20_000);
    slowMachine();
    const purged = store.purge(ALL_OF_IT);
    await setImmediate();
    await setImmediate();
    expect(store.size).toBeGreaterThan(0);
    expect(store.size).toBeLessThan(20_000);
    expect(store.get(keyOf(1), ALL_OF_IT.now)).toBeUndefined();
    expect(store.add('tagg.new', recordOf({ accessed: ALL_OF_IT.now }), { op: 'new' })).toBe('added');
    await purged;
    expect(store.get('tagg.new', ALL_OF_IT.now)).toBeDefined();
    expect(store.size).toBe(1);
  });

  it('stops when its time is up, says that it is not done, and goes on when it is called again', async () => {
    const store = storeOf(20_000);
    slowMachine();
    const first = await store.purge({ ...ALL_OF_IT, deadline: 50 });
    expect(first.completed).toBe(false);
    expect(first.removed).toBeGreaterThan(0);
    expect(first.removed).toBeLessThan(10_000);
    const rest = await store.purge(ALL_OF_IT);
    expect(rest).toEqual({ completed: true, removed: 20_000 - first.removed });
  });

  it('takes no more than batchSize in one step', async () => {
    const store = storeOf(1_000);
    slowMachine();
    const purged = store.purge({ ...ALL_OF_IT, batchSize: 10 });
    const sizes = [store.size];
    while (store.size > 0) {
      await setImmediate();
      sizes.push(store.size);
    }
    await purged;
    const steps = sizes.slice(1).map((size, index) => (sizes[index] ?? size) - size);
    expect(Math.max(...steps)).toBeLessThanOrEqual(10);
  });

  it('may run twice at once: each session is counted once', async () => {
    const store = storeOf(5_000);
    slowMachine();
    const runs = await Promise.all([store.purge(ALL_OF_IT), store.purge(ALL_OF_IT)]);
    expect(runs.reduce((sum, { removed }) => sum + removed, 0)).toBe(5_000);
    expect(store.size).toBe(0);
  });

  it.each([1, 2, 3])('does as a naive store does, whatever came before (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const store = new MemoryStore();
    const deadlines = new Map<string, number>();
    let now = 0;
    for (let step = 0; step < 3_000; step++) {
      now += random.below(200);
      const key = keyOf(random.below(500));
      const timeout = 1_000 + random.below(60_000);
      const live = (deadlines.get(key) ?? -1) > now;
      if (!deadlines.has(key)) {
        expect(store.add(key, recordOf({ created: now, accessed: now, timeout }), { op: `${step}` })).toBe('added');
        deadlines.set(key, now + timeout);
      } else if (random.next() < 0.2) {
        expect(store.remove(key)).toBe(true);
        deadlines.delete(key);
      } else if (random.next() < 0.02) {
        const { removed } = await store.purge({ ...ALL_OF_IT, now });
        const gone = [...deadlines].filter(([other]) => store.get(other, -Infinity) === undefined);
        expect(gone).toHaveLength(removed);
        for (const [other, deadline] of gone) {
          expect(deadline).toBeLessThanOrEqual(now);
          deadlines.delete(other);
        }
        for (const deadline of deadlines.values()) expect(deadline).toBeGreaterThan(now - 1_000);
      } else {
        const found = store.get(key, now);
        expect(found !== undefined && 'record' in found).toBe(live);
        expect(store.touch(key, now)).toBe(live);
        if (found && 'record' in found) deadlines.set(key, now + found.record.timeout);
      }
      expect(store.size).toBe(deadlines.size);
    }
  });
});
