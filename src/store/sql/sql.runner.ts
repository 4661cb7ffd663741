/** Runs statements: again when others were in the way, and with a clear word when the table is missing. */
import type { CompiledQuery } from 'kysely';
import { setTimeout } from 'node:timers/promises';
import { SessionError } from '../../session/session.error.js';
import type { Row } from './session.row.js';
import type { SqlDialect } from './sql.dialect.js';
import type { SqlExecutor, SqlResult } from './sql.executor.js';

/** As long as a manager waits, by default. SQLite lets one write at a time. */
const PATIENCE_MS = 2_000;
const LONGEST_PAUSE_MS = 80;

export class SqlRunner {
  readonly #executor: SqlExecutor;
  readonly #dialect: SqlDialect;
  readonly #tableMissing: string;

  constructor(executor: SqlExecutor, dialect: SqlDialect, table: string) {
    this.#executor = executor;
    this.#dialect = dialect;
    this.#tableMissing = `The table ${table} of sessions is missing or of an older version: call the store's migrate() first.`;
  }

  async rows(query: CompiledQuery): Promise<readonly Row[]> {
    return (await this.#run(query)).rows as readonly Row[];
  }

  /** How many rows a statement has changed. */
  async affected(query: CompiledQuery): Promise<number> {
    return Number((await this.#run(query)).numAffectedRows);
  }

  /** The version that a change led to, `undefined` if it found no row. */
  async version(query: CompiledQuery): Promise<number | undefined> {
    if (this.#dialect.returningVersion === '') {
      const { insertId } = await this.#run(query);
      return insertId === undefined ? undefined : Number(insertId);
    }
    const [row] = await this.rows(query);
    return row && Number(row['version']);
  }

  async #run(query: CompiledQuery): Promise<SqlResult> {
    try {
      return await patiently(this.#dialect, () => this.#executor.executeQuery(query));
    } catch (error) {
      if (this.#dialect.isTableMissing(error)) throw new SessionError('STORE_FAILED', this.#tableMissing);
      throw error;
    }
  }
}

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
