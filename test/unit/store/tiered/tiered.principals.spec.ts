/** Sessions of a principal in two tiers: the durable one lists them, counts them and ends them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { failing } from '../../../support/store.faults.js';
import { isSettled, turns } from '../../fixtures/turns.js';
import { NOW, type Process, TwoProcesses } from './tiered.fixture.js';

const TAG = 'principal-ab';
const [KEY, OTHER, NEXT, NEW] = [`${TAG}.key`, `${TAG}.other`, `${TAG}.next`, `${TAG}.new`];
const SOMEBODY_ELSES = 'principal-cd.key';
const HOUR = 3_600_000;

let here: Process;
let there: Process;

async function start(options: ConstructorParameters<typeof TwoProcesses>[0] = {}): Promise<void> {
  ({ here, there } = new TwoProcesses(options));
  await here.add(KEY, { principal: 'a', created: NOW - 1 });
  await here.add(OTHER, { principal: 'a' });
  await here.add(SOMEBODY_ELSES, { principal: 'b' });
}

const revokes = async (by: Process, except?: string) => by.store.removeAll(TAG, NOW, except);

async function listed(by: Process, now = NOW): Promise<string[]> {
  return (await by.store.list(TAG, now)).map(({ key }) => key).sort();
}

/** Whether a session lives, for the processes. */
async function livesFor(key: string, ...processes: Process[]): Promise<boolean[]> {
  return Promise.all(processes.map(async (one) => (await one.get(key)) !== undefined));
}

describe('copies', () => {
  beforeEach(() => start());

  it('of all sessions of a principal are served no more when they are revoked, in any process', async () => {
    for (const key of [KEY, OTHER, SOMEBODY_ELSES]) for (const one of [here, there]) await one.copied(key);
    expect(await revokes(here)).toBe(2);
    for (const key of [KEY, OTHER]) expect(await livesFor(key, here, there)).toEqual([false, false]);
    there.durable.forget();
    expect(await there.get(SOMEBODY_ELSES)).toBeDefined();
    expect(there.durable.count('get')).toBe(0);
  });

  it('of all but one are served no more when the others are revoked', async () => {
    for (const key of [KEY, OTHER]) await there.copied(key);
    expect(await revokes(here, KEY)).toBe(1);
    expect(await livesFor(KEY, here, there)).toEqual([true, true]);
    expect(await livesFor(OTHER, here, there)).toEqual([false, false]);
  });

  it('are served on when none was revoked, as the one to be spared is gone', async () => {
    await there.copied(OTHER);
    expect(await revokes(here, NEW)).toBe('gone');
    there.durable.forget();
    expect(await there.get(OTHER)).toBeDefined();
    expect(there.durable.count('get')).toBe(0);
  });

  it('are served no more when nobody knows whether the revocation happened', async () => {
    await there.copied(KEY);
    here.durable.intercept('removeAll', async (proceed) => {
      await proceed();
      throw new Error('connection lost');
    });
    await expect(revokes(here)).rejects.toThrow('connection lost');
    expect(await livesFor(KEY, here, there)).toEqual([false, false]);
  });

  it('of a session that is displaced are served no more, in any process', async () => {
    await there.copied(KEY);
    expect(await here.addWithin(2, NEW, { principal: 'a' })).toEqual({ displaced: [`handle of ${KEY}`] });
    expect(await livesFor(KEY, here, there)).toEqual([false, false]);
    expect(await livesFor(OTHER, here, there)).toEqual([true, true]);
  });

  it('of a session that may be displaced are served no more when nobody knows', async () => {
    await there.copied(KEY);
    here.durable.intercept('add', async (proceed) => {
      await proceed();
      throw new Error('connection lost');
    });
    await expect(here.addWithin(2, NEW, { principal: 'a' })).rejects.toThrow('connection lost');
    expect(await livesFor(KEY, here, there)).toEqual([false, false]);
  });

  it('cost nothing when a limit displaces nobody', async () => {
    here.cache.copyCalls.length = 0;
    expect(await here.addWithin(9, NEW, { principal: 'a' })).toBe('added');
    expect(here.cache.copyCalls).toEqual([]);
  });

  it('have no say in what is listed', async () => {
    await here.copied(KEY);
    // As by an application without this class.
    here.cache.failCopies(['drop']);
    await there.rename(KEY, NEXT);
    here.cache.copyCalls.length = 0;
    expect(await listed(here)).toEqual([NEXT, OTHER]);
    expect(here.cache.copyCalls).toEqual([]);
  });
});

