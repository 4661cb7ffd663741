/** What differs from database to database. */
import type { Placeholder } from './sql.statement.js';

/** The databases there are statements for. `'mysql'` is MariaDB too. */
export type SqlDialectName = 'postgres' | 'mysql' | 'sqlite';

/** What a column holds. */
export type ColumnKind = 'key' | 'name' | 'text' | 'list' | 'long text' | 'json' | 'small' | 'integer';

/** A table's name, in parts. */
export interface TableName {
  readonly schema: string | undefined;
  readonly table: string;
}

/** What goes round other statements on their connection. `:lock` names the lock that keeps out others of the same one. */
export interface TransactionStatements {
  /** One that answers `got` has to answer `1`. */
  readonly begin: readonly string[];
  readonly end: readonly string[];
  /** All of them are run, whatever becomes of the first. */
  readonly undo: readonly string[];
}

export interface SqlDialect {
  readonly placeholder: Placeholder;
  readonly types: Readonly<Record<ColumnKind, string>>;
  /** What follows the columns in CREATE TABLE. */
  readonly tableOptions: string;
  /** What makes an UPDATE tell the new version. If nothing: `newVersion` makes it the `insertId`. */
  readonly returningVersion: string;
  /** Whether a DELETE can pass over rows that somebody has locked. */
  readonly skipsLocked: boolean;

  readonly quote: (identifier: string) => string;
  /** A column in a SELECT, such that the driver gives a string or a number, whatever it makes of such columns. */
  readonly read: (column: string, kind: ColumnKind) => string;
  /**
   * A parameter as the value of a column. A driver that asks the server for its type must hear that it is a text, else some
   * make JSON of it once more.
   */
  readonly write: (parameter: string, kind: ColumnKind) => string;
  readonly greatest: (a: string, b: string) => string;
  readonly least: (a: string, b: string) => string;
  /** Where a part is in a text, from 1 on; 0 if it isn't there. */
  readonly indexOf: (text: string, part: string) => string;
  /** Two texts in one, cut to a length. */
  readonly joined: (a: string, b: string, length: number) => string;
  /** A JSON object after a merge patch (RFC 7396). */
  readonly merged: (json: string, patch: string) => string;
  readonly newVersion: (version: string) => string;

  readonly createIndex: (name: string, on: TableName, column: string) => string;
  /** The names of a table's columns and indexes, none if there is no such table. Of `:schema`, `:table`, `:quoted`. */
  readonly introspection: string;
  readonly migration: TransactionStatements;
  /** Of writes: all or none. Who waits for the lock does so for `PATIENCE_MS`, where the database lets that be said. */
  readonly transaction: TransactionStatements;
  /** What a SELECT ends with that keeps its rows as they are until the end of the transaction. */
  readonly forUpdate: string;

  /** Whether a key exists already. */
  readonly isDuplicate: (error: unknown) => boolean;
  /** Whether others were in the way: nothing was done, and it is worth another try. */
  readonly isContention: (error: unknown) => boolean;
  /** Whether the table, or a column of it, isn't there. */
  readonly isTableMissing: (error: unknown) => boolean;
}

/** A property of a driver's error. */
export function fieldOf(error: unknown, name: 'code' | 'errno' | 'message'): unknown {
  return typeof error === 'object' && error !== null ? (Reflect.get(error, name) as unknown) : undefined;
}
