/** Creates or upgrades the table of sessions, while no other process does. */
import { CompiledQuery } from 'kysely';
import type { Row } from './session.row.js';
import { quotedName, upgradesOf } from './session.table.js';
import type { SqlDialect, TableName } from './sql.dialect.js';
import type { SqlExecutor } from './sql.executor.js';
import { SqlStatement } from './sql.statement.js';
import { transact } from './sql.transaction.js';

/** What is up to date is only looked at: nothing is locked that traffic needs. */
export async function migrate(executor: SqlExecutor, dialect: SqlDialect, name: TableName): Promise<void> {
  const quoted = quotedName(dialect, name);
  const { schema = null, table } = name;
  const introspection = new SqlStatement<'quoted' | 'schema' | 'table'>(dialect.introspection, dialect.placeholder);
  const transaction = {
    statements: dialect.migration,
    lock: quoted,
    refusal: `The table ${quoted} can't be migrated: others have been in the way for too long, maybe by migrating it too.`,
  };

  await transact(executor, dialect, transaction, async (connection) => {
    const { rows } = await connection.executeQuery(introspection.with({ quoted, schema, table }));
    const existing = new Set((rows as readonly Row[]).map((row) => String(row['name'])));
    for (const text of upgradesOf(dialect, name, existing)) await connection.executeQuery(CompiledQuery.raw(text));
  });
}
