/** Rows as other programs, versions and drivers leave them or make of them. */
import { CamelCasePlugin, type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely';
import { createPool } from 'mysql2';
import { type SqlExecutorProvider, SqlStore } from 'nestjs-http-session/sql';
import Database from 'better-sqlite3';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Backend, describeWith } from '../support/backends.js';
import { intercepted } from '../support/intercepted.executor.js';
import {
  DATABASES,
  MARIADB,
  PGLITE,
  POSTGRES,
  type SqlDatabase,
  SQLITE,
  SqlTable,
  OPENING_MS,
} from '../support/sql.databases.js';
import { recordOf } from '../unit/fixtures/record.js';

const NOW = 1_700_000_000_000;
const LIVE = { created: NOW, accessed: NOW };
const RENAMING = { op: 'rename', now: NOW, forwardUntil: NOW + 60_000, graceUntil: 0 };

/** A session as the first version of the library stored it. It loads for ever: no line of this may change. */
const GOLDEN = {
  id: "'abcd.golden'",
  principal: "'user-1'",
  labels: `'{"device":"a \\"phone\\" ü"}'`,
  handle: "'4tQ-handle'",
  created: '1699999000000',
  accessed: '1700000000000',
  rotated: '1699999500000',
  authenticated: '1699999400000',
  expires: '1700001860000',
  ends: '1702591000000',
  timeout: '1800000',
  touch_interval: '60000',
  persistent: '0',
  version: '7',
  consts: `'{"userName":"[\\"a\\"]"}'`,
  attrs: `'{"count":"[2]","na me":"[\\"ü\\"]"}'`,
  seed: "'c2VlZA-_'",
  ops: "'aaaaaaaaaaa bbbbbbbbbbb '",
  previous: "'older,1700000060000,1700000010000;'",
  forwards_until: '1700000060000',
  purge_at: '1700001600000',
  format: '1',
};

const GOLDEN_RECORD = {
  format: 1,
  principal: 'user-1',
  labels: '{"device":"a \\"phone\\" ü"}',
  handle: '4tQ-handle',
  created: 1_699_999_000_000,
  accessed: NOW,
  rotated: 1_699_999_500_000,
  authenticated: 1_699_999_400_000,
  ends: 1_702_591_000_000,
  timeout: 1_800_000,
  touchInterval: 60_000,
  persistent: false,
  version: 7,
  consts: '{"userName":"[\\"a\\"]"}',
  attrs: new Map([
    ['count', '[2]'],
    ['na me', '["ü"]'],
  ]),
  seed: 'c2VlZA-_',
};

/** The database as it is, and the statements that a store over it has run. */
function watched(kysely: SqlExecutorProvider): { provider: SqlExecutorProvider; statements: string[] } {
  const statements: string[] = [];
  const provider = intercepted(kysely, (query, run) => {
    statements.push(query.sql);
    return run(query);
  });
  return { provider, statements };
}

