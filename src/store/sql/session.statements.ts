/** What is said to the database about sessions. */
import { COLUMN_NAMES, COLUMNS, type ColumnName, PURGE_STEP_MS, quotedName } from './session.table.js';
import { type KeyRange, OPS_LENGTH, PREVIOUS_LENGTH } from './session.row.js';
import type { SqlDialect, TableName } from './sql.dialect.js';
import { SqlStatement } from './sql.statement.js';

/** Later than any deadline. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** What is listed of a session: no attributes. */
const LISTED = ['id', 'handle', 'labels', 'created', 'accessed', 'ends', 'timeout', 'touch_interval'] as const;

type Change = 'id' | 'now' | 'steps' | 'patch' | 'op';

export class SessionStatements {
  readonly get: SqlStatement<'id'>;
  /** The row of a key, or of the session that once had it. */
  readonly find: SqlStatement<'id' | 'low' | 'high' | 'old'>;
  readonly insert: SqlStatement<ColumnName>;
  /** Makes another session of a row: removes the one, and stores the other, in one step. */
  readonly replace: SqlStatement<ColumnName | 'replaced'>;
  readonly touch: SqlStatement<'id' | 'now'>;
  readonly change: SqlStatement<Change>;
  readonly changeVersion: SqlStatement<Change | 'version'>;
  readonly rename: SqlStatement<'id' | 'to' | 'now' | 'authenticated' | 'forward' | 'until' | 'op'>;
  readonly remove: SqlStatement<'id'>;
  /** The row of a key, or of the session that once had it: as it is until the end of the transaction. */
  readonly lock: SqlStatement<'id' | 'low' | 'high' | 'old'>;
  readonly list: SqlStatement<keyof KeyRange | 'now'>;
  readonly removeNamed: SqlStatement<keyof KeyRange | 'handle'>;
  /** Those of a range that have expired. */
  readonly removeOver: SqlStatement<keyof KeyRange | 'now'>;
  /** Those of a range but one. */
  readonly removeOthers: SqlStatement<keyof KeyRange | 'handle'>;
  readonly expired: SqlStatement<'due' | 'limit'>;
  readonly #dialect: SqlDialect;
  readonly #table: string;

  constructor(dialect: SqlDialect, tableName: TableName) {
    const table = quotedName(dialect, tableName);
    this.#dialect = dialect;
    this.#table = table;

    const reading = (names: readonly ColumnName[]) =>
      names.map((name) => dialect.read(name, COLUMNS[name].kind)).join(', ');
    const read = reading(COLUMN_NAMES);
    const written = (name: ColumnName) => dialect.write(`:${name}`, COLUMNS[name].kind);
    const accessed = dialect.greatest('accessed', ':now');
    // Where SET goes from left to right, `accessed` is the new one already; that makes no difference.
    const expires = dialect.least(`${accessed} + timeout + touch_interval`, `COALESCE(ends, ${NEVER})`);
    const access = `accessed = ${accessed}, expires = ${expires}, purge_at = ${expires} - ${expires} % ${PURGE_STEP_MS}`;
    const remember = `ops = ${dialect.joined(':op', 'ops', OPS_LENGTH)}`;
    // A session of a newer format isn't for this version to change.
    const current = 'expires > :now AND format = 1';
    const live = `id = :id AND ${current}`;
    const range = 'id >= :low AND id < :high';
    const change = `UPDATE ${table}
      SET ${access}, version = ${dialect.newVersion('version + :steps')}, attrs = ${dialect.merged('attrs', ':patch')}, ${remember}
      WHERE ${live} AND ${dialect.indexOf('ops', ':op')} = 0`;

    this.get = this.#statement(`SELECT ${read} FROM ${table} WHERE id = :id`);
    const find = `SELECT ${read} FROM ${table}
      WHERE ${range} AND (id = :id OR ${dialect.indexOf('previous', ':old')} > 0)`;
    this.find = this.#statement(find);
    this.lock = this.#statement(find + dialect.forUpdate);
    this.insert = this.#statement(`INSERT INTO ${table} (${COLUMN_NAMES.join(', ')})
      VALUES (${COLUMN_NAMES.map(written).join(', ')})`);
    this.replace = this.#statement(`UPDATE ${table}
      SET ${COLUMN_NAMES.map((name) => `${name} = ${written(name)}`).join(', ')} WHERE id = :replaced`);
    this.touch = this.#statement(`UPDATE ${table} SET ${access} WHERE ${live}`);
    this.change = this.#statement(change + dialect.returningVersion);
    this.changeVersion = this.#statement(`${change} AND version = :version${dialect.returningVersion}`);
    // From left to right again: each column is read before it is set.
    this.rename = this.#statement(`UPDATE ${table}
      SET previous = ${dialect.joined(':forward', "CASE WHEN forwards_until > :now THEN previous ELSE '' END", PREVIOUS_LENGTH)},
        forwards_until = ${dialect.greatest('forwards_until', ':until')}, ${remember},
        rotated = :now, authenticated = COALESCE(:authenticated, authenticated), id = :to
      WHERE ${live}`);
    this.remove = this.#statement(`DELETE FROM ${table} WHERE id = :id`);
    this.list = this.#statement(`SELECT ${reading(LISTED)} FROM ${table} WHERE ${range} AND ${current}`);
    this.removeNamed = this.#statement(`DELETE FROM ${table} WHERE ${range} AND handle = :handle`);
    this.removeOver = this.#statement(`DELETE FROM ${table} WHERE ${range} AND expires <= :now`);
    this.removeOthers = this.#statement(`DELETE FROM ${table} WHERE ${range} AND handle <> :handle`);
    this.expired = this.#statement(`SELECT ${dialect.read('id', 'key')} FROM ${table}
      WHERE purge_at <= :due AND expires <= :due ORDER BY purge_at LIMIT :limit`);
  }

  /** Removes those of the sessions that are still expired, and that nobody else is about to remove, if the database tells. */
  removeExpired(ids: readonly string[], due: number): ReturnType<SqlStatement<string>['with']> {
    const expired = `id IN (${ids.map((_, index) => `:id${index}`).join(', ')}) AND expires <= :due`;
    const condition = this.#dialect.skipsLocked
      ? `id IN (SELECT id FROM ${this.#table} WHERE ${expired} FOR UPDATE SKIP LOCKED)`
      : expired;
    const statement = this.#statement<string>(`DELETE FROM ${this.#table} WHERE ${condition}`);
    return statement.with({ due, ...Object.fromEntries(ids.map((id, index) => [`id${index}`, id])) });
  }

  #statement<Name extends string>(text: string): SqlStatement<Name> {
    return new SqlStatement(text, this.#dialect.placeholder);
  }
}
