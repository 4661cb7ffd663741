/** What comes between a read of the durable tier and the copy that is made of it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { turns } from '../../fixtures/turns.js';
import { type Process, TwoProcesses } from './tiered.fixture.js';

const KEY = 'abcd.key';
const NEXT = 'abcd.next';

let here: Process;
let there: Process;

beforeEach(async () => {
  ({ here, there } = new TwoProcesses());
  await here.add(KEY);
});

/** A read here that has its record from the durable tier, and brings no copy before `there` has done its work. */
async function overtaken(work: () => Promise<unknown>): Promise<void> {
  await here.get('efgh.other');
  const answer = here.durable.hold('get', 'after');
  const read = here.get(KEY);
  await answer.reached;
  await work();
  answer.release();
  expect(await read).toMatchObject({ version: 1 });
  await turns();
}

/** As above, but the copy is on its way already, or its process stands still. */
async function overtakenInFlight(work: () => Promise<unknown>): Promise<void> {
  const fill = here.cache.holdCopies('fill');
  await here.get(KEY);
  await fill.reached;
  await work();
  fill.open();
  await turns();
}

describe.each([
  ['a read that is overtaken', overtaken],
  ['a copy that is overtaken', overtakenInFlight],
])('%s', (_, whileOnItsWay) => {
  it('by a remove brings nothing back', async () => {
    await whileOnItsWay(() => Promise.resolve(there.store.remove(KEY)));
    expect([await here.get(KEY), await there.get(KEY)]).toEqual([undefined, undefined]);
  });

  it('by a change hides nothing', async () => {
    await whileOnItsWay(() => there.set(KEY, 'a', '1'));
    expect([await here.attr(KEY, 'a'), await there.attr(KEY, 'a')]).toEqual(['1', '1']);
  });

  it('by a change and the read of another process doesn’t take the place of the newer copy', async () => {
    await whileOnItsWay(async () => {
      await there.set(KEY, 'a', '1');
      await there.copied(KEY);
    });
    expect([await here.attr(KEY, 'a'), await there.attr(KEY, 'a')]).toEqual(['1', '1']);
  });

  it('by a rename leaves the old key dead', async () => {
    await whileOnItsWay(() => there.rename(KEY, NEXT));
    expect([await here.get(KEY), await there.get(KEY)]).toEqual([undefined, undefined]);
    expect(await here.get(NEXT)).toBeDefined();
  });

  it('by a cache that loses everything, and a remove, brings nothing back', async () => {
    await whileOnItsWay(async () => {
      here.cache.flush();
      await there.store.remove(KEY);
    });
    expect([await here.get(KEY), await there.get(KEY)]).toEqual([undefined, undefined]);
  });

  it('by a remove, and a cache that loses everything then, brings nothing back', async () => {
    await whileOnItsWay(async () => {
      await there.store.remove(KEY);
      here.cache.flush();
    });
    expect([await here.get(KEY), await there.get(KEY)]).toEqual([undefined, undefined]);
  });

  it('by a touch hides it from nobody', async () => {
    const later = 1_700_000_060_000;
    await whileOnItsWay(() => Promise.resolve(there.store.touch(KEY, later)));
    expect((await here.get(KEY))?.accessed).toBe(later);
  });
});

describe('a session that another process has renamed', () => {
  beforeEach(async () => {
    await here.get(KEY);
    await there.rename(KEY, NEXT);
    await there.copied(NEXT);
  });

  it('shows what is changed by the old key under the new one', async () => {
    await here.set(KEY, 'a', '1');
    expect(await there.attr(NEXT, 'a')).toBe('1');
  });

  it('is gone under the new key when it is removed by the old one', async () => {
    expect(await here.store.remove(KEY)).toBe(true);
    expect(await there.get(NEXT)).toBeUndefined();
  });

  it('is gone under the new key when another session takes its place by the old one', async () => {
    const record = await there.get(NEXT);
    if (record) await here.store.add('efgh.key', { ...record, handle: 'other' }, { op: here.newOp(), replaces: KEY });
    expect(await there.get(NEXT)).toBeUndefined();
  });

  it('is found under the last key only when it is renamed by the first one', async () => {
    expect(await here.rename(KEY, 'abcd.last')).toBe('done');
    expect(await there.get(NEXT)).toBeUndefined();
    expect(await there.get('abcd.last')).toBeDefined();
  });

  it('is gone under the new key when it is removed by the old one of which nothing is left to be read', async () => {
    // As in SQL, where a row that is deleted takes its forwards with it.
    here.durable.intercept('get', () => undefined, Infinity);
    await here.store.remove(KEY);
    expect(await there.get(NEXT)).toBeUndefined();
  });
});

describe('a rename that comes while a remove by the old key is on its way', () => {
  it('leaves no copy of the successor', async () => {
    const removal = here.durable.hold('remove');
    const removed = here.store.remove(KEY);
    await removal.reached;
    await there.rename(KEY, NEXT);
    await there.copied(NEXT);
    removal.release();
    expect(await removed).toBe(true);
    expect(await there.get(NEXT)).toBeUndefined();
  });
});

describe('a write whose outcome nobody knows', () => {
  it('is seen by all if it happened', async () => {
    await there.copied(KEY);
    here.durable.intercept('change', async (proceed) => {
      await proceed();
      throw new Error('connection lost');
    });
    await expect(here.set(KEY, 'a', '1')).rejects.toThrow('connection lost');
    expect(await there.attr(KEY, 'a')).toBe('1');
  });
});