for (const database of DATABASES) {
  await describeWith(database.needs, `Rows on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());

    async function insert(columns: Readonly<Record<string, string>>): Promise<void> {
      const values = Object.values(columns).join(', ');
      // MySQL takes a backslash for the start of an escape.
      const text = database === MARIADB ? values.replaceAll('\\', '\\\\') : values;
      await table.run(`INSERT INTO ${table.name} (${Object.keys(columns).join(', ')}) VALUES (${text})`);
    }

    it('a session of the first version is loaded, with its forward, and goes on', async () => {
      const store = await table.emptyStore();
      await insert(GOLDEN);
      expect(await store.get('abcd.golden', NOW)).toEqual({ record: GOLDEN_RECORD });
      const successor = { successor: 'abcd.golden', graceUntil: 1_700_000_010_000 };
      expect(await store.get('abcd.older', NOW)).toEqual(successor);
      expect(await store.change('abcd.older', { set: new Map(), unset: ['count'], op: 'x' }, NOW + 1)).toEqual({
        version: 8,
      });
      expect(await store.get('abcd.golden', NOW)).toEqual({
        record: { ...GOLDEN_RECORD, accessed: NOW + 1, version: 8, attrs: new Map([['na me', '["ü"]']]) },
      });
    });

    it('a session is stored as the first version did', async () => {
      const store = await table.emptyStore();
      await store.add('abcd.written', { ...recordOf(LIVE), principal: 'p', ends: NOW + 1 }, { op: 'add' });
      const [row = {}] = await table.run(`SELECT * FROM ${table.name}`);
      expect(Object.keys(row).sort()).toEqual(Object.keys(GOLDEN).sort());
      expect(Number(row['expires'])).toBe(NOW + 1);
    });

    it.each([
      ['of a newer format', { format: '2' }, 'its format is 2'],
      ['whose attributes are a list', { attrs: "'[]'" }, 'it is incomplete'],
      ['whose attributes are no strings', { attrs: `'{"a":1}'` }, 'it is incomplete'],
      ['whose attributes are null', { attrs: "'null'" }, 'it is incomplete'],
    ])('a session %s is none, says what is wrong and nothing of what it holds, and stays', async (_, wrong, broken) => {
      const store = await table.emptyStore();
      await insert({ ...GOLDEN, ...wrong });
      expect(await store.get('abcd.golden', NOW)).toEqual({ broken });
      expect(await store.get('abcd.golden', NOW)).toEqual({ broken });
      expect(await table.run(`SELECT id FROM ${table.name}`)).toHaveLength(1);
    });

    it('a session of a newer format is for newer versions to change, but anyone may remove it', async () => {
      const store = await table.emptyStore();
      await insert({ ...GOLDEN, format: '2' });
      const [before] = await table.run(`SELECT * FROM ${table.name}`);
      const delta = { set: new Map([['count', '3']]), unset: [], op: 'x' };
      expect(await store.touch('abcd.golden', NOW + 1)).toBe(false);
      expect(await store.change('abcd.golden', delta, NOW + 1)).toBe('gone');
      expect(await store.change('abcd.older', { ...delta, ifVersion: 7 }, NOW + 1)).toBe('gone');
      const renaming = { op: 'y', now: NOW, forwardUntil: NOW + 60_000, graceUntil: 0 };
      expect(await store.rename('abcd.golden', 'abcd.other', renaming)).toBe('gone');
      expect(await store.add('abcd.golden', recordOf(LIVE), { op: 'z' })).toBe('exists');
      expect(await table.run(`SELECT * FROM ${table.name}`)).toEqual([before]);
      expect(await store.remove('abcd.older')).toBe(true);
      expect(await table.run(`SELECT id FROM ${table.name}`)).toEqual([]);
    });

    it('a session that can’t be read is purged like any other when its time is over', async () => {
      const store = await table.emptyStore();
      await insert({ ...GOLDEN, format: '2' });
      const now = Number(GOLDEN.expires) + 61_000;
      expect(await store.purge({ now, batchSize: 100, deadline: 60_000 })).toEqual({ completed: true, removed: 1 });
    });

    it('a session whose deadline was taken back by hand is none, to whatever comes, in a few statements', async () => {
      await table.emptyStore();
      await insert({ ...GOLDEN, expires: '0' });
      const { provider, statements } = watched(table.kysely);
      const store = new SqlStore(provider, { table: table.name, purgeInterval: false });
      const delta = { set: new Map([['count', '3']]), unset: [], op: 'x' };
      const renaming = { op: 'y', now: NOW, forwardUntil: NOW + 60_000, graceUntil: 0 };
      expect(await store.get('abcd.golden', NOW)).toEqual({ expired: GOLDEN_RECORD.handle });
      for (const key of ['abcd.golden', 'abcd.older']) {
        statements.length = 0;
        expect(await store.touch(key, NOW + 1)).toBe(false);
        expect(await store.change(key, delta, NOW + 1)).toBe('gone');
        expect(await store.change(key, { ...delta, ifVersion: 7 }, NOW + 1)).toBe('gone');
        expect(await store.change(key, { ...delta, ifVersion: 6 }, NOW + 1)).toBe('gone');
        expect(await store.rename(key, 'abcd.other', renaming)).toBe('gone');
        // Each asks once, and once more for the reason.
        expect(statements).toHaveLength(10);
      }
      expect(await store.remove('abcd.older')).toBe(true);
    });

    it('keys are told apart by every byte: case, accents and spaces at the end', async () => {
      const store = await table.emptyStore();
      const keys = ['abcd.key', 'abcd.Key', 'Abcd.key', 'abcd.key ', 'abcd.ke', 'abcd.kéy', 'abcd.key-', 'abcd-.key'];
      for (const [index, key] of keys.entries()) {
        expect(await store.add(key, recordOf({ ...LIVE, handle: String(index) }), { op: key })).toBe('added');
      }
      for (const [index, key] of keys.entries()) {
        expect(await store.get(key, NOW)).toMatchObject({ record: { handle: String(index) } });
      }
      expect(await store.get('abcd.KEY', NOW)).toBeUndefined();
      expect(await store.remove('abcd.key')).toBe(true);
      expect(await table.run(`SELECT id FROM ${table.name}`)).toHaveLength(keys.length - 1);
    });

    it('an old key leads to the session that had it, and to none whose old key only ends like it', async () => {
      const store = await table.emptyStore();
      await store.add('abcd.longkey', recordOf(LIVE), { op: '1' });
      const renaming = { op: '2', now: NOW, forwardUntil: NOW + 60_000, graceUntil: 0 };
      await store.rename('abcd.longkey', 'abcd.successor', renaming);
      expect(await store.get('abcd.key', NOW)).toBeUndefined();
      expect(await store.touch('abcd.key', NOW)).toBe(false);
      expect(await store.remove('abcd.key')).toBe(false);
      expect(await store.remove('abcd.longkey')).toBe(true);
    });

    it('old keys take up room for their time only', async () => {
      const store = await table.emptyStore();
      await store.add('abcd.0', recordOf({ ...LIVE, timeout: 10_000_000 }), { op: 'add' });
      for (let index = 0; index < 100; index++) {
        const now = NOW + index * 60_000;
        const renaming = { op: `rename ${index}`, now, forwardUntil: now + 60_000, graceUntil: 0 };
        expect(await store.rename(`abcd.${index}`, `abcd.${index + 1}`, renaming)).toBe('done');
      }
      const [row] = await table.run(`SELECT previous FROM ${table.name}`);
      expect(row?.['previous']).toMatch(/^99,\d+,0;$/);
    });

    it('of more old keys than there is room for the newest count', async () => {
      const store = await table.emptyStore();
      const key = (index: number) => `abcd.${String(index).padStart(43, '-')}`;
      await store.add(key(0), recordOf(LIVE), { op: 'add' });
      for (let index = 0; index < 100; index++) {
        const renaming = { op: `rename ${index}`, now: NOW, forwardUntil: NOW + 60_000, graceUntil: NOW + 60_000 };
        expect(await store.rename(key(index), key(index + 1), renaming)).toBe('done');
      }
      const kept = [];
      for (let index = 0; index < 100; index++) {
        if (await store.touch(key(index), NOW)) kept.push(index);
      }
      expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 100 - kept.length + index));
      expect(kept.length).toBeGreaterThan(25);
    });

    it('a clock that counts parts of milliseconds does no harm', async () => {
      const store = await table.emptyStore();
      const now = NOW + 0.7;
      await store.add('abcd.key', recordOf({ created: now, accessed: now, ends: NOW + 1_000_000.3 }), { op: '1' });
      expect(await store.get('abcd.key', now + 59_998)).toHaveProperty('record');
      expect(await store.touch('abcd.key', now + 0.1)).toBe(true);
      expect(await store.change('abcd.key', { set: new Map(), unset: [], op: '2' }, now + 0.2)).toEqual({ version: 2 });
      const renaming = { op: '3', now, forwardUntil: now + 60_000, graceUntil: now + 1 };
      expect(await store.rename('abcd.key', 'abcd.other', renaming)).toBe('done');
      expect(await store.get('abcd.key', now)).toMatchObject({ successor: 'abcd.other' });
      expect((await store.purge({ now, batchSize: 10, deadline: 1_000 })).completed).toBe(true);
    });
  });
}

for (const database of [POSTGRES, PGLITE]) {
  await describeWith(database.needs, `Statements on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());

    it('have no JSON for a parameter: a driver that asks for its type would encode it once more', async () => {
      const { provider, statements } = watched(table.kysely);
      const store = new SqlStore(provider, { table: table.name, purgeInterval: false });
      const delta = { set: new Map([['count', '2']]), unset: [], op: 'change' };
      await store.add('abcd.first', recordOf(LIVE), { op: 'add' });
      await store.add('abcd.second', recordOf(LIVE), { op: 'replace', replaces: 'abcd.first' });
      await store.change('abcd.second', delta, NOW);
      await store.change('abcd.second', { ...delta, op: 'update', ifVersion: 2 }, NOW);
      expect(statements.map((text) => /^\w+/.exec(text)?.[0])).toEqual(['INSERT', 'UPDATE', 'UPDATE', 'UPDATE']);

      await table.kysely.connection().execute(async (connection) => {
        for (const text of statements) {
          await table.run(`PREPARE asked AS ${text}`, connection);
          const types = await table.run(
            `SELECT DISTINCT CAST(unnest(parameter_types) AS text) AS type FROM pg_prepared_statements WHERE name = 'asked'`,
            connection,
          );
          await table.run('DEALLOCATE asked', connection);
          expect(['bigint', 'smallint', 'text']).toEqual(expect.arrayContaining(types.map(({ type }) => type)));
        }
      });
    });
  });
}

