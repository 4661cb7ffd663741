/** Removes expired sessions: looks for many, and removes them in small steps, so that nobody waits long. */
import { setImmediate } from 'node:timers/promises';
import { GARBAGE_MARGIN_MS, type Purged, type PurgeOptions } from '../session.store.js';
import type { SessionStatements } from './session.statements.js';
import type { SqlRunner } from './sql.runner.js';

/** The most that one step removes. */
const MAX_STEP = 1_000;
const STEPS_A_SEARCH = 50;

/** @param isClosed - ends the purge when it becomes true */
export async function purgeTable(
  runner: SqlRunner,
  statements: SessionStatements,
  { now, batchSize, deadline }: PurgeOptions,
  isClosed: () => boolean,
): Promise<Purged> {
  const started = performance.now();
  const isTimeUp = () => isClosed() || performance.now() - started >= deadline;
  const due = Math.floor(now) - GARBAGE_MARGIN_MS;
  const step = Math.min(batchSize, MAX_STEP);
  const limit = step * STEPS_A_SEARCH;
  let removed = 0;
  for (;;) {
    const rows = await runner.rows(statements.expired.with({ due, limit }));
    const ids = rows.map((row) => String(row['id']));
    const before = removed;
    for (let start = 0; start < ids.length; start += step) {
      // However little time there is: who calls again and again comes to an end.
      if (removed > 0 && isTimeUp()) return { completed: false, removed };
      // SQLite answers without waiting: nobody else would be served until the purge is over.
      await setImmediate();
      removed += await runner.affected(statements.removeExpired(ids.slice(start, start + step), due));
    }
    const left = ids.length - (removed - before);
    if (left === 0 && ids.length < limit) return { completed: true, removed };
    // What others hold locked is theirs to remove, or to let go.
    if (removed === before || isTimeUp()) return { completed: false, removed };
  }
}
