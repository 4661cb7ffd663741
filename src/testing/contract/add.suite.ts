/** The contract of `add`. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { deadlineOf } from '../../session/session.record.js';
import { MINUTE, SECOND, type StoreTrial, type Suite } from '../store.trial.js';

export function describeAdd({ describe, it }: Suite<StoreTrial>): void {
  describe('add', () => {
    it('never overwrites a living session', async (trial) => {
      const { key, record } = await trial.keep();
      strictEqual(await trial.store.add(key, trial.newRecord(), { op: trial.newOp() }), 'exists');
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('never overwrites an expired session that was not purged yet', async (trial) => {
      const { key, record } = await trial.keep();
      const late = deadlineOf(record) + SECOND;
      const another = trial.newRecord({ created: late, accessed: late, ends: null });
      strictEqual(await trial.store.add(key, another, { op: trial.newOp() }), 'exists');
      strictEqual(await trial.store.get(key, late), undefined);
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('never overwrites a forward', async (trial) => {
      const { key, record } = await trial.keep();
      const successor = await trial.renamed(key);
      strictEqual(await trial.store.add(key, trial.newRecord(), { op: trial.newOp() }), 'exists');
      strictEqual(await trial.recordOf(key), undefined);
      deepStrictEqual(await trial.recordOf(successor), record);
    });

    it('is done already when the same op comes again', async (trial) => {
      const key = trial.newKey();
      const record = trial.newRecord();
      const op = trial.newOp();
      strictEqual(await trial.store.add(key, record, { op }), 'added');
      strictEqual(await trial.store.add(key, record, { op }), 'added');
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('stores exactly one of many at a time under one key', async (trial) => {
      const key = trial.newKey();
      const records = Array.from({ length: 20 }, () => trial.newRecord());
      const answers = await Promise.all(
        records.map(async (record, index) =>
          (index % 2 === 0 ? trial.store : trial.second).add(key, record, { op: trial.newOp() }),
        ),
      );
      deepStrictEqual([...answers].sort(), ['added', ...Array.from({ length: 19 }, () => 'exists')]);
      deepStrictEqual(await trial.recordOf(key), records[answers.indexOf('added')]);
    });

    it('is seen by who has another store on the same backend', async (trial) => {
      const { key, record } = await trial.keep();
      deepStrictEqual(await trial.second.get(key, trial.now + MINUTE), { record });
    });
  });
}