/** What applications tell their drivers. */
const DRIVERS: readonly [string, SqlDatabase, (table: SqlTable) => Promise<Dialect>][] = [
  [
    'pg that parses bigints and no JSON',
    POSTGRES,
    async () => {
      const parsers = new Map<number, (text: string) => unknown>([
        [20, BigInt],
        [114, (text) => text],
        [3802, (text) => text],
      ]);
      const types = { getTypeParser: (oid: number) => parsers.get(oid) ?? ((text: string) => text) };
      return new PostgresDialect({ pool: new Pool({ connectionString: Backend.POSTGRES.url, types }) });
    },
  ],
  [
    'mysql2 that gives bigints as strings, no decimals, and counts changed rows only',
    MARIADB,
    async () =>
      new MysqlDialect({
        pool: createPool({
          uri: Backend.MARIADB.url,
          supportBigNumbers: true,
          bigNumberStrings: true,
          decimalNumbers: false,
          flags: ['-FOUND_ROWS'],
        }),
      }),
  ],
  [
    'mysql2 that parses neither JSON nor dates',
    MARIADB,
    async () =>
      new MysqlDialect({ pool: createPool({ uri: Backend.MARIADB.url, jsonStrings: true, dateStrings: true }) }),
  ],
  [
    'better-sqlite3 that gives BigInts',
    SQLITE,
    async (table) => {
      const [{ file } = {}] = await table.run('SELECT file FROM pragma_database_list');
      const database = new Database(String(file), { timeout: 20 });
      database.defaultSafeIntegers(true);
      return new SqliteDialect({ database });
    },
  ],
];

