/** What four processes that share their sessions promise together. Every race is staged: the tests say who waits where. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WorkerGroup } from '../support/processes/worker.group.js';
import { openStore } from '../support/processes/worker/open.store.js';
import type { StorePlan } from '../support/processes/worker/worker.protocol.js';
import { describeDeadlines } from './deadlines.suite.js';
import { describeDeath } from './death.suite.js';
import { describeCrowd, describeLogins } from './logins.suite.js';
import { describeLogout, describeTouches } from './logout.suite.js';
import { describeLimits, describeRevocation } from './principals.suite.js';
import { describeForwarding, describeRotation } from './rotation.suite.js';
import { describeAttributes, describeIncrements } from './updates.suite.js';

const MINUTE = 60_000;

/** The first process begins, or the second one, … */
const FIRST = [
  ['Express', 0],
  ['Fastify', 1],
] as const;
/** … and the first one's clock is ahead by so much: so each side of a race is on each platform, and has each clock. */
const FAR_APART = [
  ['equal clocks', 0],
  ['one clock two minutes ahead', 2 * MINUTE],
  ['one clock two minutes behind', -2 * MINUTE],
] as const;
/** Within the minute for which an old id reaches the successor. */
const CLOSE = [
  ['equal clocks', 0],
  ['one clock half a minute ahead', MINUTE / 2],
  ['one clock half a minute behind', -MINUTE / 2],
] as const;

export interface ProcessesOptions {
  /** `'any'`: the races are run again with clocks that differ. @defaultValue 'equal' */
  readonly clocks?: 'any' | 'equal';
}

/**
 * Declares the tests.
 *
 * @param planOf - the store of each process, all on one backend. What they leave there is erased.
 */
export function testProcesses(planOf: (index: number) => StorePlan, { clocks = 'equal' }: ProcessesOptions = {}): void {
  // That a machine is busy is no failure.
  vi.setConfig({ testTimeout: MINUTE, hookTimeout: 2 * MINUTE });
  const group = new WorkerGroup(planOf);
  beforeAll(() => group.start());
  afterAll(async () => {
    await group.stop();
    await erase(planOf(0));
  });

  /** Of the first process, in all tests of this `describe`. */
  function useClock(aheadMs: number): void {
    beforeAll(() => group.shiftClocks(aheadMs, 0, 0, 0));
    afterAll(() => group.shiftClocks(0, 0, 0, 0));
  }

  describeIncrements(group, 0, 1_000);
  describeAttributes(group);
  describeCrowd(group);

  describe.each(FIRST)('begun on %s', (_platform, first) => {
    describe.each(clocks === 'any' ? FAR_APART : FAR_APART.slice(0, 1))('with %s', (_clock, ahead) => {
      useClock(ahead);
      describeIncrements(group, first, 40);
      describeLogout(group, first);
      describeRotation(group, first);
      describeLogins(group, first);
      describeRevocation(group, first);
    });

    describe.each(clocks === 'any' ? CLOSE : CLOSE.slice(0, 1))('with %s', (_clock, ahead) => {
      useClock(ahead);
      describeForwarding(group, first);
    });

    describeTouches(group, first);
  });

  describeLimits(group);
  describeDeadlines(group);
  describeDeath(group);

  it('no process complained', () => expect(group.output).toBe(''));
}

async function erase(plan: StorePlan): Promise<void> {
  const { store, erase: eraseAll, end } = await openStore(plan);
  await store.close();
  await eraseAll();
  await end();
}
