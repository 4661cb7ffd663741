/** The dialects, and which of them a Kysely instance speaks. */
import { invalidOption } from '../../session/session.error.js';
import { mysql } from './mysql.dialect.js';
import { postgres } from './postgres.dialect.js';
import type { SqlDialect, SqlDialectName } from './sql.dialect.js';
import type { SqlExecutor } from './sql.executor.js';
import { sqlite } from './sqlite.dialect.js';

export const DIALECTS: Readonly<Record<SqlDialectName, SqlDialect>> = { postgres, mysql, sqlite };

/**
 * By what Kysely's adapter can do, not by its class: an application may have another copy of Kysely than this library (the
 * one for `require`), and dialects of third parties have adapters of their own.
 */
export function dialectOf({ adapter }: SqlExecutor): SqlDialect {
  if (adapter.supportsOutput) {
    throw invalidOption('kysely', 'MSSQL', 'an instance of Kysely for PostgreSQL, MySQL, MariaDB or SQLite');
  }
  if (!adapter.supportsReturning) return mysql;
  return adapter.supportsTransactionalDdl ? postgres : sqlite;
}
