/** For how long it is tried again what others are in the way of. */
import { setTimeout } from 'node:timers/promises';
import type { SqlDialect } from './sql.dialect.js';

/** As long as a manager waits, by default. SQLite lets one write at a time. */
export const PATIENCE_MS = 2_000;
const LONGEST_PAUSE_MS = 80;

/** What `work` answers, tried again as long as others are in its way. */
export async function patiently<T>({ isContention }: SqlDialect, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isContention(error) || performance.now() - started > PATIENCE_MS) throw error;
    }
    await setTimeout(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** tries));
  }
}
