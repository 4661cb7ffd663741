/** Kysely with a test between the store and the database. */
import type { CompiledQuery } from 'kysely';
import type { SqlConnection, SqlExecutor, SqlExecutorProvider, SqlResult } from 'nestjs-http-session/sql';
import type { Barrier } from './barrier.js';

/** Gets each statement, in transactions too, and `run`s it, or something else. */
export type StatementInterceptor = (
  query: CompiledQuery,
  run: (query: CompiledQuery) => Promise<SqlResult>,
) => Promise<SqlResult>;

export function intercepted(kysely: SqlExecutorProvider, intercept: StatementInterceptor): SqlExecutorProvider {
  const inner = kysely.getExecutor().withoutPlugins();
  const over = (connection: SqlConnection): SqlConnection => ({
    executeQuery: (query) => intercept(query, (given) => connection.executeQuery(given)),
  });
  const executor: SqlExecutor = {
    ...over(inner),
    adapter: inner.adapter,
    withoutPlugins: () => executor,
    provideConnection: (use) => inner.provideConnection((connection) => use(over(connection))),
  };
  return { getExecutor: () => executor };
}

/** Lets the statements that match wait before they are run. */
export function holding(kysely: SqlExecutorProvider, pattern: RegExp, barrier: Barrier): SqlExecutorProvider {
  return intercepted(kysely, async (query, run) => {
    if (pattern.test(query.sql)) await barrier.pass();
    return run(query);
  });
}
