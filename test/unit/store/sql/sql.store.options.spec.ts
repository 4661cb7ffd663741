import type { Kysely as RequiredKysely } from 'kysely' with { 'resolution-mode': 'require' };
import { Kysely, MssqlAdapter, MysqlAdapter, PostgresAdapter, SqliteAdapter } from 'kysely';
import * as imported from 'kysely';
import { createRequire } from 'node:module';
import { type SqlExecutor, type SqlExecutorProvider, SqlStore, type SqlStoreOptions } from 'nestjs-http-session/sql';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { DIALECTS, dialectOf } from '../../../../src/store/sql/dialects.js';
import { errorOf, sessionErrorOf } from '../../fixtures/session.error.js';
import { recordOf } from '../../fixtures/record.js';

/** Kysely as `require` gives it: another copy of every class. */
const required = createRequire(import.meta.url)('kysely') as typeof imported;

function kyselyWith(adapter: SqlExecutor['adapter']): { executor: SqlExecutor; ran: string[] } {
  const ran: string[] = [];
  const executor: SqlExecutor = {
    adapter,
    withoutPlugins: () => executor,
    executeQuery: ({ sql }) => {
      ran.push(sql);
      return Promise.resolve({ rows: [], numAffectedRows: 1n });
    },
    provideConnection: (use) => use(executor),
  };
  return { executor, ran };
}

function storeWith(options: SqlStoreOptions = {}, adapter: SqlExecutor['adapter'] = new PostgresAdapter()) {
  const { executor, ran } = kyselyWith(adapter);
  return { store: new SqlStore({ getExecutor: () => executor }, options), ran };
}

