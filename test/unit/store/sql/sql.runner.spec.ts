/** How long a statement is tried again that others are in the way of: as long as its patience lasts, by a clock that is staged here. */
import { CompiledQuery } from 'kysely';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DIALECTS } from '../../../../src/store/sql/dialects.js';
import type { SqlExecutor, SqlResult } from '../../../../src/store/sql/sql.executor.js';
import { SqlRunner } from '../../../../src/store/sql/sql.runner.js';

/** As long as a manager waits for a store by default. */
const PATIENCE_MS = 2_000;
const QUERY = CompiledQuery.raw('SELECT 1');
const BUSY = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });

/** A database of which each try takes so long, and ends so. */
class StagedDatabase {
  tries = 0;
  elapsed = 0;
  readonly runner: SqlRunner;

  constructor(tryMs: number, outcome: (tries: number) => SqlResult) {
    const executor: SqlExecutor = {
      adapter: {},
      withoutPlugins: () => executor,
      provideConnection: (use) => use(executor),
      executeQuery: async () => {
        this.tries++;
        this.elapsed += tryMs;
        return outcome(this.tries);
      },
    };
    this.runner = new SqlRunner(executor, DIALECTS.sqlite, 'sessions');
    vi.spyOn(performance, 'now').mockImplementation(() => this.elapsed);
  }
}

const alwaysBusy = (): SqlResult => {
  throw BUSY;
};

describe('SqlRunner, when others are in the way,', () => {
  // No pause between the tries.
  beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));

  it.each([
    ['short', 10],
    ['long', 300],
  ])('gives up after two seconds of %s tries, however many these are', async (_, tryMs) => {
    const database = new StagedDatabase(tryMs, alwaysBusy);
    await expect(database.runner.rows(QUERY)).rejects.toBe(BUSY);
    expect(database.elapsed).toBeGreaterThan(PATIENCE_MS);
    expect(database.elapsed).toBeLessThanOrEqual(PATIENCE_MS + tryMs);
  });

  it('gives up after the first try that takes longer than that', async () => {
    const database = new StagedDatabase(50_000, alwaysBusy);
    await expect(database.runner.rows(QUERY)).rejects.toBe(BUSY);
    expect(database.tries).toBe(1);
  });

  it('answers as soon as they are gone', async () => {
    const database = new StagedDatabase(10, (tries) => (tries < 40 ? alwaysBusy() : { rows: [{ id: 'abcd.key' }] }));
    expect(await database.runner.rows(QUERY)).toEqual([{ id: 'abcd.key' }]);
    expect(database.tries).toBe(40);
  });

  it('tries nothing again that fails for another reason', async () => {
    const failure = new Error('disk I/O error');
    const database = new StagedDatabase(10, () => {
      throw failure;
    });
    await expect(database.runner.rows(QUERY)).rejects.toBe(failure);
    expect(database.tries).toBe(1);
  });
});
