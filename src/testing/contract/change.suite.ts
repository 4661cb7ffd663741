/** The contract of `change`. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { deadlineOf } from '../../session/session.record.js';
import { REMEMBERED_OPS } from '../../store/session.store.js';
import { MINUTE, type StoreTrial, type Suite } from '../store.trial.js';

export function describeChange({ describe, it }: Suite<StoreTrial>): void {
  describe('change', () => {
    it('sets and deletes what the delta names, and leaves the rest', async (trial) => {
      const attrs = new Map([
        ['stays', '1'],
        ['changes', '2'],
        ['goes', '3'],
      ]);
      const { key, record } = await trial.keep({ attrs });
      const delta = trial.newDelta({ changes: '20', comes: '40', goes: null, 'was never there': null });
      deepStrictEqual(await trial.store.change(key, delta, trial.now), { version: 2 });
      deepStrictEqual(await trial.recordOf(key), {
        ...record,
        version: 2,
        attrs: new Map([
          ['stays', '1'],
          ['changes', '20'],
          ['comes', '40'],
        ]),
      });
    });

    it('counts the version up by one each time, and tells it', async (trial) => {
      const { key } = await trial.keep({ version: 7 });
      for (const version of [8, 9, 10]) {
        deepStrictEqual(await trial.store.change(key, trial.newDelta({ count: '1' }), trial.now), { version });
        strictEqual((await trial.recordOf(key))?.version, version);
      }
    });

    it('records an access, in the same step', async (trial) => {
      const { key, record } = await trial.keep();
      const accessed = trial.now + 10 * MINUTE;
      await trial.store.change(key, trial.newDelta({ count: '2' }), accessed);
      strictEqual((await trial.recordOf(key))?.accessed, accessed);
      const deadline = deadlineOf({ ...record, accessed });
      ok(await trial.recordOf(key, deadline - 1));
      strictEqual(await trial.recordOf(key, deadline), undefined);
    });

    it('leaves the absolute deadline where it is', async (trial) => {
      const ends = trial.now + 20 * MINUTE;
      const { key } = await trial.keep({ ends });
      await trial.store.change(key, trial.newDelta({ count: '2' }), ends - 1);
      ok(await trial.recordOf(key, ends - 1));
      strictEqual(await trial.recordOf(key, ends), undefined);
    });

    it('never moves a deadline back', async (trial) => {
      const { key } = await trial.keep();
      await trial.store.touch(key, trial.now + 10 * MINUTE);
      await trial.store.change(key, trial.newDelta({ count: '2' }), trial.now + MINUTE);
      strictEqual((await trial.recordOf(key))?.accessed, trial.now + 10 * MINUTE);
    });

    it('creates nothing', async (trial) => {
      const key = trial.newKey();
      strictEqual(await trial.store.change(key, trial.newDelta({ count: '2' }), trial.now), 'gone');
      strictEqual(await trial.store.get(key, trial.now), undefined);
      strictEqual(await trial.store.change(key, trial.newDelta({ count: '2' }, { ifVersion: 1 }), trial.now), 'gone');
      strictEqual(await trial.store.get(key, trial.now), undefined);
    });

    it('does not change or revive a session that has reached its deadline', async (trial) => {
      const { key, record } = await trial.keep();
      const deadline = deadlineOf(record);
      strictEqual(await trial.store.change(key, trial.newDelta({ count: '2' }), deadline), 'gone');
      strictEqual(await trial.recordOf(key, deadline), undefined);
      deepStrictEqual(await trial.recordOf(key, deadline - 1), record);
    });

    it('changes a record that still has the expected version', async (trial) => {
      const { key } = await trial.keep();
      const delta = trial.newDelta({ count: '2' }, { ifVersion: 1 });
      deepStrictEqual(await trial.store.change(key, delta, trial.now), { version: 2 });
      deepStrictEqual((await trial.recordOf(key))?.attrs, new Map([['count', '2']]));
    });

    it('leaves a record of another version as it is, and gives it back', async (trial) => {
      const { key } = await trial.keep();
      await trial.store.change(key, trial.newDelta({ count: '2', fresh: '1' }), trial.now);
      const fresh = await trial.recordOf(key);
      const late = trial.newDelta({ count: '3' }, { ifVersion: 1 });
      deepStrictEqual(await trial.conflictOf(key, late, trial.now + MINUTE), fresh);
      deepStrictEqual(await trial.recordOf(key), fresh);
    });

    it('is done already when the same op comes again', async (trial) => {
      const { key } = await trial.keep();
      const delta = trial.newDelta({ count: '2' }, { op: trial.newOp() });
      deepStrictEqual(await trial.store.change(key, delta, trial.now), { version: 2 });
      deepStrictEqual(await trial.store.change(key, delta, trial.now), { version: 2 });
      strictEqual((await trial.recordOf(key))?.version, 2);
    });

    it('is done already, and no conflict, when the same op comes again with the version it expected', async (trial) => {
      const { key } = await trial.keep();
      const delta = trial.newDelta({ count: '2' }, { ifVersion: 1 });
      deepStrictEqual(await trial.store.change(key, delta, trial.now), { version: 2 });
      deepStrictEqual(await trial.store.change(key, delta, trial.now), { version: 2 });
    });

    it('is done already when the same op comes again after seven others', async (trial) => {
      const { key } = await trial.keep();
      const delta = trial.newDelta({ first: '1' });
      await trial.store.change(key, delta, trial.now);
      for (let other = 2; other <= REMEMBERED_OPS; other++) {
        await trial.second.change(key, trial.newDelta({ first: null, other: String(other) }), trial.now);
      }
      const version = 1 + REMEMBERED_OPS;
      deepStrictEqual(await trial.store.change(key, delta, trial.now), { version });
      const counted = { ...delta, ifVersion: 1 };
      deepStrictEqual(await trial.store.change(key, counted, trial.now), { version });
      deepStrictEqual((await trial.recordOf(key))?.attrs.has('first'), false);
      strictEqual((await trial.recordOf(key))?.version, version);
    });

    it('is done already when the same op comes again after a rotation', async (trial) => {
      const { key } = await trial.keep();
      const delta = trial.newDelta({ first: '1' });
      await trial.store.change(key, delta, trial.now);
      const successor = await trial.renamed(key);
      deepStrictEqual(await trial.store.change(key, delta, trial.now), { version: 2 });
      strictEqual((await trial.recordOf(successor))?.version, 2);
    });

    it('counts the version up by as many steps as the delta is the sum of', async (trial) => {
      const { key } = await trial.keep();
      deepStrictEqual(await trial.store.change(key, trial.newDelta({ a: '1' }, { steps: 3 }), trial.now), {
        version: 4,
      });
      deepStrictEqual(await trial.store.change(key, trial.newDelta({ a: '2' }, { ifVersion: 4 }), trial.now), {
        version: 5,
      });
      strictEqual((await trial.recordOf(key))?.version, 5);
    });

    it('loses none of many at a time', async (trial) => {
      const { key } = await trial.keep({ attrs: new Map() });
      const names = Array.from({ length: 100 }, (_, index) => `attr-${index}`);
      const answers = await Promise.all(
        names.map(async (name, index) =>
          (index % 2 === 0 ? trial.store : trial.second).change(key, trial.newDelta({ [name]: name }), trial.now),
        ),
      );
      const versions = answers.map((answer) => (answer !== 'gone' && 'version' in answer ? answer.version : answer));
      deepStrictEqual(new Set(versions), new Set(names.map((_, index) => index + 2)));
      deepStrictEqual((await trial.recordOf(key))?.attrs, new Map(names.map((name) => [name, name])));
    });

    it('lets exactly one of many that expect the same version through', async (trial) => {
      const { key } = await trial.keep();
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, index) =>
          (index % 2 === 0 ? trial.store : trial.second).change(
            key,
            trial.newDelta({ winner: String(index) }, { ifVersion: 1 }),
            trial.now,
          ),
        ),
      );
      const winners = answers.flatMap((answer, index) => (answer !== 'gone' && 'version' in answer ? [index] : []));
      strictEqual(winners.length, 1);
      strictEqual((await trial.recordOf(key))?.attrs.get('winner'), String(winners[0]));
      strictEqual((await trial.recordOf(key))?.version, 2);
    });
  });
}