for (const [name, database, open] of DRIVERS) {
  await describeWith(database.needs, `Rows by ${name}`, () => {
    let table: SqlTable;
    let kysely: Kysely<unknown>;
    beforeAll(async () => {
      table = await SqlTable.create(database);
      kysely = new Kysely({ dialect: await open(table), plugins: [new CamelCasePlugin()] });
    });
    afterAll(async () => {
      await kysely.destroy();
      await table.drop();
    });

    it('are read and written the same, whatever plugins Kysely has', async () => {
      const store = new SqlStore(kysely, { table: table.name, purgeInterval: false });
      await store.migrate();
      const labels = '{"device":"ü"}';
      const record = { ...recordOf(LIVE), principal: 'ü', labels, touchInterval: 3, attrs: new Map([['a', '"1"']]) };
      expect(await store.add('abcd.first', record, { op: 'add' })).toBe('added');
      expect(await store.get('abcd.first', NOW)).toEqual({ record });
      expect(await table.store().get('abcd.first', NOW)).toEqual({ record });
      // Nothing changes, but there is such a session.
      expect(await store.touch('abcd.first', NOW)).toBe(true);
      expect(await store.touch('abcd.first', NOW - 5)).toBe(true);
      expect(await store.touch('abcd.first', NOW + 5)).toBe(true);
      const delta = { set: new Map([['b', '2']]), unset: [], op: 'change' };
      expect(await store.change('abcd.first', delta, NOW)).toEqual({ version: 2 });
      expect(await store.change('abcd.first', delta, NOW)).toEqual({ version: 2 });
      expect(await store.change('abcd.first', { ...delta, op: 'other', ifVersion: 7 }, NOW)).toMatchObject({
        conflict: { version: 2, accessed: NOW + 5 },
      });
      const renaming = { op: 'rename', now: NOW, forwardUntil: NOW + 60_000, graceUntil: NOW + 9 };
      expect(await store.rename('abcd.first', 'abcd.second', renaming)).toBe('done');
      expect(await store.get('abcd.first', NOW)).toEqual({ successor: 'abcd.second', graceUntil: NOW + 9 });
      expect(await store.add('abcd.third', record, { op: 'again', replaces: 'abcd.first' })).toBe('added');
      expect(await store.get('abcd.second', NOW)).toBeUndefined();
      expect(await store.remove('abcd.third')).toBe(true);
      expect(await store.remove('abcd.third')).toBe(false);
    });

    it('are listed, displaced and removed together the same', async () => {
      const store = new SqlStore(kysely, { table: table.name, purgeInterval: false });
      await store.migrate();
      const limit = { max: 2, onMax: 'remove-oldest' } as const;
      const [first, second, third] = [1, 2, 3].map((created) =>
        recordOf({ ...LIVE, created, principal: 'ü', labels: '{"device":"ü"}', handle: String(created) }),
      );
      const add = (record = recordOf()) =>
        store.add(`abcdefghijkl.${record.handle}`, record, { op: record.handle, limit });
      expect([await add(first), await add(second), await add(second)]).toEqual(['added', 'added', 'added']);
      expect(await add(third)).toEqual({ displaced: ['1'] });
      const { handle, created, accessed, timeout, touchInterval, ends, labels } = recordOf(third);
      const outline = { handle, created, accessed, timeout, touchInterval, ends, labels };
      expect(await store.list('abcdefghijkl', NOW)).toContainEqual({ key: 'abcdefghijkl.3', outline });
      expect(await store.rename('abcdefghijkl.3', 'abcdefghijkl.4', { ...RENAMING, isAuthenticated: true })).toBe(
        'done',
      );
      const record = { ...third, rotated: NOW, authenticated: NOW };
      expect(await store.get('abcdefghijkl.4', NOW)).toEqual({ record });
      expect(await store.removeAll('abcdefghijkl', NOW, 'abcdefghijkl.3')).toBe(1);
      expect(await store.removeAll('abcdefghijkl', NOW)).toBe(1);
      expect(await store.list('abcdefghijkl', NOW)).toEqual([]);
    });
  });
}
