/** Creates or upgrades the table of sessions, while no other process does. */
import { CompiledQuery } from 'kysely';
import { hash } from 'node:crypto';
import { SessionError } from '../../session/session.error.js';
import type { Row } from './session.row.js';
import { quotedName, upgradesOf } from './session.table.js';
import type { SqlDialect, TableName } from './sql.dialect.js';
import type { SqlExecutor } from './sql.executor.js';
import { patiently } from './sql.runner.js';
import { SqlStatement } from './sql.statement.js';

/** What is up to date is only looked at: nothing is locked that traffic needs. */
export async function migrate(executor: SqlExecutor, dialect: SqlDialect, name: TableName): Promise<void> {
  const { begin, end, undo } = dialect.migration;
  const quoted = quotedName(dialect, name);
  const { schema = null, table } = name;
  // MySQL's names of locks have 64 letters at most.
  const lock = `nestjs-http-session ${hash('sha256', quoted, 'base64url')}`;

  await executor.provideConnection(async (connection) => {
    const run = async (text: string): Promise<readonly Row[]> => {
      const statement = new SqlStatement<'quoted' | 'schema' | 'table' | 'lock'>(text, dialect.placeholder);
      const query = statement.with({ quoted, schema, table, lock });
      return (await connection.executeQuery(query)).rows as Row[];
    };
    try {
      for (const text of begin) {
        const [row] = await patiently(dialect, () => run(text));
        if (row && Number(row['got']) !== 1) throw stillLocked(quoted);
      }
      const existing = new Set((await run(dialect.introspection)).map((row) => String(row['name'])));
      for (const text of upgradesOf(dialect, name, existing)) await connection.executeQuery(CompiledQuery.raw(text));
      await run(end);
    } catch (error) {
      // What went wrong first is what is to be told.
      await run(undo).catch(() => undefined);
      throw error;
    }
  });
}

function stillLocked(table: string): SessionError {
  return new SessionError('STORE_FAILED', `Another process has been migrating the table ${table} for a minute.`);
}
