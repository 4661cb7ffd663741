/**
 * What the store needs of Kysely. Types of its own: an application that is compiled to CommonJS has another copy of Kysely's
 * classes than this library, and TypeScript takes none for the other.
 */
import type { CompiledQuery } from 'kysely';

export interface SqlResult {
  readonly rows: readonly unknown[];
  readonly insertId?: bigint | undefined;
  readonly numAffectedRows?: bigint | undefined;
}

export interface SqlConnection {
  executeQuery(query: CompiledQuery): Promise<SqlResult>;
}

export interface SqlExecutor extends SqlConnection {
  readonly adapter: {
    readonly supportsReturning?: boolean | undefined;
    readonly supportsTransactionalDdl?: boolean | undefined;
    readonly supportsOutput?: boolean | undefined;
  };
  provideConnection<T>(use: (connection: SqlConnection) => Promise<T>): Promise<T>;
  withoutPlugins(): SqlExecutor;
}

/** An instance of Kysely. */
export interface SqlExecutorProvider {
  getExecutor(): SqlExecutor;
}
