/** Others in the way: what databases refuse for their sake is tried again, each case staged so that it happens for certain. */
import Database from 'better-sqlite3';
import { type Dialect, MysqlDialect, PostgresDialect, sql, SqliteDialect } from 'kysely';
import { createPool } from 'mysql2';
import { Pool } from 'pg';
import { expect, it } from 'vitest';
import { BasicsController } from '../e2e/basics.controller.js';
import { PLATFORMS, startApp } from '../e2e/harness.js';
import { Backend } from '../support/backends.js';
import { Barrier } from '../support/barrier.js';
import { Contended, describeTable } from '../support/contended.store.js';
import { MARIADB, POSTGRES, SQLITE, type SqlDatabase, SqlTable } from '../support/sql.databases.js';
import { recordOf } from '../unit/fixtures/record.js';

const NOW = 1_700_000_000_000;
const DELTA = { set: new Map([['count', '2']]), unset: [], op: 'change' };
const RENAMING = { op: 'rename', now: NOW, forwardUntil: NOW + 60_000, graceUntil: 0 };

/** With one session, `abcd.key`. */
async function contendedBy(table: SqlTable, dialect: Dialect): Promise<Contended> {
  const contended = new Contended(table, dialect);
  const added = await contended.store.add('abcd.key', recordOf({ created: NOW, accessed: NOW }), { op: 'add' });
  expect(added).toBe('added');
  return contended;
}

await describeTable(POSTGRES, 'Contention', (table) => {
  const dialect = (options?: string) =>
    new PostgresDialect({
      pool: new Pool({ connectionString: Backend.POSTGRES.url, max: 2, ...(options && { options }) }),
    });

  it('a deadlock that ends the store’s statement is none to its caller', async () => {
    const contended = await contendedBy(table(), dialect('-c deadlock_timeout=200ms'));
    const { store } = contended;
    await contended.whileBusy(async (run) => {
      await run('SET LOCAL deadlock_timeout = 60000');
      await run(insertOf(table(), 'abcd.new'));
      const renamed = store.rename('abcd.key', 'abcd.new', RENAMING);
      await contended.blocked();
      await run(`UPDATE ${table().name} SET handle = 'late' WHERE id = 'abcd.key'`);
      await run('ROLLBACK');
      expect(await renamed).toBe('done');
    });
    expect(contended.refusals).toContain('40P01');
    expect(await store.get('abcd.new', NOW)).toHaveProperty('record');
  });

  it.each(['repeatable read', 'serializable'])(
    'a change that can’t be serialised (%s) is tried again',
    async (level) => {
      const isolation = level.replace(' ', '\\ ');
      const contended = await contendedBy(table(), dialect(`-c default_transaction_isolation=${isolation}`));
      await contended.whileBusy(async (run) => {
        await run(`UPDATE ${table().name} SET version = version + 1 WHERE id = 'abcd.key'`);
        const changed = contended.store.change('abcd.key', DELTA, NOW);
        await contended.blocked();
        await run('COMMIT');
        expect(await changed).toEqual({ version: 3 });
      });
      expect(contended.refusals).toEqual(['40001']);
    },
  );
});

await describeTable(MARIADB, 'Contention', (table) => {
  it('a deadlock that ends the store’s statement is none to its caller', async () => {
    const contended = await contendedBy(table(), new MysqlDialect({ pool: createPool({ uri: Backend.MARIADB.url }) }));
    const { store } = contended;
    await contended.whileBusy(async (run) => {
      // Of two transactions the one that has done less is ended.
      for (const key of ['abcd.new', 'x.1', 'x.2', 'x.3']) await run(insertOf(table(), key));
      const renamed = store.rename('abcd.key', 'abcd.new', RENAMING);
      await contended.blocked();
      await run(`UPDATE ${table().name} SET handle = 'late' WHERE id = 'abcd.key'`);
      await run('ROLLBACK');
      expect(await renamed).toBe('done');
    });
    expect(contended.refusals).toContain('ER_LOCK_DEADLOCK');
    expect(await store.get('abcd.new', NOW)).toHaveProperty('record');
  });

  it('a statement that has waited too long for a lock is tried again', async () => {
    const contended = await contendedBy(
      table(),
      new MysqlDialect({
        pool: createPool({ uri: Backend.MARIADB.url, connectionLimit: 1 }),
        onCreateConnection: async (connection) => {
          await connection.executeQuery(sql`SET innodb_lock_wait_timeout = 1`.compile(table().kysely));
        },
      }),
    );
    await contended.whileBusy(async (run) => {
      await run(`UPDATE ${table().name} SET version = version + 1 WHERE id = 'abcd.key'`);
      const changed = contended.store.change('abcd.key', DELTA, NOW);
      await contended.refused;
      await run('COMMIT');
      expect(await changed).toEqual({ version: 3 });
    });
    expect(contended.refusals).toContain('ER_LOCK_WAIT_TIMEOUT');
  });
});

