import type { Awaitable, Delta, Key, RenameOptions } from 'nestjs-http-session/core';
import { testSessionStore } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../fixtures/record.js';
import { MapStore, remotely } from './compare-and-swap.fixture.js';

const EXPECTED = { shared: true, atomic: true, acknowledged: 'backend' } as const;

describe('CompareAndSwapStore, in one process', () => {
  testSessionStore({ describe, it }, () => new MapStore(), EXPECTED);
});

describe('CompareAndSwapStore, in two processes', () => {
  testSessionStore({ describe, it }, () => new MapStore(new Map(), remotely), {
    ...EXPECTED,
    createSecondStore: (first) => new MapStore((first as MapStore).texts, remotely),
  });
});

const MINUTE = 60_000;
const [KEY, SUCCESSOR] = ['tag.key', 'tag.successor'];

function deltaOf(op: string, more: Partial<Delta> = {}): Delta {
  return { set: new Map([[op, '1']]), unset: [], op, ...more };
}

function renameOptions(op: string, now = 0): RenameOptions {
  return { op, now, forwardUntil: now + MINUTE, graceUntil: now };
}

/** Remembers for how long what it wrote was to be kept. */
class KeepingStore extends MapStore {
  kept: (readonly [Key, number])[] = [];
  swaps = 0;

  protected override async swap(
    key: Key,
    expected: string | undefined,
    next: string | undefined,
    keepFor: number,
  ): Promise<boolean> {
    this.swaps++;
    const swapped = await super.swap(key, expected, next, keepFor);
    if (swapped) this.kept.push([key, keepFor]);
    return swapped;
  }
}

