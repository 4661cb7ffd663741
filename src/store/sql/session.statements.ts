/** What is said to the database about sessions: each statement changes one row, or none, in one step. */
import { COLUMN_NAMES, COLUMNS, type ColumnName, PURGE_STEP_MS, quotedName } from './session.table.js';
import { OPS_LENGTH, PREVIOUS_LENGTH } from './session.row.js';
import type { SqlDialect, TableName } from './sql.dialect.js';
import { SqlStatement } from './sql.statement.js';

/** Later than any deadline. */
const NEVER = Number.MAX_SAFE_INTEGER;

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
  readonly rename: SqlStatement<'id' | 'to' | 'now' | 'forward' | 'until' | 'op'>;
  readonly remove: SqlStatement<'id'>;
  readonly expired: SqlStatement<'due' | 'limit'>;
  readonly #dialect: SqlDialect;
  readonly #table: string;

  constructor(dialect: SqlDialect, tableName: TableName) {
    const table = quotedName(dialect, tableName);
    this.#dialect = dialect;
    this.#table = table;

    const read = COLUMN_NAMES.map((name) => dialect.read(name, COLUMNS[name].kind)).join(', ');
    const written = (name: ColumnName) => dialect.write(`:${name}`, COLUMNS[name].kind);
    const accessed = dialect.greatest('accessed', ':now');
    // Where SET goes from left to right, `accessed` is the new one already; that makes no difference.
    const expires = dialect.least(`${accessed} + timeout + touch_interval`, `COALESCE(ends, ${NEVER})`);
    const access = `accessed = ${accessed}, expires = ${expires}, purge_at = ${expires} - ${expires} % ${PURGE_STEP_MS}`;
    const remember = `ops = ${dialect.joined(':op', 'ops', OPS_LENGTH)}`;
    // A session of a newer format isn't for this version to change.
    const live = 'id = :id AND expires > :now AND format = 1';
    const change = `UPDATE ${table}
      SET ${access}, version = ${dialect.newVersion('version + :steps')}, attrs = ${dialect.merged('attrs', ':patch')}, ${remember}
      WHERE ${live} AND ${dialect.indexOf('ops', ':op')} = 0`;

    this.get = this.#statement(`SELECT ${read} FROM ${table} WHERE id = :id`);
    this.find = this.#statement(`SELECT ${read} FROM ${table}
      WHERE id >= :low AND id < :high AND (id = :id OR ${dialect.indexOf('previous', ':old')} > 0)`);
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
        forwards_until = ${dialect.greatest('forwards_until', ':until')}, ${remember}, id = :to
      WHERE ${live}`);
    this.remove = this.#statement(`DELETE FROM ${table} WHERE id = :id`);
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
