/** The contract of `copies`, of stores that can be the cache of a `TieredStore`. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Key } from '../../session/session.record.js';
import type { SessionCopies, SessionCopy } from '../../store/session.copies.js';
import { SECOND, type StoreTrial, type Suite } from '../store.trial.js';

export function describeCopies({ describe, it }: Suite<StoreTrial>): void {
  describe('copies', () => {
    it('fill the place where their ticket lies', async (trial) => {
      const { here, there, key, copy } = copiesOf(trial);
      strictEqual(await here.take(key, 'ticket', trial.now), undefined);
      await here.fill(key, 'ticket', copy, trial.now);
      deepStrictEqual(await here.take(key, 'another', trial.now), copy);
      deepStrictEqual(await there.take(key, 'another', trial.now), copy);
    });

    it('fill no place where no ticket lies', async (trial) => {
      const { here, key, copy } = copiesOf(trial);
      await here.fill(key, 'ticket', copy, trial.now);
      strictEqual(await here.take(key, 'ticket', trial.now), undefined);
    });

    it('fill no place where the ticket of somebody else lies', async (trial) => {
      const { here, there, key, copy } = copiesOf(trial);
      await here.take(key, 'first', trial.now);
      strictEqual(await there.take(key, 'second', trial.now), undefined);
      await there.fill(key, 'second', copy, trial.now);
      strictEqual(await here.take(key, 'third', trial.now), undefined);
      await here.fill(key, 'first', copy, trial.now);
      deepStrictEqual(await there.take(key, 'third', trial.now), copy);
    });

    it('fill no place that was dropped since the ticket was laid', async (trial) => {
      const { here, there, key, copy } = copiesOf(trial);
      await here.take(key, 'ticket', trial.now);
      await there.drop(key);
      await here.fill(key, 'ticket', copy, trial.now);
      strictEqual(await here.take(key, 'another', trial.now), undefined);
    });

    it('never take the place of another copy', async (trial) => {
      const { here, there, key, copy } = copiesOf(trial);
      await here.take(key, 'ticket', trial.now);
      await here.fill(key, 'ticket', copy, trial.now);
      await there.fill(key, 'ticket', { ...copy, record: trial.newRecord({ version: 9 }) }, trial.now);
      deepStrictEqual(await here.take(key, 'another', trial.now), copy);
    });

    it('are gone when they are dropped', async (trial) => {
      const { here, there, key, copy } = copiesOf(trial);
      await here.take(key, 'ticket', trial.now);
      await here.fill(key, 'ticket', copy, trial.now);
      await there.drop(key);
      strictEqual(await here.take(key, 'another', trial.now), undefined);
      await here.drop(trial.newKey());
    });

    it('are gone when another key of their tag is dropped, and so is the right to bring one', async (trial) => {
      const { here, there, key, copy } = copiesOf(trial);
      const renamed = trial.newKey(key);
      const awaited = trial.newKey(key);
      await here.take(renamed, 'ticket', trial.now);
      await here.fill(renamed, 'ticket', copy, trial.now);
      await here.take(awaited, 'ticket', trial.now);
      await there.drop(key);
      await here.fill(awaited, 'ticket', copy, trial.now);
      strictEqual(await here.take(renamed, 'another', trial.now), undefined);
      strictEqual(await here.take(awaited, 'another', trial.now), undefined);
    });

    it('stay when a key of another tag is dropped', async (trial) => {
      const { here, there, key, copy } = copiesOf(trial);
      await here.take(key, 'ticket', trial.now);
      await here.fill(key, 'ticket', copy, trial.now);
      await there.drop(`${key.slice(0, 3)}${key.startsWith('x', 3) ? 'y' : 'x'}${key.slice(4)}`);
      deepStrictEqual(await here.take(key, 'another', trial.now), copy);
    });

    it('are taken until one millisecond before they are trusted no more', async (trial) => {
      const { here, key, copy } = copiesOf(trial);
      await here.take(key, 'ticket', trial.now);
      await here.fill(key, 'ticket', copy, trial.now);
      deepStrictEqual(await here.take(key, 'another', copy.trustedUntil - 1), copy);
      strictEqual(await here.take(key, 'another', copy.trustedUntil), undefined);
    });

    it('are no sessions: the store itself knows nothing of them', async (trial) => {
      const { here, key, copy } = copiesOf(trial);
      await here.take(key, 'ticket', trial.now);
      await here.fill(key, 'ticket', copy, trial.now);
      strictEqual(await trial.store.get(key, trial.now), undefined);
      strictEqual(await trial.store.touch(key, trial.now), false);
      strictEqual(await trial.store.add(key, trial.newRecord(), { op: trial.newOp() }), 'added');
      await here.drop(key);
      ok(await trial.recordOf(key));
    });

    it('share nothing with the caller', async (trial) => {
      const { here, key, copy } = copiesOf(trial);
      const attrs = new Map([['count', '1']]);
      await here.take(key, 'ticket', trial.now);
      await here.fill(key, 'ticket', { ...copy, record: { ...copy.record, attrs } }, trial.now);
      attrs.set('count', '2');
      const taken = await here.take(key, 'another', trial.now);
      ok(taken);
      const { attrs: theirs } = taken.record;
      if (theirs instanceof Map) theirs.set('count', '3');
      strictEqual((await here.take(key, 'another', trial.now))?.record.attrs.get('count'), '1');
    });
  });
}

function copiesOf(trial: StoreTrial): { here: SessionCopies; there: SessionCopies; key: Key; copy: SessionCopy } {
  const { copies: here } = trial.store;
  const { copies: there } = trial.second;
  ok(here && there, 'the store keeps no copies');
  return {
    here,
    there,
    key: trial.newKey(),
    copy: { record: trial.newRecord(), trustedUntil: trial.now + 30 * SECOND },
  };
}
