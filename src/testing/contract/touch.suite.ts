/** The contract of `touch`. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { deadlineOf } from '../../session/session.record.js';
import { MINUTE, type StoreTrial, type Suite } from '../store.trial.js';

export function describeTouch({ describe, it }: Suite<StoreTrial>): void {
  describe('touch', () => {
    it('records an access, from which the idle deadline counts', async (trial) => {
      const { key, record } = await trial.keep();
      const accessed = trial.now + 10 * MINUTE;
      strictEqual(await trial.store.touch(key, accessed), true);
      const deadline = accessed + record.timeout + record.touchInterval;
      deepStrictEqual(await trial.recordOf(key, deadline - 1), { ...record, accessed });
      strictEqual(await trial.recordOf(key, deadline), undefined);
    });

    it('leaves the absolute deadline where it is', async (trial) => {
      const ends = trial.now + 20 * MINUTE;
      const { key } = await trial.keep({ ends });
      strictEqual(await trial.store.touch(key, ends - 1), true);
      ok(await trial.recordOf(key, ends - 1));
      strictEqual(await trial.recordOf(key, ends), undefined);
    });

    it('never moves a deadline back', async (trial) => {
      const { key, record } = await trial.keep();
      await trial.store.touch(key, trial.now + 10 * MINUTE);
      strictEqual(await trial.store.touch(key, trial.now + MINUTE), true);
      deepStrictEqual(await trial.recordOf(key), { ...record, accessed: trial.now + 10 * MINUTE });
    });

    it('creates nothing', async (trial) => {
      const key = trial.newKey();
      strictEqual(await trial.store.touch(key, trial.now), false);
      strictEqual(await trial.store.get(key, trial.now), undefined);
    });

    it('does not revive a session that has reached its deadline', async (trial) => {
      const { key, record } = await trial.keep();
      const deadline = deadlineOf(record);
      strictEqual(await trial.store.touch(key, deadline), false);
      strictEqual(await trial.recordOf(key, deadline), undefined);
      deepStrictEqual(await trial.recordOf(key, deadline - 1), record);
    });

    it('takes parallel accesses in any order for the last of them', async (trial) => {
      const { key } = await trial.keep();
      const times = [3, 9, 1, 7, 5].map((minutes) => trial.now + minutes * MINUTE);
      await Promise.all(
        times.map(async (time, index) => (index % 2 === 0 ? trial.store : trial.second).touch(key, time)),
      );
      strictEqual((await trial.recordOf(key))?.accessed, trial.now + 9 * MINUTE);
    });
  });
}
