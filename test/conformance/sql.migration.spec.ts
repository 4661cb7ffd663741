/** The table: made once however many processes start together, brought up to date with its rows in it, and left alone after that. */
import { Kysely, PostgresDialect } from 'kysely';
import { type SqlExecutorProvider, SqlStore } from 'nestjs-http-session/sql';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Log } from '../e2e/harness.js';
import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { Barrier } from '../support/barrier.js';
import { BuiltPackage } from '../support/built.package.js';
import { holding } from '../support/intercepted.executor.js';
import {
  DATABASES,
  MARIADB,
  POSTGRES,
  SQLITE,
  type SqlDatabase,
  SqlTable,
  OPENING_MS,
} from '../support/sql.databases.js';
import { recordOf } from '../unit/fixtures/record.js';

const NOW = 1_700_000_000_000;

/** Columns that have a DEFAULT, or may be null: an older version of the table may lack them. */
const LATE_COLUMNS = ['labels', 'rotated', 'authenticated', 'ops', 'previous', 'forwards_until'];

for (const database of DATABASES) {
  await describeWith(database.needs, `migrate() on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());

    it('may be called again and again', async () => {
      const store = await table.emptyStore();
      await store.add('abcd.kept', recordOf({ created: NOW, accessed: NOW }), { op: 'add' });
      await store.migrate();
      await Promise.all([store.migrate(), table.secondStore().migrate(), store.migrate()]);
      expect(await store.get('abcd.kept', NOW)).toHaveProperty('record');
    });

    it('makes the table that the statements of schema() make', async () => {
      const name = uniqueName('schema');
      try {
        const statements = SqlStore.schema(database.dialect, { table: name }).split(/;\n/).filter(Boolean);
        for (const statement of statements) await table.run(statement);
        expect(await definitionOf(table, name)).toEqual(await definitionOf(table, table.name));
        // There is nothing that migrate() would add.
        await new SqlStore(table.kysely, { table: name }).migrate();
        expect(await definitionOf(table, name)).toEqual(await definitionOf(table, table.name));
      } finally {
        await table.run(`DROP TABLE ${name}`);
      }
    });

    it('adds what an older table lacks, and its sessions go on', async () => {
      const name = uniqueName('older');
      const store = new SqlStore(table.kysely, { table: name, purgeInterval: false });
      try {
        const [create = ''] = SqlStore.schema(database.dialect, { table: name }).split(/;\n/);
        const older = create.split('\n').filter((line) => !LATE_COLUMNS.some((column) => line.includes(` ${column} `)));
        await table.run(older.join('\n'));
        await table.run(`INSERT INTO ${name}
          (id, handle, created, accessed, expires, timeout, touch_interval, persistent, version, consts, attrs, seed, purge_at, format)
          VALUES ('abcd.old', 'h', ${NOW}, ${NOW}, ${NOW + 60_000}, 60000, 0, 1, 1, '{}', '{"count":"1"}', 's', 0, 1)`);

        await Promise.all([store.migrate(), store.migrate()]);

        expect(await store.change('abcd.old', { set: new Map([['count', '2']]), unset: [], op: 'x' }, NOW)).toEqual({
          version: 2,
        });
        const renaming = { op: 'y', now: NOW, forwardUntil: NOW + 60_000, graceUntil: 0 };
        expect(await store.rename('abcd.old', 'abcd.new', renaming)).toBe('done');
        expect(await store.get('abcd.old', NOW)).toEqual({ successor: 'abcd.new', graceUntil: 0 });
        expect(await store.get('abcd.new', NOW)).toMatchObject({ record: { attrs: new Map([['count', '2']]) } });
        expect(sorted(await definitionOf(table, name))).toEqual(sorted(await definitionOf(table, table.name)));
      } finally {
        await table.run(`DROP TABLE ${name}`);
      }
    });

    it('tells who calls it what the database refuses', async () => {
      const store = new SqlStore(table.kysely, { table: 'no_such_schema.sessions' });
      await expect(store.migrate()).rejects.toThrow(/no_such_schema|unknown database/i);
      // The connection is free again, and in no transaction.
      await table.store().migrate();
    });

    it('is missed: a store without its table says so at its start, and with each call', async () => {
      const store = new SqlStore(table.kysely, { table: 'never_made', purgeInterval: false });
      const log = new Log();
      store.start(log);
      const refusal = { code: 'STORE_FAILED', message: expect.stringMatching(/never_made.*migrate\(\)/) };
      await expect(store.get('abcd.key', NOW)).rejects.toMatchObject(refusal);
      await expect(store.remove('abcd.key')).rejects.toMatchObject(refusal);
      await expect(store.add('abcd.key', recordOf(), { op: 'x' })).rejects.toMatchObject(refusal);
      await expect.poll(() => log.warnings).toEqual([expect.stringMatching(/never_made.*migrate\(\)/)]);
    });
  });
}

for (const database of [POSTGRES, MARIADB]) {
  await describeWith(database.needs, `migrate() on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());

    it('waits for no transaction when the table is up to date', async () => {
      await table.kysely.connection().execute(async (busy) => {
        await table.run('BEGIN', busy);
        await table.run(`DELETE FROM ${table.name}`, busy);
        await table.secondStore().migrate();
        await table.run('ROLLBACK', busy);
      });
    });

    it('makes the table in the schema that it is told', async () => {
      const schema = uniqueName('schema');
      await table.run(`CREATE SCHEMA ${schema}`);
      try {
        const store = new SqlStore(table.kysely, { table: `${schema}.sessions` });
        await store.migrate();
        await store.migrate();
        await store.add('abcd.kept', recordOf({ created: NOW, accessed: NOW }), { op: 'add' });
        expect(await table.run(`SELECT handle FROM ${schema}.sessions`)).toHaveLength(1);
      } finally {
        await table.run(database === POSTGRES ? `DROP SCHEMA ${schema} CASCADE` : `DROP SCHEMA ${schema}`);
      }
    });
  });
}