describe('SqlStore', () => {
  it('knows the database by what Kysely can do on it, whichever copy of Kysely it is', () => {
    for (const kysely of [imported, required]) {
      expect(dialectOf(kyselyWith(new kysely.PostgresAdapter()).executor)).toBe(DIALECTS.postgres);
      expect(dialectOf(kyselyWith(new kysely.MysqlAdapter()).executor)).toBe(DIALECTS.mysql);
      expect(dialectOf(kyselyWith(new kysely.SqliteAdapter()).executor)).toBe(DIALECTS.sqlite);
    }
  });

  it('takes an instance of either copy of Kysely for one', () => {
    expectTypeOf<Kysely<{ table: { column: string } }>>().toExtend<SqlExecutorProvider>();
    expectTypeOf<RequiredKysely<{ table: { column: string } }>>().toExtend<SqlExecutorProvider>();
  });

  it('refuses a database that it has no statements for', () => {
    expect(sessionErrorOf(() => storeWith({}, new MssqlAdapter()))).toEqual(
      errorOf('INVALID_OPTION', 'kysely', 'MSSQL'),
    );
  });

  it.each([undefined, null, {}, 'postgres://', Kysely])('refuses %s for Kysely', (given) => {
    expect(sessionErrorOf(() => new SqlStore(given as SqlExecutorProvider))).toEqual(
      errorOf('INVALID_OPTION', 'kysely', 'an instance of Kysely'),
    );
  });

  it.each([
    '',
    '.',
    'a.b.c',
    'a.',
    '.a',
    '1a',
    'a-b',
    'a"; --',
    'a`',
    'a b',
    'ü',
    'x'.repeat(51),
    7 as unknown as string,
  ])('refuses %j for a table', (table) => {
    expect(sessionErrorOf(() => storeWith({ table }))).toEqual(errorOf('INVALID_OPTION', '"table"'));
    expect(sessionErrorOf(() => SqlStore.schema('postgres', { table }))).toEqual(errorOf('INVALID_OPTION', '"table"'));
  });

  it('refuses options that do not exist, and intervals that are none', () => {
    expect(sessionErrorOf(() => storeWith({ tabel: 'x' } as SqlStoreOptions))).toEqual(
      errorOf('INVALID_OPTION', 'tabel'),
    );
    expect(sessionErrorOf(() => storeWith({ purgeInterval: 0 }))).toEqual(errorOf('INVALID_OPTION', 'purgeInterval'));
    expect(sessionErrorOf(() => storeWith({ purgeInterval: '40d' }))).toEqual(
      errorOf('INVALID_OPTION', 'purgeInterval'),
    );
  });

  it('refuses the schema of a database that it does not know', () => {
    const schemaOf = (name: string) => () => SqlStore.schema(name as 'postgres');
    expect(sessionErrorOf(schemaOf('oracle'))).toEqual(errorOf('INVALID_OPTION', 'dialect', 'oracle', 'postgres'));
    expect(sessionErrorOf(schemaOf('toString'))).toEqual(errorOf('INVALID_OPTION', 'dialect'));
  });

  it.each([
    [undefined, new PostgresAdapter(), '"http_session"'],
    ['app.Sessions', new PostgresAdapter(), '"app"."Sessions"'],
    ['app.Sessions', new MysqlAdapter(), '`app`.`Sessions`'],
    ['order', new SqliteAdapter(), '"order"'],
  ])('quotes the table %s', async (table, adapter, quoted) => {
    const { store, ran } = storeWith({ table }, adapter);
    await store.remove('abcd.key');
    expect(ran).toEqual([`DELETE FROM ${quoted} WHERE id = ${adapter instanceof PostgresAdapter ? '$1' : '?'}`]);
  });

  it('says how to make the table', () => {
    expect(SqlStore.schema('postgres', { table: 'app.sessions' })).toMatchInlineSnapshot(`
      "CREATE TABLE "app"."sessions" (
        id text COLLATE "C" NOT NULL PRIMARY KEY,
        principal text NULL,
        labels text NULL,
        handle text NOT NULL,
        created bigint NOT NULL,
        accessed bigint NOT NULL,
        rotated bigint NULL,
        authenticated bigint NULL,
        expires bigint NOT NULL,
        ends bigint NULL,
        timeout bigint NOT NULL,
        touch_interval bigint NOT NULL,
        persistent smallint NOT NULL,
        version bigint NOT NULL,
        consts text NOT NULL,
        attrs jsonb NOT NULL,
        seed text NOT NULL,
        ops text NOT NULL DEFAULT '',
        previous text NOT NULL DEFAULT '',
        forwards_until bigint NOT NULL DEFAULT 0,
        purge_at bigint NOT NULL,
        format smallint NOT NULL
      ) WITH (fillfactor = 85);
      CREATE INDEX "sessions_purge_at" ON "app"."sessions" (purge_at);
      "
    `);
    expect(SqlStore.schema('mysql')).toMatchInlineSnapshot(`
      "CREATE TABLE \`http_session\` (
        id varbinary(255) NOT NULL PRIMARY KEY,
        principal varbinary(512) NULL,
        labels mediumtext NULL,
        handle varchar(255) NOT NULL,
        created bigint NOT NULL,
        accessed bigint NOT NULL,
        rotated bigint NULL,
        authenticated bigint NULL,
        expires bigint NOT NULL,
        ends bigint NULL,
        timeout bigint NOT NULL,
        touch_interval bigint NOT NULL,
        persistent smallint NOT NULL,
        version bigint NOT NULL,
        consts mediumtext NOT NULL,
        attrs json NOT NULL,
        seed varchar(255) NOT NULL,
        ops varchar(2048) NOT NULL DEFAULT '',
        previous varchar(2048) NOT NULL DEFAULT '',
        forwards_until bigint NOT NULL DEFAULT 0,
        purge_at bigint NOT NULL,
        format smallint NOT NULL
      ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
      CREATE INDEX \`http_session_purge_at\` ON \`http_session\` (purge_at);
      "
    `);
    expect(SqlStore.schema('sqlite', { table: 'app.sessions' })).toMatchInlineSnapshot(`
      "CREATE TABLE "app"."sessions" (
        id text NOT NULL PRIMARY KEY,
        principal text NULL,
        labels text NULL,
        handle text NOT NULL,
        created integer NOT NULL,
        accessed integer NOT NULL,
        rotated integer NULL,
        authenticated integer NULL,
        expires integer NOT NULL,
        ends integer NULL,
        timeout integer NOT NULL,
        touch_interval integer NOT NULL,
        persistent integer NOT NULL,
        version integer NOT NULL,
        consts text NOT NULL,
        attrs text NOT NULL,
        seed text NOT NULL,
        ops text NOT NULL DEFAULT '',
        previous text NOT NULL DEFAULT '',
        forwards_until integer NOT NULL DEFAULT 0,
        purge_at integer NOT NULL,
        format integer NOT NULL
      );
      CREATE INDEX "app"."sessions_purge_at" ON "sessions" (purge_at);
      "
    `);
  });

  it('purges by itself, by the clock of the application, once it has heard it, until it is closed', async () => {
    vi.useFakeTimers();
    try {
      const { store, ran } = storeWith({ purgeInterval: '1m' });
      const searches = () => ran.filter((sql) => sql.includes('purge_at <='));
      store.start(console);
      store.start(console);
      await vi.advanceTimersByTimeAsync(10 * 60_000);
      expect(searches()).toEqual([]);
      await store.add('abcd.key', recordOf({ created: 5 }), { op: 'x' });
      await vi.advanceTimersByTimeAsync(3 * 60_000);
      const before = searches().length;
      expect(before).toBeGreaterThan(1);
      await store.close();
      await vi.advanceTimersByTimeAsync(10 * 60_000);
      expect(searches()).toHaveLength(before);
    } finally {
      vi.useRealTimers();
    }
  });

  it('doesn’t purge by itself when it is told not to', async () => {
    vi.useFakeTimers();
    try {
      const { store, ran } = storeWith({ purgeInterval: false });
      store.start(console);
      await store.touch('abcd.key', Date.now());
      await vi.advanceTimersByTimeAsync(100 * 60_000);
      expect(ran.filter((sql) => sql.includes('purge_at <='))).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});
