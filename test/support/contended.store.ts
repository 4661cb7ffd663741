/** A store that others get into the way of. */
import { type Dialect, Kysely } from 'kysely';
import { SqlStore } from 'nestjs-http-session/sql';
import { afterEach, beforeEach, expect, onTestFinished } from 'vitest';
import { describeWith } from './backends.js';
import { Barrier } from './barrier.js';
import { POSTGRES, type SqlDatabase, SqlTable } from './sql.databases.js';

export class Contended {
  readonly table: SqlTable;
  readonly store: SqlStore;
  readonly kysely: Kysely<unknown>;
  readonly #refused = new Barrier();
  /** What the database has refused. */
  readonly refusals: unknown[] = [];
  /** Resolves when it has refused something. */
  readonly refused = this.#refused.reached;

  constructor(table: SqlTable, dialect: Dialect) {
    this.table = table;
    this.kysely = new Kysely({
      dialect,
      log: (event) => {
        if (event.level !== 'error') return;
        this.refusals.push((event.error as { code: unknown }).code);
        void this.#refused.pass();
      },
    });
    this.store = new SqlStore(this.kysely, { table: table.name, purgeInterval: false });
    onTestFinished(() => this.kysely.destroy());
  }

  /** A transaction of somebody else, open while `work` goes on; it ends as the last statement of `work` says, or is undone. */
  async whileBusy(work: (run: (text: string) => Promise<unknown>) => Promise<void>): Promise<void> {
    await this.table.kysely.connection().execute(async (connection) => {
      const run = (text: string) => this.table.run(text, connection);
      await run('BEGIN');
      try {
        await work(run);
      } finally {
        // There may be none any more.
        await run('ROLLBACK').catch(() => undefined);
      }
    });
  }

  /** Resolves when so many statements of the store wait for a lock. */
  async blocked(statements = 1): Promise<void> {
    const waiting =
      this.table.database === POSTGRES
        ? `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${this.table.name}%'`
        : `SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%${this.table.name}%'`;
    // InnoDB answers with what it said before, to who asks again within 100 ms.
    await expect.poll(() => this.table.run(waiting), { timeout: 10_000, interval: 150 }).toHaveLength(statements);
  }
}

/** `describe` with a fresh table for each test. */
export async function describeTable(
  database: SqlDatabase,
  what: string,
  body: (table: () => SqlTable) => void,
): Promise<void> {
  await describeWith(database.needs, `${what} on ${database.name}`, () => {
    let table: SqlTable;
    beforeEach(async () => {
      table = await SqlTable.create(database);
    });
    afterEach(() => table.drop());
    body(() => table);
  });
}
