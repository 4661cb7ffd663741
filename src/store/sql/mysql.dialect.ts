/** MariaDB 10.3 and later, MySQL 8. */
import { fieldOf, type SqlDialect } from './sql.dialect.js';
import { PATIENCE_MS } from './sql.patience.js';

/** Lock wait timeout, deadlock, and (MariaDB, `innodb_snapshot_isolation`) a row that changed since it was read. */
const CONTENTION = new Set<unknown>([1205, 1213, 1020]);
/** Unknown table, column or database. */
const MISSING = new Set<unknown>([1146, 1054, 1049]);

const RELEASE = 'SELECT RELEASE_LOCK(:lock)';

export const mysql: SqlDialect = {
  placeholder: { numbered: false, at: () => '?' },
  types: {
    // Bytes: collations find `aBc` for `AbC`, or don't see trailing spaces.
    key: 'varbinary(255)',
    name: 'varbinary(512)',
    text: 'varchar(255)',
    list: 'varchar(2048)',
    'long text': 'mediumtext',
    json: 'json',
    small: 'smallint',
    integer: 'bigint',
  },
  tableOptions: ' ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  returningVersion: '',
  skipsLocked: false,

  quote: (identifier) => `\`${identifier}\``,
  read: (column, kind) => {
    if (kind === 'json') return `CAST(${column} AS CHAR) AS ${column}`;
    return kind === 'key' || kind === 'name' ? `CONVERT(${column} USING utf8mb4) AS ${column}` : column;
  },
  write: (parameter) => parameter,
  greatest: (a, b) => `GREATEST(${a}, ${b})`,
  least: (a, b) => `LEAST(${a}, ${b})`,
  indexOf: (text, part) => `INSTR(${text}, ${part})`,
  joined: (a, b, length) => `LEFT(CONCAT(${a}, ${b}), ${length})`,
  merged: (json, patch) => `JSON_MERGE_PATCH(${json}, ${patch})`,
  newVersion: (version) => `LAST_INSERT_ID(${version})`,

  createIndex: (name, { schema, table }, column) =>
    `CREATE INDEX \`${name}\` ON ${schema === undefined ? '' : `\`${schema}\`.`}\`${table}\` (${column})`,
  introspection: `SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :table
    UNION ALL
    SELECT index_name FROM information_schema.statistics
      WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :table`,
  migration: {
    begin: ['SELECT GET_LOCK(:lock, 60) AS got'],
    end: [RELEASE],
    undo: [RELEASE],
  },
  transaction: {
    // With READ COMMITTED a row that is renamed could slip behind a DELETE that is going through the keys.
    begin: [
      `SELECT GET_LOCK(:lock, ${PATIENCE_MS / 1_000}) AS got`,
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
      'START TRANSACTION',
    ],
    end: ['COMMIT', RELEASE],
    undo: ['ROLLBACK', RELEASE],
  },
  forUpdate: ' FOR UPDATE',

  isDuplicate: (error) => fieldOf(error, 'errno') === 1062,
  isContention: (error) => CONTENTION.has(fieldOf(error, 'errno')),
  isTableMissing: (error) => MISSING.has(fieldOf(error, 'errno')),
};
