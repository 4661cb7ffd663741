/** The table of sessions, one row each: its columns, and the statements that create it. */
import { invalidOption } from '../../session/session.error.js';
import type { ColumnKind, SqlDialect, TableName } from './sql.dialect.js';

interface Column {
  readonly kind: ColumnKind;
  /** What follows the type. A column that is added to the table in a later version of it has a DEFAULT, or may be null. */
  readonly constraint: string;
}

/** `purge_at` is the deadline, rounded down to this. */
export const PURGE_STEP_MS = 600_000;

/** In the order of the table. Attributes are one JSON object, of serialised values by name. */
export const COLUMNS = {
  id: { kind: 'key', constraint: 'NOT NULL PRIMARY KEY' },
  principal: { kind: 'name', constraint: 'NULL' },
  labels: { kind: 'long text', constraint: 'NULL' },
  handle: { kind: 'text', constraint: 'NOT NULL' },
  created: { kind: 'integer', constraint: 'NOT NULL' },
  accessed: { kind: 'integer', constraint: 'NOT NULL' },
  rotated: { kind: 'integer', constraint: 'NULL' },
  authenticated: { kind: 'integer', constraint: 'NULL' },
  /** The deadline. */
  expires: { kind: 'integer', constraint: 'NOT NULL' },
  ends: { kind: 'integer', constraint: 'NULL' },
  timeout: { kind: 'integer', constraint: 'NOT NULL' },
  touch_interval: { kind: 'integer', constraint: 'NOT NULL' },
  persistent: { kind: 'small', constraint: 'NOT NULL' },
  version: { kind: 'integer', constraint: 'NOT NULL' },
  consts: { kind: 'long text', constraint: 'NOT NULL' },
  attrs: { kind: 'json', constraint: 'NOT NULL' },
  seed: { kind: 'text', constraint: 'NOT NULL' },
  /** The last writes. */
  ops: { kind: 'list', constraint: "NOT NULL DEFAULT ''" },
  /** The keys that lead here, see `session.row.ts`. */
  previous: { kind: 'list', constraint: "NOT NULL DEFAULT ''" },
  /** Until when one of them does. */
  forwards_until: { kind: 'integer', constraint: 'NOT NULL DEFAULT 0' },
  /** The deadline, rounded down so far that few touches change it: an index of `expires` itself would make each one dearer. */
  purge_at: { kind: 'integer', constraint: 'NOT NULL' },
  format: { kind: 'small', constraint: 'NOT NULL' },
} as const satisfies Readonly<Record<string, Column>>;

export type ColumnName = keyof typeof COLUMNS;

export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[];

/** Names that need no escaping, and leave room for an index's name. */
const NAME_SHAPE = /^[A-Za-z_]\w{0,49}$/;

/** @throws SessionError `INVALID_OPTION` */
export function tableNameOf(given: string): TableName {
  const parts = typeof given === 'string' ? given.split('.') : [];
  if (parts.length < 1 || parts.length > 2 || !parts.every((part) => NAME_SHAPE.test(part))) {
    throw invalidOption(
      'table',
      given,
      "a name of letters, digits and _, 50 at most, also with a schema: 'app.sessions'",
    );
  }
  const [table = '', schema] = parts.reverse();
  return { schema, table };
}

/** The table's name as statements have it. */
export function quotedName({ quote }: SqlDialect, { schema, table }: TableName): string {
  return schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`;
}

/**
 * The statements that bring a table up to date.
 *
 * @param existing - the names of its columns and indexes; none if it isn't there
 */
export function upgradesOf(dialect: SqlDialect, name: TableName, existing: ReadonlySet<string>): string[] {
  const table = quotedName(dialect, name);
  const missing = COLUMN_NAMES.filter((column) => !existing.has(column));
  const definition = (column: ColumnName): string => {
    const { kind, constraint } = COLUMNS[column];
    return `${column} ${dialect.types[kind]} ${constraint}`;
  };
  const columns =
    existing.size === 0
      ? [`CREATE TABLE ${table} (\n  ${missing.map(definition).join(',\n  ')}\n)${dialect.tableOptions}`]
      : missing.map((column) => `ALTER TABLE ${table} ADD COLUMN ${definition(column)}`);
  const index = `${name.table}_purge_at`;
  return existing.has(index) ? columns : [...columns, dialect.createIndex(index, name, 'purge_at')];
}
