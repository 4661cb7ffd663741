/**
 * Statements that belong together, on one connection, while nobody else runs some of the same lock: migrations, and what
 * concerns all sessions of a principal.
 */
import { hash } from 'node:crypto';
import { SessionError } from '../../session/session.error.js';
import type { SqlDialect, TransactionStatements } from './sql.dialect.js';
import type { SqlConnection, SqlExecutor } from './sql.executor.js';
import { patiently } from './sql.patience.js';
import { SqlStatement } from './sql.statement.js';

/** A driver that didn't wait for a statement's end may not take the next one at once. */
const UNDO_TRIES = 10;

export interface Transaction {
  readonly statements: TransactionStatements;
  /** Names the lock. */
  readonly lock: string;
  /** What is said if others were in the way for too long. */
  readonly refusal: string;
}

/**
 * What `work` answers. It is tried again as a whole when others are in its way. If it fails, what it did is undone, as far as
 * the database can, and the connection goes back to its pool without lock or transaction.
 */
export async function transact<T>(
  executor: SqlExecutor,
  dialect: SqlDialect,
  { statements, lock, refusal }: Transaction,
  work: (connection: SqlConnection) => Promise<T>,
): Promise<T> {
  const { begin, end, undo } = statements;
  // MySQL's names of locks have 64 letters at most.
  const values = { lock: `nestjs-http-session ${hash('sha256', lock, 'base64url')}` };
  const query = (text: string) => new SqlStatement<'lock'>(text, dialect.placeholder).with(values);

  const attempt = async (connection: SqlConnection): Promise<T> => {
    let begun = false;
    try {
      for (const text of begin) {
        const { rows } = await connection.executeQuery(query(text));
        if (isRefused(rows)) throw new SessionError('STORE_FAILED', refusal);
        begun = true;
      }
      const answer = await work(connection);
      for (const text of end) await connection.executeQuery(query(text));
      return answer;
    } catch (error) {
      if (begun || !dialect.isContention(error)) {
        for (const text of undo) await insist(() => connection.executeQuery(query(text)));
      }
      throw error;
    }
  };

  try {
    // Between two tries others have the connection: it may be the only one.
    return await patiently(dialect, () => executor.provideConnection(attempt));
  } catch (error) {
    throw dialect.isContention(error) ? new SessionError('STORE_FAILED', refusal) : error;
  }
}

function isRefused([row]: readonly unknown[]): boolean {
  return typeof row === 'object' && row !== null && 'got' in row && Number(row.got) !== 1;
}

/** What went wrong before is what is to be told. */
async function insist(statement: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < UNDO_TRIES; tries++) {
    try {
      await statement();
      return;
    } catch {
      // Of a connection that is lost, the database undoes everything itself.
    }
  }
}
