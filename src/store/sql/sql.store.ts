/** Sessions in a table of a database: they survive restarts, and any number of processes share them. */
import { type Duration, toTimerMilliseconds } from '../../session/duration.js';
import { checkOptionNames } from '../../session/options.check.js';
import { invalidOption, SessionError } from '../../session/session.error.js';
import type { SessionLogger } from '../../session/session.logger.js';
import { type Changed, type Delta, type Key, type SessionRecord } from '../../session/session.record.js';
import {
  type Added,
  type AddOptions,
  type Found,
  type ListedSession,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  SessionStore,
} from '../session.store.js';
import { DIALECTS, dialectOf } from './dialects.js';
import { PurgeTimer } from './purge.timer.js';
import { columnsOf, forwardText, opText } from './session.row.js';
import { SessionSearch } from './session.search.js';
import { SessionStatements } from './session.statements.js';
import { quotedName, tableNameOf, upgradesOf } from './session.table.js';
import type { SqlDialect, SqlDialectName, TableName } from './sql.dialect.js';
import type { SqlExecutor, SqlExecutorProvider } from './sql.executor.js';
import { SqlPrincipals } from './sql.principals.js';
import { SqlRunner } from './sql.runner.js';
import { migrate } from './table.migration.js';
import { purgeTable } from './table.purge.js';

export interface SqlStoreOptions {
  /** The table, also with its schema: `'app.sessions'`. @defaultValue 'http_session' */
  table?: string | undefined;
  /**
   * How often expired sessions are removed from the table, by each process that uses it; `false`: only by
   * `SessionManager.purge`. (They aren't served, removed or not.) @defaultValue '10m'
   */
  purgeInterval?: Duration | false | undefined;
}

const DEFAULT_TABLE = 'http_session';
/** Of the store's own purges. */
const PURGE_BATCH = 100;
/**
 * Keeps sessions in a table of PostgreSQL, PGlite, MySQL, MariaDB or SQLite, through the application's Kysely instance.
 *
 * ```ts
 * const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString }) }) });
 * const store = new SqlStore(kysely);
 * await store.migrate();
 * ```
 *
 * Every verb is one statement, which is one round trip, and needs no transaction; further statements follow a session that was
 * rotated meanwhile, and look at what is in the way. Two are a transaction each: a login with `maxPerPrincipal`, and the end of
 * all sessions of a principal, which take turns for each principal (by an advisory lock, `GET_LOCK`, `BEGIN IMMEDIATE`). Pools
 * that give a connection for a transaction only (PgBouncer's transaction mode) do.
 *
 * - A connection of `pg` that is lost, idle or in use, ends a process that doesn't listen: `pool.on('error', …)` and
 *   `pool.on('connect', (client) => client.on('error', …))`.
 * - SQLite is for the processes of one machine, which share the file; what is in `:memory:` is one process's. It blocks
 *   the process while it waits for a lock: give its connection WAL mode and a `timeout` of 50 ms at most (better-sqlite3's
 *   default is 5 seconds). The store itself tries again for about two seconds, without blocking.
 * - `table` has to exist with its columns: call `migrate()` before the application serves, or run {@link SqlStore.schema}.
 * - The table is the store's alone: a login in the place of another session makes one row of the other. Sessions are ended by
 *   deleting rows.
 * - Reads have to go to the primary server, not to a replica that lags behind.
 * - `GET_LOCK` is a lock of one server: on a Galera cluster, all have to write to the same node.
 * - A write waits for another one's lock as long as the server lets it (`innodb_lock_wait_timeout`, `lock_timeout`).
 * - Kysely's `log` option shows parameters, and with them what sessions hold.
 */
export class SqlStore extends SessionStore {
  readonly capabilities = { shared: true, atomic: true, acknowledged: 'backend' } as const;
  readonly #executor: SqlExecutor;
  readonly #dialect: SqlDialect;
  readonly #table: TableName;
  readonly #statements: SessionStatements;
  readonly #runner: SqlRunner;
  readonly #search: SessionSearch;
  readonly #principals: SqlPrincipals;
  readonly #purgeTimer: PurgeTimer | undefined;
  /** From this machine's clock to the app's, as last heard. */
  #clockOffset: number | undefined;
  #closed = false;