/** A read here that has its record from the durable tier, and brings no copy before `there` has done its work. */
async function overtaken(work: () => Promise<unknown>): Promise<void> {
  const answer = here.durable.hold('get', 'after');
  const read = here.get(KEY);
  await answer.reached;
  await work();
  answer.release();
  expect(await read).toBeDefined();
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
  beforeEach(async () => {
    await start();
    // What comes first only looks whether copies may be served.
    await here.get('efgh.other');
  });

  it.each([
    ['the revocation of all', () => revokes(there)],
    ['the revocation of all others', () => revokes(there, OTHER)],
    ['a session that displaces it', () => there.addWithin(2, NEW, { principal: 'a' })],
    [
      'the revocation of all, and a cache that loses everything before',
      async () => {
        here.cache.flush();
        await revokes(there);
      },
    ],
    [
      'the revocation of all, and a cache that loses everything then',
      async () => {
        await revokes(there);
        here.cache.flush();
      },
    ],
  ])('by %s brings nothing back', async (_what, work) => {
    await whileOnItsWay(work);
    expect(await livesFor(KEY, here, there)).toEqual([false, false]);
  });
});

describe('a process that writes later', () => {
  beforeEach(() => start({ write: 'async' }));

  it('lists what only pending accesses keep alive, and the last of them', async () => {
    const touch = here.durable.hold('touch');
    await here.store.touch(KEY, NOW + HOUR - 1);
    const list = Promise.resolve(here.store.list(TAG, NOW + HOUR));
    expect(await isSettled(list)).toBe(false);
    touch.release();
    expect((await list).map(({ key, outline }) => [key, outline.accessed])).toEqual([[KEY, NOW + HOUR - 1]]);
  });

  it('lists without waiting for others', async () => {
    const change = here.durable.hold('change');
    await here.set(SOMEBODY_ELSES, 'a', '1');
    expect(await listed(here)).toEqual([KEY, OTHER]);
    change.release();
  });

  it('counts what only pending accesses keep alive', async () => {
    const touch = here.durable.hold('touch', 'before', 2);
    for (const key of [KEY, OTHER]) await here.store.touch(key, NOW + HOUR - 1);
    const late = { principal: 'a', created: NOW + HOUR, accessed: NOW + HOUR };
    const added = here.addWithin(2, NEW, late);
    expect(await isSettled(added)).toBe(false);
    touch.release();
    expect(await added).toEqual({ displaced: [`handle of ${KEY}`] });
  });

  it('tells who was displaced that it is gone', async () => {
    await here.addWithin(2, NEW, { principal: 'a' });
    expect([await here.set(KEY, 'a', '1'), await here.store.touch(KEY, NOW + 1)]).toEqual(['gone', false]);
    const change = here.durable.hold('change');
    expect(await isSettled(here.set(NEW, 'a', '1'))).toBe(true);
    change.release();
  });

  it('brings nothing back that is revoked, with a write on its way and another one waiting', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    await here.set(KEY, 'b', '2');
    await here.store.touch(OTHER, NOW + 1);
    expect(await revokes(here)).toBe(2);
    change.release();
    await turns();
    for (const key of [KEY, OTHER]) {
      expect(await livesFor(key, here, there)).toEqual([false, false]);
      expect([await here.set(key, 'a', '1'), await here.store.touch(key, NOW + 1)]).toEqual(['gone', false]);
    }
    expect(await listed(here)).toEqual([]);
    await here.store.close();
  });

  it('waits for nothing that is pending when it revokes', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    expect(await revokes(here)).toBe(2);
    change.release();
  });

  it('loses nothing of the one that is spared', async () => {
    const removal = here.durable.hold('removeAll', 'after');
    await here.set(KEY, 'a', '1');
    const revoked = revokes(here, KEY);
    await removal.reached;
    const change = here.durable.hold('change');
    // One on its way, and one that waits.
    await here.set(KEY, 'b', '2');
    await here.set(KEY, 'c', '3');
    removal.release();
    expect(await revoked).toBe(1);
    expect(Object.fromEntries((await here.get(KEY))?.attrs ?? [])).toEqual({ a: '1', b: '2', c: '3' });
    change.release();
    await turns();
    expect(Object.fromEntries((await there.get(KEY))?.attrs ?? [])).toEqual({ a: '1', b: '2', c: '3' });
  });

  it('spares one that only a pending access keeps alive', async () => {
    const touch = here.durable.hold('touch');
    await here.store.touch(KEY, NOW + HOUR - 1);
    const revoked = Promise.resolve(here.store.removeAll(TAG, NOW + HOUR, KEY));
    touch.release();
    expect(await revoked).toBe(0);
    expect(await listed(here, NOW + HOUR)).toEqual([KEY]);
  });

  it.each([
    ['as the one to be spared is gone', () => revokes(here, NEW)],
    ['as it fails', () => revokes(here).catch(() => 'failed')],
  ])('loses nothing of what is pending when it revokes nobody, %s', async (why, revoke) => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    const up = why === 'as it fails' ? failing(here.durable, 'removeAll') : () => undefined;
    expect(['gone', 'failed']).toContain(await revoke());
    up();
    change.release();
    await turns();
    expect(await there.attr(KEY, 'a')).toBe('1');
  });

  it('follows nobody by a read that the revocation overtook', async () => {
    await there.get('efgh.other');
    const answer = there.durable.hold('get', 'after');
    const read = there.get(KEY);
    await answer.reached;
    await revokes(there);
    answer.release();
    expect(await read).toBeDefined();
    expect([await there.set(KEY, 'a', '1'), await there.store.touch(KEY, NOW + 1)]).toEqual(['gone', false]);
  });

  it('follows nobody by a read that came back while the revocation was on its way', async () => {
    await there.get('efgh.other');
    const removal = there.durable.hold('removeAll');
    const revoked = revokes(there);
    await removal.reached;
    expect(await there.get(KEY)).toBeDefined();
    removal.release();
    expect(await revoked).toBe(2);
    expect([await there.set(KEY, 'a', '1'), await there.store.touch(KEY, NOW + 1)]).toEqual(['gone', false]);
  });

  it('loses nothing of a session that was added while the revocation was on its way back', async () => {
    const removal = here.durable.hold('removeAll', 'after');
    const revoked = revokes(here);
    await removal.reached;
    await here.add(NEW, { principal: 'a' });
    const change = here.durable.hold('change');
    // One on its way, and one that waits.
    expect(await here.set(NEW, 'a', '1')).toEqual({ version: 2 });
    expect(await here.set(NEW, 'b', '2')).toEqual({ version: 3 });
    removal.release();
    expect(await revoked).toBe(2);
    change.release();
    await turns();
    expect(Object.fromEntries((await there.get(NEW))?.attrs ?? [])).toEqual({ a: '1', b: '2' });
  });

  it('hears of sessions that another process revoked when it writes', async () => {
    const change = here.durable.hold('change');
    await here.set(KEY, 'a', '1');
    await revokes(there);
    change.release();
    await turns();
    expect(await livesFor(KEY, here, there)).toEqual([false, false]);
    expect(await here.set(KEY, 'a', '1')).toBe('gone');
    expect(here.log).toEqual([`Session handle of ${KEY} was gone before its last changes were written.`]);
  });
});