await describeTable(SQLITE, 'Contention', (table) => {
  async function contend(): Promise<Contended> {
    const [{ file } = {}] = await table().run('SELECT file FROM pragma_database_list');
    return contendedBy(table(), new SqliteDialect({ database: new Database(String(file), { timeout: 0 }) }));
  }

  it('a write waits for another process’s, and the event loop goes on meanwhile', async () => {
    const contended = await contend();
    await contended.whileBusy(async (run) => {
      await run(`UPDATE ${table().name} SET version = version + 1 WHERE id = 'abcd.key'`);
      const changed = contended.store.change('abcd.key', DELTA, NOW);
      // Both connections are of this process: if the store blocked it, nobody would ever get to COMMIT.
      await contended.refused;
      expect(await contended.store.get('abcd.key', NOW)).toMatchObject({ record: { version: 1 } });
      await run('COMMIT');
      expect(await changed).toEqual({ version: 3 });
    });
    expect(new Set(contended.refusals)).toEqual(new Set(['SQLITE_BUSY']));
  });

  it('a write that never gets its turn fails in the end', async () => {
    const contended = await contend();
    await contended.whileBusy(async (run) => {
      await run(`DELETE FROM ${table().name}`);
      await expect(contended.store.touch('abcd.key', NOW)).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    });
    expect(contended.refusals.length).toBeGreaterThan(10);
    expect(await contended.store.touch('abcd.key', NOW)).toBe(true);
  });
});

const POOLS: readonly [SqlDatabase, () => Dialect][] = [
  [POSTGRES, () => new PostgresDialect({ pool: new Pool({ connectionString: Backend.POSTGRES.url, max: 2 }) })],
  [MARIADB, () => new MysqlDialect({ pool: createPool({ uri: Backend.MARIADB.url, connectionLimit: 2 }) })],
];

for (const [database, dialect] of POOLS) {
  await describeTable(database, 'An exhausted pool', (table) => {
    it.each(PLATFORMS)('is a store that fails, as long as it lasts (%s)', async (platform) => {
      const { store, kysely } = await contendedBy(table(), dialect());
      const app = await startApp(platform, { session: { store, storeTimeout: 200 }, controllers: [BasicsController] });
      const client = app.client();
      await client.post('/login', { body: { attrs: { count: 1 } } });
      const taken = [new Barrier(), new Barrier()];
      const takers = taken.map((barrier) => kysely.connection().execute(() => barrier.pass()));
      await Promise.all(taken.map((barrier) => barrier.reached));
      const refused = await Promise.all([1, 2, 3].map(() => client.get('/attrs')));
      expect(refused.map(({ status }) => status)).toEqual([503, 503, 503]);
      for (const barrier of taken) barrier.open();
      await Promise.all(takers);
      expect((await client.get('/attrs')).json()).toEqual({ attrs: { count: 1 } });
    });
  });
}

function insertOf({ name }: SqlTable, key: string): string {
  return `INSERT INTO ${name}
    (id, handle, created, accessed, expires, timeout, touch_interval, persistent, version, consts, attrs, seed, purge_at, format)
    VALUES ('${key}', 'h', ${NOW}, ${NOW}, ${NOW + 60_000}, 60000, 0, 1, 1, '{}', '{}', 's', 0, 1)`;
}
