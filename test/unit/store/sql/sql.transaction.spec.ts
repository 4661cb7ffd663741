/** What is said to the database around a transaction's own statements, whatever goes wrong. */
import { CompiledQuery } from 'kysely';
import { SessionError } from 'nestjs-http-session';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DIALECTS } from '../../../../src/store/sql/dialects.js';
import type { SqlConnection, SqlExecutor } from '../../../../src/store/sql/sql.executor.js';
import { transact } from '../../../../src/store/sql/sql.transaction.js';

const { mysql, sqlite } = DIALECTS;
const DEADLOCK = Object.assign(new Error('Deadlock found'), { errno: 1213 });
const BUSY = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
const FAILURE = new Error('disk full');

/** A database that answers as it is told, and what it has heard: the statements of each connection's use. */
class StagedDatabase {
  readonly heard: string[][] = [];
  readonly executor: SqlExecutor;

  /** @param answer - throws, or gives rows, for a statement and how often it has been run before */
  constructor(answer: (sql: string, before: number) => object[] = () => []) {
    this.executor = {
      adapter: {},
      withoutPlugins: () => this.executor,
      executeQuery: () => Promise.reject(new Error('not on this connection')),
      provideConnection: (use) => {
        const heard: string[] = [];
        this.heard.push(heard);
        return use({
          executeQuery: async ({ sql }) => {
            const before = this.heard.flat().filter((text) => text === sql).length;
            heard.push(sql.replace(/^SELECT (\w+_LOCK).*/, '$1'));
            return { rows: answer(sql, before) };
          },
        });
      },
    };
  }

  run(dialect = mysql, work: (connection: SqlConnection) => Promise<string> = insert): Promise<string> {
    const transaction = { statements: dialect.transaction, lock: 'lock', refusal: 'too long' };
    return transact(this.executor, dialect, transaction, work);
  }
}

const BEGIN = ['GET_LOCK', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION'];
const UNDO = ['ROLLBACK', 'RELEASE_LOCK'];
const REFUSED = new SessionError('STORE_FAILED', 'too long');

async function insert(connection: SqlConnection): Promise<string> {
  await connection.executeQuery(CompiledQuery.raw('INSERT'));
  return 'inserted';
}

describe('A transaction', () => {
  // No pause between the tries.
  beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));

  it('is begun and ended', async () => {
    const database = new StagedDatabase();
    expect(await database.run()).toBe('inserted');
    expect(database.heard).toEqual([[...BEGIN, 'INSERT', 'COMMIT', 'RELEASE_LOCK']]);
  });

  it('is undone if it fails, and that is told', async () => {
    const database = new StagedDatabase((sql) => {
      if (sql === 'INSERT') throw FAILURE;
      return [];
    });
    await expect(database.run()).rejects.toBe(FAILURE);
    expect(database.heard).toEqual([[...BEGIN, 'INSERT', ...UNDO]]);
  });

  it('is not begun if others keep the lock', async () => {
    const database = new StagedDatabase(() => [{ got: '0' }]);
    await expect(database.run()).rejects.toEqual(REFUSED);
    expect(database.heard).toEqual([['GET_LOCK', ...UNDO]]);
  });

  it.each(['INSERT', 'COMMIT'])(
    'is done again from the beginning if others were in the way of its %s',
    async (step) => {
      const database = new StagedDatabase((sql, before) => {
        if (sql === step && before === 0) throw DEADLOCK;
        return [];
      });
      expect(await database.run()).toBe('inserted');
      const statements = [...BEGIN, 'INSERT', 'COMMIT', 'RELEASE_LOCK'];
      expect(database.heard).toEqual([[...statements.slice(0, statements.indexOf(step) + 1), ...UNDO], statements]);
    },
  );

  it('fails if others are in the way for too long', async () => {
    let elapsed = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => elapsed);
    const database = new StagedDatabase((sql) => {
      elapsed += 100;
      if (sql === 'INSERT') throw DEADLOCK;
      return [];
    });
    await expect(database.run()).rejects.toEqual(REFUSED);
    expect(elapsed).toBeGreaterThan(2_000);
    expect(elapsed).toBeLessThan(3_000);
  });

  it('that was refused at its first step has nothing to be undone', async () => {
    const database = new StagedDatabase((sql, before) => {
      if (sql === 'BEGIN IMMEDIATE' && before < 2) throw BUSY;
      return [];
    });
    expect(await database.run(sqlite)).toBe('inserted');
    expect(database.heard).toEqual([['BEGIN IMMEDIATE'], ['BEGIN IMMEDIATE'], ['BEGIN IMMEDIATE', 'INSERT', 'COMMIT']]);
  });

  it('is undone by a driver that doesn’t take every statement at once', async () => {
    const database = new StagedDatabase((sql, before) => {
      if (sql === 'INSERT' || (sql === 'ROLLBACK' && before < 3)) throw FAILURE;
      return [];
    });
    await expect(database.run()).rejects.toBe(FAILURE);
    expect(database.heard).toEqual([[...BEGIN, 'INSERT', ...Array(4).fill('ROLLBACK'), 'RELEASE_LOCK']]);
  });

  it('on a connection that is lost tells what went wrong first', async () => {
    const database = new StagedDatabase((sql) => {
      if (sql === 'INSERT') throw FAILURE;
      if (sql === 'ROLLBACK' || sql.includes('RELEASE')) throw new Error('closed');
      return [];
    });
    await expect(database.run()).rejects.toBe(FAILURE);
  });
});
