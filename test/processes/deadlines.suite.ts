/** Deadlines in processes whose clocks differ: they hold up to the difference. */
import { afterEach, describe, expect, it } from 'vitest';
import { attrsIn, login, viewOf } from '../support/processes/clients.js';
import type { WorkerGroup } from '../support/processes/worker.group.js';

const MINUTE = 60_000;
/** Of a clock that runs on while the test looks around. */
const MARGIN = MINUTE / 2;

export function describeDeadlines(group: WorkerGroup): void {
  afterEach(() => group.shiftClocks(0, 0, 0, 0));

  describe.each([
    ['ahead', 2 * MINUTE],
    ['behind', -2 * MINUTE],
  ])('with one clock two minutes %s', (_, skew) => {
    it('all processes serve a session until its deadline less the difference, and none from its deadline plus that on', async () => {
      const workers = group.from(0);
      await group.shiftClocks(0, 0, 0, skew);
      const cookie = await login(workers[0], { lifetime: 10 * MINUTE });
      const early = 8 * MINUTE - MARGIN;
      await group.shiftClocks(early, early, early, early + skew);
      expect(await attrsIn(workers, cookie)).toEqual([{}, {}, {}, {}]);
      const late = 12 * MINUTE + MARGIN;
      await group.shiftClocks(late, late, late, late + skew);
      expect(await attrsIn(workers, cookie)).toEqual([null, null, null, null]);
    });

    it('an access recorded by a slower clock moves no deadline back', async () => {
      const [one, two, , four] = group.from(0);
      await group.shiftClocks(0, 0, 0, skew);
      const [fast, slow] = skew > 0 ? [four, one] : [one, four];
      const cookie = await login(two, { timeout: 30 * MINUTE });
      await fast.send({ path: '/set', cookie, body: { by: 'fast' } });
      const before = await viewOf(two, cookie);
      await slow.send({ path: '/set', cookie, body: { by: 'slow' } });
      expect(await viewOf(two, cookie)).toEqual({ attrs: { by: 'slow' }, expires: before?.expires });
    });
  });
}
