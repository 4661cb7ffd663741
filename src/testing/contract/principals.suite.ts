/** The contract of `list` and `removeAll`, and of what a principal's list means to the other verbs. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { deadlineOf, type Key } from '../../session/session.record.js';
import type { Added, SessionLimit } from '../../store/session.store.js';
import { type Kept, MINUTE, SECOND, type StoreTrial, type Suite } from '../store.trial.js';

export function describePrincipals({ describe, it }: Suite<StoreTrial>): void {
  describe('list', () => {
    it("tells the principal's sessions, and nobody else's", async (trial) => {
      const labels = JSON.stringify({ device: 'a "phone"' });
      const one = await trial.keepOf('a', { labels, created: trial.now - 5 });
      const another = await trial.keepOf('a');
      await trial.keepOf('b');
      await trial.keep();
      const listed = await trial.second.list(trial.tagOf('a'), trial.now);
      deepStrictEqual(listed.map(({ key }) => key).sort(), [one.key, another.key].sort());
      const outline = listed.find(({ key }) => key === one.key)?.outline;
      const { handle, created, accessed, timeout, touchInterval, ends } = one.record;
      const names = ['handle', 'created', 'accessed', 'timeout', 'touchInterval', 'ends', 'labels'];
      deepStrictEqual(pick(outline, names), { handle, created, accessed, timeout, touchInterval, ends, labels });
      strictEqual(listed.find(({ key }) => key === another.key)?.outline.labels, undefined);
    });

    it('tells none of a principal that has none', async (trial) => {
      await trial.keepOf('a');
      deepStrictEqual([...(await trial.store.list(trial.tagOf('b'), trial.now))], []);
    });

    it('tells every one of many that are added at a time', async (trial) => {
      const kept = await Promise.all(
        Array.from({ length: 30 }, async (_, index) => {
          const record = trial.newRecord({ principal: 'a' });
          const store = index % 2 === 0 ? trial.store : trial.second;
          strictEqual(await store.add(trial.newKeyOf('a'), record, { op: trial.newOp() }), 'added');
          return record.handle;
        }),
      );
      deepStrictEqual(await trial.handlesOf('a'), kept.sort());
    });

    it('tells a session that was renamed once, where it lies now', async (trial) => {
      const { key, record } = await trial.keepOf('a');
      const to = await trial.renamed(key);
      const listed = await trial.store.list(trial.tagOf('a'), trial.now);
      deepStrictEqual(
        listed.map((one) => [one.key, one.outline.handle]),
        [[to, record.handle]],
      );
    });

    it('tells a session until its deadline, and a later one after a touch or a change', async (trial) => {
      const kept = [await trial.keepOf('a'), await trial.keepOf('a'), await trial.keepOf('a')] as const;
      const [idle, touched, changed] = kept;
      const deadline = deadlineOf(idle.record);
      const now = deadline - SECOND;
      strictEqual(await trial.store.touch(touched.key, now), true);
      ok((await trial.store.change(changed.key, trial.newDelta({ count: '2' }), now)) !== 'gone');
      deepStrictEqual(await trial.handlesOf('a', now), handlesOf(kept));
      deepStrictEqual(await trial.handlesOf('a', deadline), handlesOf([touched, changed]));
      const accessed = (await trial.store.list(trial.tagOf('a'), deadline)).map(({ outline }) => outline.accessed);
      deepStrictEqual(accessed, [now, now]);
      // And again after a purge and another login, which clear what is outdated.
      await trial.store.purge({ now: deadline + 2 * MINUTE, batchSize: 100, deadline: 10 * SECOND });
      const late = await trial.keepOf('a', { created: deadline + MINUTE, accessed: deadline + MINUTE });
      deepStrictEqual(await trial.handlesOf('a', deadline + MINUTE), handlesOf([touched, changed, late]));
    });

    it('tells no session that was removed, or replaced', async (trial) => {
      const [removed, replaced] = [await trial.keepOf('a'), await trial.keepOf('a')];
      strictEqual(await trial.store.remove(removed.key), true);
      const record = trial.newRecord({ principal: 'a' });
      const options = { op: trial.newOp(), replaces: replaced.key };
      strictEqual(await trial.store.add(trial.newKeyOf('a'), record, options), 'added');
      deepStrictEqual(await trial.handlesOf('a'), [record.handle]);
    });

    it('tells no session that was replaced by one of another principal, or of none', async (trial) => {
      const [one, another] = [await trial.keepOf('a'), await trial.keepOf('a')];
      const ofB = trial.newRecord({ principal: 'b' });
      strictEqual(await trial.store.add(trial.newKeyOf('b'), ofB, { op: trial.newOp(), replaces: one.key }), 'added');
      const ofNobody = { op: trial.newOp(), replaces: another.key };
      strictEqual(await trial.store.add(trial.newKey(), trial.newRecord(), ofNobody), 'added');
      deepStrictEqual(await trial.handlesOf('a'), []);
      deepStrictEqual(await trial.handlesOf('b'), [ofB.handle]);
    });

    it('tells the session of a principal that comes in the place of one without', async (trial) => {
      const anonymous = await trial.keep();
      const record = trial.newRecord({ principal: 'a' });
      const key = trial.newKeyOf('a');
      strictEqual(await trial.store.add(key, record, { op: trial.newOp(), replaces: anonymous.key }), 'added');
      deepStrictEqual(await trial.handlesOf('a'), [record.handle]);
      strictEqual(await trial.store.get(anonymous.key, trial.now), undefined);
      deepStrictEqual(await trial.recordOf(key), record);
    });
  });

  describe('removeAll', () => {
    it("ends every session of the principal for good, and nobody else's", async (trial) => {
      const kept = [await trial.keepOf('a'), await trial.keepOf('a'), await trial.keepOf('a')];
      const others = [await trial.keepOf('b'), await trial.keep()];
      strictEqual(await trial.second.removeAll(trial.tagOf('a'), trial.now), 3);
      deepStrictEqual(await trial.handlesOf('a'), []);
      for (const { key } of kept) await isGone(trial, key);
      for (const { key, record } of others) deepStrictEqual(await trial.recordOf(key), record);
      strictEqual(await trial.store.removeAll(trial.tagOf('a'), trial.now), 0);
    });

    it('counts the living', async (trial) => {
      const { record } = await trial.keepOf('a', { timeout: MINUTE });
      await trial.keepOf('a');
      strictEqual(await trial.store.removeAll(trial.tagOf('a'), deadlineOf(record)), 1);
    });

    it('brings nothing back when somebody logs in afterwards', async (trial) => {
      const { key } = await trial.keepOf('a');
      const to = await trial.renamed(key);
      await trial.store.removeAll(trial.tagOf('a'), trial.now);
      const { record } = await trial.keepOf('a');
      await isGone(trial, key);
      await isGone(trial, to);
      deepStrictEqual(await trial.handlesOf('a'), [record.handle]);
    });

    it('leaves nothing alive of sessions that are read, changed, touched and renamed meanwhile', async (trial) => {
      const kept = await Promise.all(Array.from({ length: 8 }, () => trial.keepOf('a')));
      const successors = kept.map(({ key }) => trial.newKey(key));
      const verbs = kept.flatMap(({ key }, index) => [
        async () => trial.second.rename(key, successors[index] ?? key, trial.renameOptions()),
        async () => trial.second.change(key, trial.newDelta({ count: '2' }), trial.now + SECOND),
        async () => trial.store.touch(key, trial.now + MINUTE),
        async () => trial.store.get(key, trial.now),
      ]);
      const half = verbs.length / 2;
      await Promise.all([
        ...verbs.slice(0, half).map((verb) => verb()),
        trial.store.removeAll(trial.tagOf('a'), trial.now),
        ...verbs.slice(half).map((verb) => verb()),
      ]);
      deepStrictEqual(await trial.handlesOf('a'), []);
      for (const key of [...kept.map((one) => one.key), ...successors]) await isGone(trial, key);
    });

    it('spares one', async (trial) => {
      const [one, another, spared] = [await trial.keepOf('a'), await trial.keepOf('a'), await trial.keepOf('a')];
      strictEqual(await trial.store.removeAll(trial.tagOf('a'), trial.now, spared.key), 2);
      await isGone(trial, one.key);
      await isGone(trial, another.key);
      deepStrictEqual(await trial.recordOf(spared.key), spared.record);
      deepStrictEqual(await trial.handlesOf('a'), [spared.record.handle]);
    });

    it('spares one that was renamed meanwhile', async (trial) => {
      const [one, spared] = [await trial.keepOf('a'), await trial.keepOf('a')];
      const to = await trial.renamed(spared.key);
      strictEqual(await trial.store.removeAll(trial.tagOf('a'), trial.now, spared.key), 1);
      await isGone(trial, one.key);
      ok(await trial.recordOf(to));
      deepStrictEqual(await trial.handlesOf('a'), [spared.record.handle]);
    });

    it('removes nothing if the one to be spared is not there', async (trial) => {
      const [one, gone, expired] = [
        await trial.keepOf('a'),
        await trial.keepOf('a'),
        await trial.keepOf('a', { timeout: MINUTE }),
      ];
      await trial.store.remove(gone.key);
      strictEqual(await trial.store.removeAll(trial.tagOf('a'), trial.now, gone.key), 'gone');
      const late = deadlineOf(expired.record);
      strictEqual(await trial.store.removeAll(trial.tagOf('a'), late, expired.key), 'gone');
      strictEqual(await trial.store.removeAll(trial.tagOf('a'), trial.now, trial.newKeyOf('a')), 'gone');
      deepStrictEqual(await trial.recordOf(one.key), one.record);
    });

    it('leaves one of two that spare themselves at the same time', async (trial) => {
      const [one, another] = [await trial.keepOf('a'), await trial.keepOf('a')];
      const answers = await Promise.all([
        trial.store.removeAll(trial.tagOf('a'), trial.now, one.key),
        trial.second.removeAll(trial.tagOf('a'), trial.now, another.key),
      ]);
      deepStrictEqual(answers.map(String).sort(), ['1', 'gone']);
      const winner = answers[0] === 1 ? one : another;
      deepStrictEqual(await trial.handlesOf('a'), [winner.record.handle]);
    });
  });

  describe('a limit', () => {
    it('refuses one too many, and writes nothing', async (trial) => {
      const limit = { max: 2, onMax: 'refuse' } as const;
      const [one] = [await addOf(trial, 'a', limit), await addOf(trial, 'a', limit)];
      const third = await addOf(trial, 'a', limit);
      deepStrictEqual(third.answer, 'limit');
      await isGone(trial, third.key);
      strictEqual((await trial.handlesOf('a')).length, 2);
      deepStrictEqual((await addOf(trial, 'b', limit)).answer, 'added');
      await trial.store.remove(one.key);
      deepStrictEqual((await addOf(trial, 'a', limit)).answer, 'added');
    });

    it('leaves the session alone that a refused one was to replace', async (trial) => {
      const limit = { max: 1, onMax: 'refuse' } as const;
      await addOf(trial, 'a', limit);
      const anonymous = await trial.keep();
      strictEqual((await addOf(trial, 'a', limit, anonymous.key)).answer, 'limit');
      deepStrictEqual(await trial.recordOf(anonymous.key), anonymous.record);
    });

    it('counts neither what is replaced nor what has expired, and what was renamed once', async (trial) => {
      const limit = { max: 2, onMax: 'refuse' } as const;
      const [one, another] = [await addOf(trial, 'a', limit), await addOf(trial, 'a', limit)];
      const to = await trial.renamed(one.key);
      strictEqual((await addOf(trial, 'a', limit)).answer, 'limit');
      strictEqual((await addOf(trial, 'a', limit, to)).answer, 'added');
      await isGone(trial, to);
      const late = deadlineOf(another.record);
      const record = trial.newRecord({ principal: 'a', created: late, accessed: late, ends: null });
      strictEqual(await trial.store.add(trial.newKeyOf('a'), record, { op: trial.newOp(), limit }), 'added');
    });

    it('counts what a touch keeps alive', async (trial) => {
      const limit = { max: 1, onMax: 'refuse' } as const;
      const { key, record } = await addOf(trial, 'a', limit);
      const late = deadlineOf(record) + MINUTE;
      strictEqual(await trial.store.touch(key, deadlineOf(record) - SECOND), true);
      const another = trial.newRecord({ principal: 'a', created: late, accessed: late });
      strictEqual(await trial.store.add(trial.newKeyOf('a'), another, { op: trial.newOp(), limit }), 'limit');
    });

    it('is done already when the same op comes again', async (trial) => {
      const key = trial.newKeyOf('a');
      const record = trial.newRecord({ principal: 'a' });
      const options = { op: trial.newOp(), limit: { max: 1, onMax: 'refuse' } } as const;
      strictEqual(await trial.store.add(key, record, options), 'added');
      strictEqual(await trial.store.add(key, record, options), 'added');
    });

    it('displaces the oldest, for good', async (trial) => {
      const limit = { max: 2, onMax: 'remove-oldest' } as const;
      const [second, first] = [await trial.keepOf('a'), await trial.keepOf('a', { created: trial.now - MINUTE })];
      // The oldest stays so when it is used, or renamed.
      const to = await trial.renamed(first.key);
      await trial.store.touch(to, trial.now + SECOND);
      const third = await addOf(trial, 'a', limit);
      deepStrictEqual(third.answer, { displaced: [first.record.handle] });
      await isGone(trial, first.key);
      await isGone(trial, to);
      deepStrictEqual(await trial.handlesOf('a'), handlesOf([second, third]));
    });

    it('displaces as many as it takes, and none if one is replaced anyway', async (trial) => {
      const kept: Kept[] = [];
      for (let age = 4; age > 0; age--) kept.push(await trial.keepOf('a', { created: trial.now - age * MINUTE }));
      const limit = { max: 2, onMax: 'remove-oldest' } as const;
      const { answer } = await addOf(trial, 'a', limit);
      deepStrictEqual(new Set(displacedBy(answer)), new Set(kept.slice(0, 3).map(({ record }) => record.handle)));
      strictEqual((await addOf(trial, 'a', limit, kept[3]?.key)).answer, 'added');
    });

    it('is exact for many at a time: as many come in as may', async (trial) => {
      const limit = { max: 5, onMax: 'refuse' } as const;
      const added = await addMany(trial, limit, 20);
      const countOf = (answer: Added) => added.filter((one) => one.answer === answer).length;
      deepStrictEqual([countOf('added'), countOf('limit')], [5, 15]);
      deepStrictEqual(await trial.handlesOf('a'), handlesOf(added.filter(({ answer }) => answer === 'added')));
    });

    it('is exact for many at a time: as many stay as may, and the others are told', async (trial) => {
      const added = await addMany(trial, { max: 5, onMax: 'remove-oldest' }, 20);
      const displaced = new Set(added.flatMap(({ answer }) => displacedBy(answer)));
      strictEqual(displaced.size, 15);
      const staying = added.filter(({ record }) => !displaced.has(record.handle));
      deepStrictEqual(await trial.handlesOf('a'), handlesOf(staying));
    });
  });
}

interface AddedOf extends Kept {
  readonly answer: Added;
}

async function addOf(trial: StoreTrial, principal: string, limit: SessionLimit, replaces?: Key): Promise<AddedOf> {
  const key = trial.newKeyOf(principal);
  const record = trial.newRecord({ principal });
  const options = { op: trial.newOp(), limit, ...(replaces !== undefined && { replaces }) };
  return { key, record, answer: await trial.store.add(key, record, options) };
}

function addMany(trial: StoreTrial, limit: SessionLimit, count: number): Promise<AddedOf[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const key = trial.newKeyOf('a');
      const record = trial.newRecord({ principal: 'a' });
      const store = index % 2 === 0 ? trial.store : trial.second;
      return { key, record, answer: await store.add(key, record, { op: trial.newOp(), limit }) };
    }),
  );
}

function displacedBy(answer: Added): readonly string[] {
  return typeof answer === 'object' ? answer.displaced : [];
}

function handlesOf(kept: readonly Kept[]): string[] {
  return kept.map(({ record }) => record.handle).sort();
}

/** For every verb, in every process. */
async function isGone(trial: StoreTrial, key: Key): Promise<void> {
  for (const store of [trial.store, trial.second]) {
    strictEqual(await trial.recordOf(key, trial.now, store), undefined);
    strictEqual(await store.change(key, trial.newDelta({ count: '3' }), trial.now), 'gone');
    strictEqual(await store.touch(key, trial.now), false);
    strictEqual(await store.rename(key, trial.newKey(key), trial.renameOptions()), 'gone');
    strictEqual(await store.remove(key), false);
  }
}

function pick(from: object | undefined, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, from && (Reflect.get(from, name) as unknown)]));
}
