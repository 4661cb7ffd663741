/** The contract of `rename`, and of the forward it leaves behind. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { deadlineOf } from '../../session/session.record.js';
import { MINUTE, SECOND, type StoreTrial, type Suite } from '../store.trial.js';

export function describeRename({ describe, it }: Suite<StoreTrial>): void {
  describe('rename', () => {
    it('moves the session as it is but for when that was, and the old key finds no record at once', async (trial) => {
      const { key, record } = await trial.keep();
      const successor = trial.newKey(key);
      strictEqual(await trial.store.rename(key, successor, trial.renameOptions()), 'done');
      strictEqual(await trial.recordOf(key), undefined);
      strictEqual(await trial.recordOf(key, trial.now, trial.second), undefined);
      deepStrictEqual(await trial.recordOf(successor), { ...record, rotated: trial.now });
    });

    it('records that the user was authenticated, and keeps that over the next ones', async (trial) => {
      const { key, record } = await trial.keep();
      const second = await trial.renamed(key, { isAuthenticated: true });
      deepStrictEqual(await trial.recordOf(second), { ...record, rotated: trial.now, authenticated: trial.now });
      const third = await trial.renamed(second, { now: trial.now + SECOND });
      const rotated = trial.now + SECOND;
      deepStrictEqual(await trial.recordOf(third), { ...record, rotated, authenticated: trial.now });
    });

    it('lets the old key tell its successor as long as it forwards', async (trial) => {
      const { key } = await trial.keep();
      const forwardUntil = trial.now + 40 * SECOND;
      const graceUntil = trial.now + 9 * SECOND;
      const successor = await trial.renamed(key, { forwardUntil, graceUntil });
      deepStrictEqual(await trial.store.get(key, trial.now), { successor, graceUntil });
      deepStrictEqual(await trial.store.get(key, forwardUntil - 1), { successor, graceUntil });
      strictEqual(await trial.store.get(key, forwardUntil), undefined);
    });

    it('moves no deadline', async (trial) => {
      const { key, record } = await trial.keep();
      const successor = await trial.renamed(key, {
        now: trial.now + 10 * MINUTE,
        forwardUntil: trial.now + 11 * MINUTE,
      });
      const deadline = deadlineOf(record);
      ok(await trial.recordOf(successor, deadline - 1));
      strictEqual(await trial.recordOf(successor, deadline), undefined);
    });

    it('creates nothing', async (trial) => {
      const from = trial.newKey();
      const to = trial.newKey(from);
      strictEqual(await trial.store.rename(from, to, trial.renameOptions()), 'gone');
      strictEqual(await trial.store.get(from, trial.now), undefined);
      strictEqual(await trial.store.get(to, trial.now), undefined);
    });

    it('does not move a session that has reached its deadline', async (trial) => {
      const { key, record } = await trial.keep();
      const to = trial.newKey(key);
      const now = deadlineOf(record);
      strictEqual(await trial.store.rename(key, to, trial.renameOptions({ now, forwardUntil: now + MINUTE })), 'gone');
      strictEqual(await trial.store.get(to, trial.now), undefined);
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('never overwrites what has the new key', async (trial) => {
      const one = await trial.keep();
      const another = await trial.keep({}, trial.newKey(one.key));
      strictEqual(await trial.store.rename(one.key, another.key, trial.renameOptions()), 'exists');
      deepStrictEqual(await trial.recordOf(one.key), one.record);
      deepStrictEqual(await trial.recordOf(another.key), another.record);
    });

    it('is done already when the same op comes again', async (trial) => {
      const { key, record } = await trial.keep();
      const to = trial.newKey(key);
      const options = trial.renameOptions();
      strictEqual(await trial.store.rename(key, to, options), 'done');
      strictEqual(await trial.store.rename(key, to, options), 'done');
      deepStrictEqual(await trial.recordOf(to), { ...record, rotated: trial.now });
      strictEqual(await trial.recordOf(key), undefined);
    });

    it('is done already when the same op comes again after other writes', async (trial) => {
      const { key } = await trial.keep();
      const to = trial.newKey(key);
      const options = trial.renameOptions();
      strictEqual(await trial.store.rename(key, to, options), 'done');
      await trial.second.change(to, trial.newDelta({ count: '2' }), trial.now);
      strictEqual(await trial.store.rename(key, to, options), 'done');
      deepStrictEqual((await trial.recordOf(to))?.attrs, new Map([['count', '2']]));
    });

    it('leaves exactly one living successor of many at a time', async (trial) => {
      const { key, record } = await trial.keep();
      const successors = Array.from({ length: 10 }, () => trial.newKey(key));
      const answers = await Promise.all(
        successors.map(async (to, index) =>
          (index % 2 === 0 ? trial.store : trial.second).rename(key, to, trial.renameOptions()),
        ),
      );
      deepStrictEqual(new Set(answers), new Set(['done']));
      const living = (await Promise.all(successors.map((to) => trial.recordOf(to)))).filter((found) => found);
      deepStrictEqual(living, [{ ...record, rotated: trial.now }]);
      deepStrictEqual(await trial.recordBehind(key), { ...record, rotated: trial.now });
    });
  });

  describe('a forward', () => {
    it('takes a change to the successor', async (trial) => {
      const { key } = await trial.keep();
      const successor = await trial.renamed(key);
      deepStrictEqual(await trial.store.change(key, trial.newDelta({ count: '2' }), trial.now), { version: 2 });
      deepStrictEqual((await trial.recordOf(successor))?.attrs, new Map([['count', '2']]));
      strictEqual(await trial.recordOf(key), undefined);
    });

    it('takes a conflict back from the successor', async (trial) => {
      const { key } = await trial.keep();
      const successor = await trial.renamed(key);
      await trial.store.change(successor, trial.newDelta({ count: '2' }), trial.now);
      const conflict = await trial.recordOf(successor);
      const late = trial.newDelta({ count: '3' }, { ifVersion: 1 });
      deepStrictEqual(await trial.conflictOf(key, late), conflict);
    });

    it('takes a touch to the successor', async (trial) => {
      const { key } = await trial.keep();
      const successor = await trial.renamed(key);
      strictEqual(await trial.store.touch(key, trial.now + 30 * SECOND), true);
      strictEqual((await trial.recordOf(successor))?.accessed, trial.now + 30 * SECOND);
    });

    it('takes a remove to the successor', async (trial) => {
      const { key } = await trial.keep();
      const successor = await trial.renamed(key);
      strictEqual(await trial.store.remove(key), true);
      strictEqual(await trial.store.get(successor, trial.now), undefined);
    });

    it('takes a rename to the successor', async (trial) => {
      const { key, record } = await trial.keep();
      const second = await trial.renamed(key);
      const third = await trial.renamed(key);
      strictEqual(await trial.recordOf(key), undefined);
      strictEqual(await trial.recordOf(second), undefined);
      deepStrictEqual(await trial.recordOf(third), { ...record, rotated: trial.now });
    });

    it('takes no rename that does not follow it', async (trial) => {
      const { key } = await trial.keep();
      const second = await trial.renamed(key, { follows: false });
      const third = trial.newKey(key);
      strictEqual(await trial.store.rename(key, third, trial.renameOptions({ follows: false })), 'gone');
      strictEqual(await trial.store.rename(key, second, trial.renameOptions({ follows: false })), 'exists');
      strictEqual(await trial.store.get(third, trial.now), undefined);
      ok(await trial.recordOf(second));
    });

    it('leads over a second rotation, for every verb', async (trial) => {
      const { key } = await trial.keep();
      const second = await trial.renamed(key);
      const third = await trial.renamed(second);
      for (const old of [key, second]) {
        strictEqual(await trial.recordOf(old), undefined);
        strictEqual((await trial.recordBehind(old))?.seed, (await trial.recordOf(third))?.seed);
        ok((await trial.store.change(old, trial.newDelta({ [old]: '1' }), trial.now)) !== 'gone');
        strictEqual((await trial.recordOf(third))?.attrs.get(old), '1');
        strictEqual(await trial.store.touch(old, trial.now + SECOND), true);
      }
      const fourth = await trial.renamed(key);
      strictEqual(await trial.recordOf(third), undefined);
      ok(await trial.recordOf(fourth));
      strictEqual(await trial.store.remove(key), true);
      strictEqual(await trial.store.get(fourth, trial.now), undefined);
    });

    it('ends at its time, not a millisecond earlier', async (trial) => {
      const { key } = await trial.keep();
      const forwardUntil = trial.now + 40 * SECOND;
      const successor = await trial.renamed(key, { forwardUntil });
      strictEqual(await trial.store.touch(key, forwardUntil - 1), true);
      ok((await trial.store.change(key, trial.newDelta({ count: '2' }), forwardUntil - 1)) !== 'gone');
      const before = await trial.recordOf(successor);
      strictEqual(await trial.store.touch(key, forwardUntil), false);
      strictEqual(await trial.store.change(key, trial.newDelta({ count: '3' }), forwardUntil), 'gone');
      const late = trial.renameOptions({ now: forwardUntil, forwardUntil: forwardUntil + MINUTE });
      strictEqual(await trial.store.rename(key, trial.newKey(key), late), 'gone');
      deepStrictEqual(await trial.recordOf(successor), before);
    });

    it('loses no change that comes while the session is renamed', async (trial) => {
      const { key } = await trial.keep({ attrs: new Map() });
      const names = Array.from({ length: 20 }, (_, index) => `attr-${index}`);
      const change = async (name: string) => trial.second.change(key, trial.newDelta({ [name]: '1' }), trial.now);
      const before = names.slice(0, 10).map(change);
      const [successor] = await Promise.all([trial.renamed(key), ...before, ...names.slice(10).map(change)]);
      deepStrictEqual((await trial.recordOf(successor))?.attrs, new Map(names.map((name) => [name, '1'])));
    });

    it('moves the session once when several come at a time that would give it the same key', async (trial) => {
      const { key, record } = await trial.keep();
      const to = trial.newKey(key);
      const graceUntil = trial.now + 30 * SECOND;
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const store = index % 2 === 0 ? trial.store : trial.second;
          return store.rename(key, to, trial.renameOptions({ follows: false, graceUntil }));
        }),
      );
      deepStrictEqual([...answers].sort(), ['done', ...Array.from({ length: 9 }, () => 'exists')]);
      deepStrictEqual(await trial.recordOf(to), { ...record, rotated: trial.now });
      deepStrictEqual(await trial.store.get(key, trial.now), { successor: to, graceUntil });
    });

    it('leaves nothing alive when a remove comes while the session is renamed', async (trial) => {
      const { key } = await trial.keep();
      const to = trial.newKey(key);
      const [renamed, removed] = await Promise.all([
        trial.store.rename(key, to, trial.renameOptions()),
        trial.second.remove(key),
      ]);
      strictEqual(removed, true);
      ok(renamed === 'done' || renamed === 'gone');
      strictEqual(await trial.recordOf(key), undefined);
      strictEqual(await trial.store.get(to, trial.now), undefined);
    });
  });
}
