/** What comes of statements, wherever they are run. */
import type { CompiledQuery } from 'kysely';
import type { Row } from './session.row.js';
import type { SqlResult } from './sql.executor.js';

export abstract class SqlQueries {
  async rows(query: CompiledQuery): Promise<readonly Row[]> {
    return (await this.run(query)).rows as readonly Row[];
  }

  /** How many rows a statement has changed. */
  async affected(query: CompiledQuery): Promise<number> {
    return Number((await this.run(query)).numAffectedRows);
  }

  protected abstract run(query: CompiledQuery): Promise<SqlResult>;
}
