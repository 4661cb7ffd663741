/** The contract of `add`. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { deadlineOf, type Key } from '../../session/session.record.js';
import { type Kept, MINUTE, SECOND, type StoreTrial, type Suite } from '../store.trial.js';

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
      strictEqual(await trial.recordOf(key, late), undefined);
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('is done already when the same op comes again', async (trial) => {
      const key = trial.newKey();
      const record = trial.newRecord();
      const op = trial.newOp();
      strictEqual(await trial.store.add(key, record, { op }), 'added');
      strictEqual(await trial.store.add(key, record, { op }), 'added');
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('is done already when the same op comes again after the session was changed', async (trial) => {
      const key = trial.newKey();
      const record = trial.newRecord();
      const op = trial.newOp();
      await trial.store.add(key, record, { op });
      await trial.second.change(key, trial.newDelta({ count: '2' }), trial.now);
      strictEqual(await trial.store.add(key, record, { op }), 'added');
      deepStrictEqual((await trial.recordOf(key))?.attrs, new Map([['count', '2']]));
    });

    it('stores exactly one of many at a time under one key', async (trial) => {
      const key = trial.newKey();
      const records = Array.from({ length: 20 }, () => trial.newRecord());
      const answers = await Promise.all(
        records.map(async (record, index) =>
          (index % 2 === 0 ? trial.store : trial.second).add(key, record, { op: trial.newOp() }),
        ),
      );
      deepStrictEqual(answers.map(String).sort(), ['added', ...Array.from({ length: 19 }, () => 'exists')]);
      deepStrictEqual(await trial.recordOf(key), records[answers.indexOf('added')]);
    });

    it('is seen by who has another store on the same backend', async (trial) => {
      const { key, record } = await trial.keep();
      deepStrictEqual(await trial.recordOf(key, trial.now + MINUTE, trial.second), record);
    });
  });

  describe('add in the place of another session', () => {
    it('removes that one for good', async (trial) => {
      const old = await trial.keep();
      const { key, record } = await keepInPlaceOf(trial, old.key);
      deepStrictEqual(await trial.recordOf(key), record);
      strictEqual(await trial.store.get(old.key, trial.now), undefined);
      strictEqual(await trial.second.change(old.key, trial.newDelta({ count: '2' }), trial.now), 'gone');
      strictEqual(await trial.second.touch(old.key, trial.now), false);
      strictEqual(await trial.second.rename(old.key, trial.newKey(old.key), trial.renameOptions()), 'gone');
      strictEqual(await trial.second.remove(old.key), false);
    });

    it('removes the successor of one that was rotated meanwhile', async (trial) => {
      const old = await trial.keep();
      const second = await trial.renamed(old.key);
      const third = await trial.renamed(second);
      const { key, record } = await keepInPlaceOf(trial, old.key);
      strictEqual(await trial.store.get(third, trial.now), undefined);
      strictEqual(await trial.recordBehind(old.key), undefined);
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('needs nothing to be there', async (trial) => {
      const { key, record } = await keepInPlaceOf(trial, trial.newKey());
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('leaves that one alone if nothing was added', async (trial) => {
      const old = await trial.keep();
      const taken = await trial.keep();
      const options = { op: trial.newOp(), replaces: old.key };
      strictEqual(await trial.store.add(taken.key, trial.newRecord(), options), 'exists');
      deepStrictEqual(await trial.recordOf(old.key), old.record);
      deepStrictEqual(await trial.recordOf(taken.key), taken.record);
    });
  });
}

async function keepInPlaceOf(trial: StoreTrial, replaces: Key): Promise<Kept> {
  const key = trial.newKey();
  const record = trial.newRecord();
  strictEqual(await trial.store.add(key, record, { op: trial.newOp(), replaces }), 'added');
  return { key, record };
}
