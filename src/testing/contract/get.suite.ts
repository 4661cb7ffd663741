/** The contract of `get`, and of the deadlines that every method goes by. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { deadlineOf } from '../../session/session.record.js';
import { MINUTE, type StoreTrial, type Suite } from '../store.trial.js';

export function describeGet({ describe, it }: Suite<StoreTrial>): void {
  describe('get', () => {
    it('finds nothing under a key that was never used', async (trial) => {
      strictEqual(await trial.store.get(trial.newKey(), trial.now), undefined);
    });

    it('gives a session as it was added', async (trial) => {
      const { key, record } = await trial.keep({
        attrs: new Map([
          ['a', '1'],
          ['b', '"two"'],
        ]),
      });
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('serves a session until one millisecond before its idle deadline, and no more at it', async (trial) => {
      const { key, record } = await trial.keep({ timeout: 5 * MINUTE, touchInterval: 7_001 });
      const deadline = trial.now + 5 * MINUTE + 7_001;
      deepStrictEqual(await trial.recordOf(key, deadline - 1), record);
      strictEqual(await trial.recordOf(key, deadline), undefined);
      strictEqual(await trial.recordOf(key, deadline + 1), undefined);
    });

    it('serves a session until one millisecond before its absolute deadline, and no more at it', async (trial) => {
      const ends = trial.now + 7 * MINUTE + 1;
      const { key, record } = await trial.keep({ ends });
      deepStrictEqual(await trial.recordOf(key, ends - 1), record);
      strictEqual(await trial.recordOf(key, ends), undefined);
    });

    it('serves a session without an absolute deadline as long as it is used', async (trial) => {
      const { key } = await trial.keep({ ends: null });
      let { now } = trial;
      for (let accesses = 0; accesses < 5; accesses++) {
        now += 30 * MINUTE;
        strictEqual(await trial.store.touch(key, now), true);
      }
      strictEqual((await trial.recordOf(key, now))?.ends, null);
    });

    it('moves no deadline, however often it is called', async (trial) => {
      const { key, record } = await trial.keep();
      const deadline = deadlineOf(record);
      for (let before = 3; before > 0; before--) ok(await trial.recordOf(key, deadline - before));
      strictEqual(await trial.recordOf(key, deadline), undefined);
    });

    it('writes nothing: what counts as absent late is there for who asks with an earlier time', async (trial) => {
      const { key, record } = await trial.keep();
      strictEqual(await trial.recordOf(key, deadlineOf(record)), undefined);
      deepStrictEqual(await trial.recordOf(key, deadlineOf(record) - 1), record);
    });

    it('tells sessions apart whose keys differ in the case of a letter only', async (trial) => {
      const record = trial.newRecord();
      const digest = trial.newKey().slice(5);
      strictEqual(await trial.store.add(`abcd.${digest}`, record, { op: trial.newOp() }), 'added');
      strictEqual(await trial.store.get(`aBcd.${digest}`, trial.now), undefined);
      strictEqual(await trial.store.add(`aBcd.${digest}`, trial.newRecord(), { op: trial.newOp() }), 'added');
      deepStrictEqual(await trial.recordOf(`abcd.${digest}`), record);
    });
  });
}