await describeWith(POSTGRES.needs, 'migrate() by four pools at once on PostgreSQL', () => {
  let table: SqlTable;
  beforeAll(async () => {
    table = await SqlTable.create(POSTGRES);
  }, OPENING_MS);
  afterAll(() => table.drop());

  it.each(['read committed', 'repeatable read', 'serializable'])(
    'makes one table, also if transactions are %s unless told otherwise',
    async (level) => {
      const name = uniqueName('level');
      const pools = Array.from({ length: 4 }, () => {
        const pool = new Pool({
          connectionString: Backend.POSTGRES.url,
          application_name: name,
          options: `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`,
        });
        return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
      });
      const barrier = new Barrier();
      const migrate = (kysely: SqlExecutorProvider) => new SqlStore(kysely, { table: name }).migrate();
      const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = '${name}' AND wait_event = 'advisory'`;
      try {
        const [first] = await table.run('SHOW default_transaction_isolation', pools[0]);
        expect(first).toEqual({ default_transaction_isolation: level });
        const migrations = Promise.all(
          pools.map(async (kysely, index) => {
            if (index === 0) return migrate(holding(kysely, /^CREATE TABLE/, barrier));
            await barrier.reached;
            return migrate(kysely);
          }),
        );
        await expect.poll(() => table.run(waiting), { timeout: 10_000 }).toHaveLength(3);
        barrier.open();
        await migrations;
        expect(await definitionOf(table, name)).toEqual(await definitionOf(table, table.name));
      } finally {
        barrier.open();
        for (const kysely of pools) await kysely.destroy();
        await table.run(`DROP TABLE IF EXISTS ${name}`);
      }
    },
  );
});

/** What a process does that has just started: it connects, and waits for the word. */
const STARTER = `
  import Database from 'better-sqlite3';
  import { Kysely, MysqlDialect, PostgresDialect, SqliteDialect, sql } from 'kysely';
  import { createPool } from 'mysql2';
  import { SqlStore } from 'nestjs-http-session/sql';
  import { Pool } from 'pg';

  const [name, where] = process.argv.slice(2);
  const dialects = {
    PostgreSQL: () => new PostgresDialect({ pool: new Pool({ connectionString: where }) }),
    MariaDB: () => new MysqlDialect({ pool: createPool(where) }),
    SQLite: () => new SqliteDialect({ database: new Database(where, { timeout: 20 }) }),
  };
  const kysely = new Kysely({ dialect: dialects[name]() });
  await sql\`SELECT 1\`.execute(kysely);
  process.on('message', async (table) => {
    if (table === 'end') {
      process.disconnect();
      return kysely.destroy();
    }
    const outcome = await new SqlStore(kysely, { table }).migrate().then(() => 'done', (error) => String(error));
    process.send(outcome);
  });
  process.send('ready');
`;

const STARTERS: readonly [SqlDatabase, (directory: string) => string][] = [
  [POSTGRES, () => Backend.POSTGRES.url],
  [MARIADB, () => Backend.MARIADB.url],
  [SQLITE, (directory) => join(directory, 'sessions.db')],
];

let built: BuiltPackage;
let starter: string;
beforeAll(async () => {
  built = await BuiltPackage.build();
  starter = await built.add('starter.ts', STARTER);
});
afterAll(() => built.remove());

for (const [database, whereIn] of STARTERS) {
  await describeWith(database.needs, `migrate() by four processes at once on ${database.name}`, () => {
    let table: SqlTable;
    let processes: ChildProcess[];
    beforeAll(async () => {
      table = await SqlTable.create(database);
      const where = whereIn(join(starter, '..'));
      processes = Array.from({ length: 4 }, () => fork(starter, [database.name, where]));
      expect(await Promise.all(processes.map(wordOf))).toEqual(Array(4).fill('ready'));
    });
    afterAll(async () => {
      for (const each of processes) each.send('end');
      await Promise.all(processes.map((each) => once(each, 'exit')));
      await table.drop();
    });

    it.each([1, 2, 3, 4, 5])('fails in none (start %i)', async () => {
      const name = uniqueName('start');
      try {
        const words = processes.map(wordOf);
        for (const each of processes) each.send(name);
        expect(await Promise.all(words)).toEqual(Array(4).fill('done'));
      } finally {
        await table.run(`DROP TABLE IF EXISTS ${name}`);
      }
    });
  });
}

async function wordOf(process: ChildProcess): Promise<string> {
  const [word] = await once(process, 'message');
  return String(word);
}

/** All that the database knows of a table, its name left out. */
async function definitionOf(table: SqlTable, name: string): Promise<string[]> {
  const queries = {
    postgres: [
      `SELECT column_name, data_type, collation_name, is_nullable, column_default FROM information_schema.columns
         WHERE table_name = '${name}' ORDER BY ordinal_position`,
      `SELECT reloptions FROM pg_class WHERE relname = '${name}'`,
      `SELECT indexdef FROM pg_indexes WHERE tablename = '${name}' ORDER BY indexname`,
    ],
    mysql: [`SHOW CREATE TABLE ${name}`],
    sqlite: [
      `SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info('${name}')`,
      `SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = '${name}' ORDER BY name`,
    ],
  }[table.database.dialect];
  const found: string[] = [];
  for (const query of queries) {
    for (const row of await table.run(query)) found.push(...JSON.stringify(row).replaceAll(name, 'TABLE').split('\\n'));
  }
  return found;
}

/** Columns that came later are at the end. */
function sorted(definition: readonly string[]): string[] {
  return definition.map((line) => line.replace(/,$/, '')).sort();
}
