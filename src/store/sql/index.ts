/**
 * Sessions in PostgreSQL, PGlite, MySQL, MariaDB or SQLite, through Kysely.
 * @module nestjs-http-session/sql
 */
export type { SqlDialectName } from './sql.dialect.js';
export type { SqlConnection, SqlExecutor, SqlExecutorProvider, SqlResult } from './sql.executor.js';
export { SqlStore, type SqlStoreOptions } from './sql.store.js';
