/** Runs statements: again when others were in the way, and with a clear word when the table is missing. */
import type { CompiledQuery } from 'kysely';
import { KeyedQueue } from '../../session/keyed.queue.js';
import { SessionError } from '../../session/session.error.js';
import type { SqlDialect } from './sql.dialect.js';
import type { SqlConnection, SqlExecutor, SqlResult } from './sql.executor.js';
import { patiently } from './sql.patience.js';
import { SqlQueries } from './sql.queries.js';
import { transact } from './sql.transaction.js';

export class SqlRunner extends SqlQueries {
  readonly #executor: SqlExecutor;
  readonly #dialect: SqlDialect;
  readonly #table: string;
  /** Who has no turn yet takes no connection from others. When one waits in vain, so do all behind it. */
  readonly #turns = new KeyedQueue((error) => error instanceof SessionError);

  constructor(executor: SqlExecutor, dialect: SqlDialect, table: string) {
    super();
    this.#executor = executor;
    this.#dialect = dialect;
    this.#table = table;
  }

  /** The version that a change led to, `undefined` if it found no row. */
  async version(query: CompiledQuery): Promise<number | undefined> {
    if (this.#dialect.returningVersion === '') {
      const { insertId } = await this.run(query);
      return insertId === undefined ? undefined : Number(insertId);
    }
    const [row] = await this.rows(query);
    return row && Number(row['version']);
  }

  /** What `work` answers, whose statements are done together, or none of them, one such work of a tag at a time. */
  transaction<T>(tag: string, work: (queries: SqlQueries) => Promise<T>): Promise<T> {
    const transaction = {
      statements: this.#dialect.transaction,
      lock: `${this.#table} ${tag}`,
      refusal: 'Others have been adding or removing sessions of the same principal for two seconds.',
    };
    const attempt = (connection: SqlConnection): Promise<T> => work(new ConnectionQueries(connection));
    return this.#turns.run(tag, () =>
      this.#telling(() => transact(this.#executor, this.#dialect, transaction, attempt)),
    );
  }

  protected run(query: CompiledQuery): Promise<SqlResult> {
    return this.#telling(() => patiently(this.#dialect, () => this.#executor.executeQuery(query)));
  }

  async #telling<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!this.#dialect.isTableMissing(error)) throw error;
      const wrong = `The table ${this.#table} of sessions is missing or of an older version`;
      throw new SessionError('STORE_FAILED', `${wrong}: call the store's migrate() first.`);
    }
  }
}

/** Tries nothing again: what was done before on the connection may have been undone. */
class ConnectionQueries extends SqlQueries {
  readonly #connection: SqlConnection;

  constructor(connection: SqlConnection) {
    super();
    this.#connection = connection;
  }

  protected run(query: CompiledQuery): Promise<SqlResult> {
    return this.#connection.executeQuery(query);
  }
}
