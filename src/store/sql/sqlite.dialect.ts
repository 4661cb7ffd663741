/** SQLite 3.38 and later. */
import { fieldOf, type SqlDialect } from './sql.dialect.js';

/** The lock is that of the whole database. */
const TRANSACTION = { begin: ['BEGIN IMMEDIATE'], end: ['COMMIT'], undo: ['ROLLBACK'] };

export const sqlite: SqlDialect = {
  placeholder: { numbered: false, at: () => '?' },
  types: {
    key: 'text',
    name: 'text',
    text: 'text',
    list: 'text',
    'long text': 'text',
    json: 'text',
    small: 'integer',
    integer: 'integer',
  },
  tableOptions: '',
  returningVersion: ' RETURNING version',
  skipsLocked: false,

  quote: (identifier) => `"${identifier}"`,
  read: (column) => column,
  write: (parameter) => parameter,
  greatest: (a, b) => `max(${a}, ${b})`,
  least: (a, b) => `min(${a}, ${b})`,
  indexOf: (text, part) => `instr(${text}, ${part})`,
  joined: (a, b, length) => `substr(${a} || ${b}, 1, ${length})`,
  merged: (json, patch) => `json_patch(${json}, ${patch})`,
  newVersion: (version) => version,

  // Here it is the index that is qualified by the schema.
  createIndex: (name, { schema, table }, column) =>
    `CREATE INDEX ${schema === undefined ? '' : `"${schema}".`}"${name}" ON "${table}" (${column})`,
  introspection: `SELECT name FROM pragma_table_info(:table, COALESCE(:schema, 'main'))
    UNION ALL
    SELECT name FROM pragma_index_list(:table, COALESCE(:schema, 'main'))`,
  migration: TRANSACTION,
  transaction: TRANSACTION,
  forUpdate: '',

  isDuplicate: (error) => /^SQLITE_CONSTRAINT_(PRIMARYKEY|UNIQUE)$/.test(String(fieldOf(error, 'code'))),
  isContention: (error) => /^SQLITE_(BUSY|LOCKED)/.test(String(fieldOf(error, 'code'))),
  isTableMissing: (error) => /\bno such (table|column)|has no column named/.test(String(fieldOf(error, 'message'))),
};
