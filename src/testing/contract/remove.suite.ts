/** The contract of `remove`. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { deadlineOf } from '../../session/session.record.js';
import { MINUTE, type StoreTrial, type Suite } from '../store.trial.js';

export function describeRemove({ describe, it }: Suite<StoreTrial>): void {
  describe('remove', () => {
    it('removes a session, and says whether there was one', async (trial) => {
      const { key } = await trial.keep();
      strictEqual(await trial.store.remove(key), true);
      strictEqual(await trial.store.get(key, trial.now), undefined);
      strictEqual(await trial.second.get(key, trial.now), undefined);
      strictEqual(await trial.store.remove(key), false);
      strictEqual(await trial.store.remove(trial.newKey()), false);
    });

    it('leaves the other sessions alone', async (trial) => {
      const one = await trial.keep();
      const another = await trial.keep();
      await trial.store.remove(one.key);
      deepStrictEqual(await trial.recordOf(another.key), another.record);
    });

    it('is final: no change, touch or rename brings the session back', async (trial) => {
      const { key } = await trial.keep();
      const to = trial.newKey(key);
      await trial.store.remove(key);
      strictEqual(await trial.second.change(key, trial.newDelta({ count: '2' }), trial.now), 'gone');
      strictEqual(await trial.second.change(key, trial.newDelta({ count: '2' }, { ifVersion: 1 }), trial.now), 'gone');
      strictEqual(await trial.second.touch(key, trial.now + MINUTE), false);
      strictEqual(await trial.second.rename(key, to, trial.renameOptions()), 'gone');
      strictEqual(await trial.store.get(key, trial.now), undefined);
      strictEqual(await trial.store.get(to, trial.now), undefined);
    });

    it('is final for a session that was rotated too: no key it ever had brings it back', async (trial) => {
      const { key } = await trial.keep();
      const second = await trial.renamed(key);
      const third = await trial.renamed(second);
      await trial.store.remove(third);
      for (const old of [key, second, third]) {
        strictEqual(await trial.second.change(old, trial.newDelta({ count: '2' }), trial.now), 'gone');
        strictEqual(await trial.second.touch(old, trial.now), false);
        strictEqual(await trial.second.rename(old, trial.newKey(old), trial.renameOptions()), 'gone');
        strictEqual(await trial.second.remove(old), false);
        strictEqual(await trial.recordBehind(old), undefined);
      }
    });

    it('removes a session that has expired too', async (trial) => {
      const { key, record } = await trial.keep();
      strictEqual(await trial.recordOf(key, deadlineOf(record)), undefined);
      await trial.store.remove(key);
      strictEqual(await trial.store.get(key, trial.now), undefined);
    });

    it('leaves nothing of a session that is changed at the same time', async (trial) => {
      const { key } = await trial.keep();
      await Promise.all([
        ...Array.from({ length: 10 }, async () => trial.second.change(key, trial.newDelta({ a: '1' }), trial.now)),
        trial.store.remove(key),
        ...Array.from({ length: 10 }, async () => trial.second.change(key, trial.newDelta({ b: '1' }), trial.now)),
        ...Array.from({ length: 10 }, async () => trial.second.touch(key, trial.now + MINUTE)),
      ]);
      strictEqual(await trial.store.get(key, trial.now), undefined);
    });

    it('says of many at a time exactly once that there was a session', async (trial) => {
      const { key } = await trial.keep();
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => (index % 2 === 0 ? trial.store : trial.second).remove(key)),
      );
      strictEqual(answers.filter((removed) => removed).length, 1);
    });
  });
}
