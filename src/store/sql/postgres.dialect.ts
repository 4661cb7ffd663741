/** PostgreSQL 11 and later, PGlite too. */
import { fieldOf, type SqlDialect } from './sql.dialect.js';
import { PATIENCE_MS } from './sql.patience.js';

/** Serialisation failure, deadlock, lock timeout. */
const CONTENTION = new Set<unknown>(['40001', '40P01', '55P03']);
/** Undefined table, column or schema. */
const MISSING = new Set<unknown>(['42P01', '42703', '3F000']);

/** Else the lock's own statement fixes what the next one sees. */
const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';
const LOCK = 'SELECT 1 AS got FROM pg_advisory_xact_lock(hashtextextended(:lock, 0))';

export const postgres: SqlDialect = {
  placeholder: { numbered: true, at: (position) => `$${position}` },
  types: {
    // "C": by bytes, so that `range` scans of keys don't depend on the database's collation.
    key: 'text COLLATE "C"',
    name: 'text',
    text: 'text',
    list: 'text',
    'long text': 'text',
    json: 'jsonb',
    small: 'smallint',
    integer: 'bigint',
  },
  // Room for the next version of a row on its own page: a touch then touches no index (HOT update).
  tableOptions: ' WITH (fillfactor = 85)',
  returningVersion: ' RETURNING version',
  skipsLocked: true,

  quote: (identifier) => `"${identifier}"`,
  read: (column, kind) => (kind === 'json' ? `CAST(${column} AS text) AS ${column}` : column),
  write: (parameter, kind) => (kind === 'json' ? `CAST(CAST(${parameter} AS text) AS jsonb)` : parameter),
  greatest: (a, b) => `GREATEST(${a}, ${b})`,
  least: (a, b) => `LEAST(${a}, ${b})`,
  indexOf: (text, part) => `strpos(${text}, ${part})`,
  joined: (a, b, length) => `left(${a} || ${b}, ${length})`,
  // Attributes are strings: what is null is what the patch unsets.
  merged: (json, patch) => `jsonb_strip_nulls(${json} || CAST(CAST(${patch} AS text) AS jsonb))`,
  newVersion: (version) => version,

  createIndex: (name, { schema, table }, column) =>
    `CREATE INDEX "${name}" ON ${schema === undefined ? '' : `"${schema}".`}"${table}" (${column})`,
  introspection: `SELECT attname AS name FROM pg_attribute
      WHERE attrelid = to_regclass(:quoted) AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT relname FROM pg_class JOIN pg_index ON pg_class.oid = indexrelid WHERE indrelid = to_regclass(:quoted)`,
  migration: { begin: [BEGIN, LOCK], end: ['COMMIT'], undo: ['ROLLBACK'] },
  transaction: { begin: [BEGIN, `SET LOCAL lock_timeout = ${PATIENCE_MS}`, LOCK], end: ['COMMIT'], undo: ['ROLLBACK'] },
  forUpdate: ' FOR UPDATE',

  isDuplicate: (error) => fieldOf(error, 'code') === '23505',
  isContention: (error) => CONTENTION.has(fieldOf(error, 'code')),
  isTableMissing: (error) => MISSING.has(fieldOf(error, 'code')),
};