describe('CompareAndSwapStore', () => {
  it('lets the backend drop a session a minute after its deadline, and a forward a minute after its end', async () => {
    const store = new KeepingStore();
    await store.add(KEY, recordOf({ timeout: 10 * MINUTE }), { op: 'add' });
    await store.touch(KEY, MINUTE);
    await store.change(KEY, deltaOf('a'), 0.5);
    expect(store.kept).toEqual([
      [KEY, 11 * MINUTE],
      [KEY, 11 * MINUTE],
      [KEY, 12 * MINUTE],
    ]);
    store.kept = [];
    await store.rename(KEY, SUCCESSOR, renameOptions('b', MINUTE));
    expect(store.kept).toEqual([
      // The claim: as long as the session may lie under the old key.
      [SUCCESSOR, 11 * MINUTE],
      [KEY, 2 * MINUTE],
      [SUCCESSOR, 11 * MINUTE],
    ]);
  });

  it('tells whose session it was that has expired, wherever it lies', async () => {
    const store = new MapStore();
    await store.add(KEY, recordOf({ handle: 'whose' }), { op: 'add' });
    expect(await store.get(KEY, MINUTE - 1)).toHaveProperty('record');
    expect(await store.get(KEY, MINUTE)).toEqual({ expired: 'whose' });
    await store.rename(KEY, SUCCESSOR, renameOptions('rename'));
    expect(await store.get(SUCCESSOR, MINUTE)).toEqual({ expired: 'whose' });
    expect(await store.get(KEY, MINUTE)).toBeUndefined();
  });

  it('makes one swap for each of many changes that come at once in one process', async () => {
    const store = new KeepingStore(new Map(), remotely);
    await store.add(KEY, recordOf(), { op: 'add' });
    store.swaps = 0;
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.change(KEY, deltaOf(`op-${index}`), 0)));
    expect(store.swaps).toBe(50);
  });

  it('writes nothing for a touch that moves nothing', async () => {
    const store = new KeepingStore();
    await store.add(KEY, recordOf({ accessed: 5 }), { op: 'add' });
    store.swaps = 0;
    expect(await store.touch(KEY, 5)).toBe(true);
    expect(store.swaps).toBe(0);
  });

  it('knows a write that comes again after seven others, of any kind', async () => {
    const store = new MapStore();
    await store.add(KEY, recordOf(), { op: 'add' });
    await store.change(KEY, deltaOf('again'), 0);
    for (let other = 0; other < 6; other++) await store.change(KEY, deltaOf(`other-${other}`), 0);
    await store.rename(KEY, SUCCESSOR, renameOptions('rename'));
    expect(await store.change(KEY, deltaOf('again', { ifVersion: 1 }), 0)).toEqual({ version: 8 });
    expect(await store.rename(KEY, SUCCESSOR, renameOptions('rename'))).toBe('done');
  });

  it('knows a rename that comes again after the session was moved on', async () => {
    const store = new MapStore();
    await store.add(KEY, recordOf(), { op: 'add' });
    await store.rename(KEY, SUCCESSOR, renameOptions('first'));
    await store.rename(SUCCESSOR, 'tag.third', renameOptions('second'));
    expect(await store.rename(KEY, SUCCESSOR, renameOptions('first'))).toBe('done');
    expect(await store.get('tag.third', 0)).toHaveProperty('record');
  });

  it('lets the version grow by as many steps as a delta is the sum of', async () => {
    const store = new MapStore();
    await store.add(KEY, recordOf({ version: 4 }), { op: 'add' });
    expect(await store.change(KEY, deltaOf('a', { steps: 3 }), 0)).toEqual({ version: 7 });
  });

  it('removes what a new session replaces, wherever it was moved to, also when only that was left to do', async () => {
    const store = new MapStore();
    await store.add(KEY, recordOf(), { op: 'add' });
    await store.rename(KEY, SUCCESSOR, renameOptions('rename'));
    await store.add('tag.new', recordOf(), { op: 'new' });
    expect(await store.add('tag.new', recordOf(), { op: 'new', replaces: KEY })).toBe('added');
    expect(await store.get(SUCCESSOR, 0)).toBeUndefined();
  });

  it('removes nothing when the new session is not added', async () => {
    const store = new MapStore();
    await store.add(KEY, recordOf(), { op: 'add' });
    await store.add(SUCCESSOR, recordOf(), { op: 'other' });
    expect(await store.add(SUCCESSOR, recordOf(), { op: 'new', replaces: KEY })).toBe('exists');
    expect(await store.get(KEY, 0)).toHaveProperty('record');
  });

  it.each([
    ['hello', 'it is no record'],
    ['["session","op"]\n[1,0', 'it is no record'],
    ['["session","op"]\n[2,"later"]', 'its format is 2'],
  ])('reads %j as broken, and leaves it until it is removed', async (text, broken) => {
    const store = new MapStore(new Map([[KEY, text]]));
    expect(await store.get(KEY, 0)).toEqual({ broken });
    expect(await store.touch(KEY, 0)).toBe(false);
    expect(await store.change(KEY, deltaOf('a'), 0)).toBe('gone');
    expect(await store.rename(KEY, SUCCESSOR, renameOptions('b'))).toBe('gone');
    expect(await store.add(KEY, recordOf(), { op: 'add' })).toBe('exists');
    await store.purge({ now: 1e15, batchSize: 100, deadline: MINUTE });
    expect(store.texts).toEqual(new Map([[KEY, text]]));
    expect(await store.remove(KEY)).toBe(true);
    expect(store.texts.size).toBe(0);
  });

  it.each(['read', 'swap'])('rejects with what %s rejects with, and goes on afterwards', async (method) => {
    let down = false;
    class Failing extends MapStore {
      protected override read(key: Key): Awaitable<string | undefined> {
        return down && method === 'read' ? Promise.reject(new Error('down')) : super.read(key);
      }
      protected override swap(...args: Parameters<MapStore['swap']>): Awaitable<boolean> {
        return down && method === 'swap' ? Promise.reject(new Error('down')) : super.swap(...args);
      }
    }
    const store = new Failing();
    await store.add(KEY, recordOf(), { op: 'add' });
    down = true;
    await expect(store.change(KEY, deltaOf('a'), 0)).rejects.toThrow('down');
    await expect(store.remove(KEY)).rejects.toThrow('down');
    down = false;
    expect(await store.change(KEY, deltaOf('b'), 0)).toEqual({ version: 2 });
  });

  it('gives up on a backend that gives texts back otherwise than they were', async () => {
    class Trimming extends MapStore {
      protected override async read(key: Key): Promise<string | undefined> {
        return (await super.read(key))?.replace('"seed"', '"Seed"');
      }
    }
    const store = new Trimming();
    await store.add(KEY, recordOf(), { op: 'add' });
    await expect(store.change(KEY, deltaOf('a'), 0)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  it('gives up on forwards that lead in a circle', async () => {
    const store = new MapStore();
    await store.add(KEY, recordOf(), { op: 'add' });
    await store.rename(KEY, SUCCESSOR, renameOptions('rename'));
    store.texts.set(SUCCESSOR, (store.texts.get(KEY) ?? '').replace(SUCCESSOR, KEY));
    await expect(store.touch(KEY, 1)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});
