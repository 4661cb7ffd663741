/** The contract of `purge` and `close`. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { DAY, MINUTE, SECOND, type StoreTrial, type Suite } from '../store.trial.js';

/** A purge of few sessions has all the time it needs. */
const AMPLE = MINUTE;

/** What a store may take longer than it was given: one step, on a busy machine. */
const OVERTIME = 2 * SECOND;

/** @param collectedByBackend - the backend removes what has expired, and a purge may find nothing to do */
export function describePurge({ describe, it }: Suite<StoreTrial>, collectedByBackend: boolean): void {
  describe('purge', () => {
    it('leaves what lives', async (trial) => {
      const sessions = [await trial.keep(), await trial.keep({ ends: null }), await trial.keep({ timeout: DAY })];
      deepStrictEqual(await trial.store.purge({ now: trial.now + 29 * MINUTE, batchSize: 100, deadline: AMPLE }), {
        completed: true,
        removed: 0,
      });
      for (const { key, record } of sessions) deepStrictEqual(await trial.recordOf(key), record);
    });

    it('leaves a session whose deadline has moved', async (trial) => {
      const { key, record } = await trial.keep();
      const now = trial.purgeTimeOf(record);
      await trial.store.touch(key, trial.now + 25 * MINUTE);
      const changed = await trial.keep();
      await trial.store.change(changed.key, trial.newDelta({ count: '2' }), trial.now + 25 * MINUTE);
      strictEqual((await trial.store.purge({ now, batchSize: 100, deadline: AMPLE })).removed, 0);
      ok(await trial.recordOf(key, now));
      ok(await trial.recordOf(changed.key, now));
    });

    it('leaves a session that was rotated, when its old key is long dead', async (trial) => {
      const { key } = await trial.keep({ timeout: DAY });
      const successor = await trial.renamed(key);
      const now = trial.now + 10 * MINUTE;
      deepStrictEqual(await trial.store.purge({ now, batchSize: 100, deadline: AMPLE }), {
        completed: true,
        removed: 0,
      });
      ok(await trial.recordOf(successor, now));
    });

    if (!collectedByBackend) describeRemoval(it);
  });

  describe('close', () => {
    it('may be called once, at the same time, and again', async ({ store }) => {
      await Promise.all([store.close(), store.close()]);
      await store.close();
    });
  });
}

function describeRemoval(it: Suite<StoreTrial>['it']): void {
  it('removes what has expired, idle or at its end, and counts it', async (trial) => {
    const idle = await trial.keep();
    const ended = await trial.keep({ timeout: DAY, ends: trial.now + 10 * MINUTE });
    const living = await trial.keep({ timeout: DAY });
    const now = trial.purgeTimeOf(idle.record);
    const purged = await trial.store.purge({ now, batchSize: 100, deadline: AMPLE });
    deepStrictEqual(purged, { completed: true, removed: 2 });
    // Who asks with an earlier time doesn't find it either: it isn't just expired, it is gone.
    strictEqual(await trial.store.get(idle.key, trial.now), undefined);
    strictEqual(await trial.store.get(ended.key, trial.now), undefined);
    deepStrictEqual(await trial.recordOf(living.key), living.record);
  });

  it('goes on batch after batch until nothing is left', async (trial) => {
    const sessions = await Promise.all(Array.from({ length: 55 }, () => trial.keep()));
    const now = trial.purgeTimeOf(trial.newRecord());
    const purged = await trial.store.purge({ now, batchSize: 10, deadline: AMPLE });
    deepStrictEqual(purged, { completed: true, removed: sessions.length });
    deepStrictEqual(await trial.store.purge({ now, batchSize: 10, deadline: AMPLE }), { completed: true, removed: 0 });
  });

  it('stops when its time is up, and says completed only if nothing was left', async (trial) => {
    const sessions = await Promise.all(Array.from({ length: 1_000 }, () => trial.keep()));
    const now = trial.purgeTimeOf(trial.newRecord());
    let removed = 0;
    let completed = false;
    while (!completed) {
      const started = performance.now();
      const purged = await trial.store.purge({ now, batchSize: 5, deadline: 1 });
      ok(performance.now() - started < OVERTIME, 'a purge that had 1 ms took seconds');
      ok(purged.completed || purged.removed > 0, 'a purge that is called again and again comes to no end');
      ({ completed } = purged);
      removed += purged.removed;
    }
    strictEqual(removed, sessions.length);
  });
}