  /**
   * @param kysely - the application's instance of Kysely; it stays the application's to destroy
   * @throws SessionError `INVALID_OPTION`
   */
  constructor(kysely: SqlExecutorProvider, options: SqlStoreOptions = {}) {
    super();
    if (typeof kysely?.getExecutor !== 'function') throw invalidOption('kysely', kysely, 'an instance of Kysely');
    checkOptionNames('SqlStore', options, ['table', 'purgeInterval']);
    const { table = DEFAULT_TABLE, purgeInterval = '10m' } = options;
    // Plugins may rename columns.
    this.#executor = kysely.getExecutor().withoutPlugins();
    this.#dialect = dialectOf(this.#executor);
    this.#table = tableNameOf(table);
    this.#statements = new SessionStatements(this.#dialect, this.#table);
    this.#runner = new SqlRunner(this.#executor, this.#dialect, quotedName(this.#dialect, this.#table));
    this.#search = new SessionSearch(this.#runner, this.#statements);
    this.#principals = new SqlPrincipals(this.#runner, this.#statements);
    this.#purgeTimer =
      purgeInterval === false
        ? undefined
        : new PurgeTimer(toTimerMilliseconds('purgeInterval', purgeInterval), () => this.#purgeNow());
  }

  /**
   * The statements that create the table, for those who run migrations of their own.
   *
   * ```sh
   * node -e "import('nestjs-http-session/sql').then(({ SqlStore }) => console.log(SqlStore.schema('postgres')))"
   * ```
   *
   * @param dialect - `'postgres'`, `'mysql'` (MariaDB too) or `'sqlite'`
   * @throws SessionError `INVALID_OPTION`
   */
  static schema(dialect: SqlDialectName, { table = DEFAULT_TABLE }: Pick<SqlStoreOptions, 'table'> = {}): string {
    if (!Object.hasOwn(DIALECTS, dialect)) {
      throw invalidOption('dialect', dialect, Object.keys(DIALECTS).join(', '));
    }
    return upgradesOf(DIALECTS[dialect], tableNameOf(table), new Set())
      .map((statement) => `${statement};\n`)
      .join('');
  }

  /**
   * Creates the table, or adds what an older version of this library hasn't given it. Changes nothing if there is nothing to
   * do. Processes that start together may all call it.
   *
   * Rejects with the driver's error, for instance if the user mustn't create tables.
   */
  migrate(): Promise<void> {
    return migrate(this.#executor, this.#dialect, this.#table);
  }

  /** Looks whether the table is there, and purges now and then from now on. */
  override start(logger: SessionLogger): void {
    this.#purgeTimer?.start(logger);
    void this.#checkTable(logger);
  }

  async get(key: Key, now: number): Promise<Found> {
    this.#hearClock(now);
    const row = (await this.#search.at(key)) ?? (await this.#search.find(key));
    if (!row) return undefined;
    if (row.id !== key) {
      const forward = row.forwardOf(key);
      return forward && now < forward.until ? { successor: row.id, graceUntil: forward.graceUntil } : undefined;
    }
    const kept = row.read();
    return 'record' in kept && !row.isLive(kept.record, now) ? { expired: kept.record.handle } : kept;
  }

  async touch(key: Key, now: number): Promise<boolean> {
    const at = this.#hearClock(now);
    return this.#search.follow<boolean>(key, {
      attempt: async (id) =>
        (await this.#runner.affected(this.#statements.touch.with({ id, now: at }))) > 0 || undefined,
      explain: (row) => {
        const record = row.recordFor(key, now);
        if (!record) return false;
        // MySQL may be told to count the rows that were changed, not those that were found.
        return record.accessed >= at || undefined;
      },
      absent: false,
    });
  }

  async add(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    this.#hearClock(record.created);
    const { op, replaces, limit } = options;
    if (limit) return this.#principals.add(key, record, options, limit);
    const columns = columnsOf(key, record, op);
    const { insert, replace } = this.#statements;
    try {
      if (replaces !== undefined) {
        if ((await this.#runner.affected(replace.with({ ...columns, replaced: replaces }))) > 0) return 'added';
      }
      await this.#runner.affected(insert.with(columns));
    } catch (error) {
      if (!this.#dialect.isDuplicate(error)) throw error;
      if (!(await this.#wasWrittenBy(key, op))) return 'exists';
    }
    // Its key led to no row: it may have another one by now.
    if (replaces !== undefined) await this.remove(replaces);
    return 'added';
  }

  async change(key: Key, delta: Delta, now: number): Promise<Changed> {
    const { ifVersion, op, steps = 1 } = delta;
    const patch = JSON.stringify(
      Object.fromEntries<string | null>([...delta.set, ...delta.unset.map((name) => [name, null] as const)]),
    );
    const values = { now: this.#hearClock(now), op: opText(op), steps, patch };
    return this.#search.follow<Changed>(key, {
      attempt: async (id) => {
        const version = await this.#runner.version(
          ifVersion === undefined
            ? this.#statements.change.with({ ...values, id })
            : this.#statements.changeVersion.with({ ...values, id, version: ifVersion }),
        );
        return version === undefined ? undefined : { version };
      },
      explain: (row) => {
        const record = row.recordFor(key, now);
        if (!record) return 'gone';
        if (row.remembers(op)) return { version: record.version };
        return ifVersion === undefined || ifVersion === record.version ? undefined : { conflict: record };
      },
      absent: 'gone',
    });
  }

  async rename(from: Key, to: Key, options: RenameOptions): Promise<Renamed> {
    const { op, now, forwardUntil, graceUntil, follows = true, isAuthenticated = false } = options;
    const at = this.#hearClock(now);
    const authenticated = isAuthenticated ? at : null;
    const values = { to, now: at, authenticated, until: Math.ceil(forwardUntil), op: opText(op) };
    const attempt = async (id: Key): Promise<Renamed | undefined> => {
      if (id === to) return 'exists';
      const forward = forwardText(id, { until: forwardUntil, graceUntil });
      try {
        const renamedRows = await this.#runner.affected(this.#statements.rename.with({ ...values, id, forward }));
        return renamedRows > 0 ? 'done' : undefined;
      } catch (error) {
        if (!this.#dialect.isDuplicate(error)) throw error;
        return (await this.#wasWrittenBy(to, op)) ? 'done' : 'exists';
      }
    };
    if (!follows) return (await attempt(from)) ?? (await this.#movedTo(to, op));
    return this.#search.follow<Renamed>(from, {
      attempt,
      explain: (row) => {
        if (!row.recordFor(from, now)) return 'gone';
        return row.remembers(op) ? 'done' : undefined;
      },
      absent: 'gone',
    });
  }

  remove(key: Key): Promise<boolean> {
    return this.#search.follow<boolean>(key, {
      attempt: async (id) => (await this.#runner.affected(this.#statements.remove.with({ id }))) > 0 || undefined,
      explain: () => undefined,
      absent: false,
    });
  }

  list(tag: string, now: number): Promise<readonly ListedSession[]> {
    return this.#principals.list(tag, this.#hearClock(now));
  }

  removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    return this.#principals.removeAll(tag, this.#hearClock(now), except);
  }

  /** A `batchSize` counts up to 1,000. What others hold locked is left to them on PostgreSQL, elsewhere waited for. */
  purge(options: PurgeOptions): Promise<Purged> {
    return purgeTable(this.#runner, this.#statements, options, () => this.#closed);
  }

  /** Stops purging, and waits for a purge of its own that is under way. Kysely stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#purgeTimer?.stop();
  }

  async #wasWrittenBy(key: Key, op: string): Promise<boolean> {
    return (await this.#search.at(key))?.remembers(op) ?? false;
  }

  /** What came of a rename that found nothing to be moved. */
  async #movedTo(key: Key, op: string): Promise<Renamed> {
    const row = await this.#search.find(key);
    if (!row) return 'gone';
    return row.remembers(op) ? 'done' : 'exists';
  }

  /** @returns the time as the table has it */
  #hearClock(now: number): number {
    this.#clockOffset = now - Date.now();
    return Math.floor(now);
  }

  async #purgeNow(): Promise<void> {
    // Who has heard no time has served no session either.
    if (this.#clockOffset === undefined) return;
    await this.purge({ now: Date.now() + this.#clockOffset, batchSize: PURGE_BATCH, deadline: Infinity });
  }

  /** Better at the start than at the first login. A database that can't be reached yet is no news here. */
  async #checkTable(logger: SessionLogger): Promise<void> {
    try {
      await this.#runner.rows(this.#statements.get.with({ id: '' }));
    } catch (error) {
      if (error instanceof SessionError) logger.warn(error.message);
    }
  }
}
