/** All sessions of a principal at once, while others are in the middle of something: each case staged so that it happens for certain. */
import Database from 'better-sqlite3';
import { CompiledQuery, type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely';
import { createPool } from 'mysql2';
import { setTimeout } from 'node:timers/promises';
import type { Added, SessionLimit } from 'nestjs-http-session';
import { type SqlExecutorProvider, SqlStore } from 'nestjs-http-session/sql';
import { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { Backend, describeWith } from '../support/backends.js';
import { Barrier } from '../support/barrier.js';
import { Contended, describeTable } from '../support/contended.store.js';
import { holding, intercepted } from '../support/intercepted.executor.js';
import { DATABASES, MARIADB, OPENING_MS, POSTGRES, SQLITE, SqlTable } from '../support/sql.databases.js';
import { recordOf } from '../unit/fixtures/record.js';

const NOW = 1_700_000_000_000;
const TAG = 'abcdefghijkl';
const KEYS = [`${TAG}.1`, `${TAG}.5`, `${TAG}.9`] as const;
const [FIRST, , LAST] = KEYS;
const RENAMING = { op: 'rename', now: NOW, forwardUntil: NOW + 60_000, graceUntil: 0 };
const OLDEST_GOES: SessionLimit = { max: 1, onMax: 'remove-oldest' };
const NO_TURN = { code: 'STORE_FAILED', message: expect.stringMatching(/same principal.*two seconds/) };
/** The first write of a login that displaces another session, and the one of a removal that spares none. */
const DISPLACING = /^DELETE .* handle = /;
const REMOVING = /^DELETE .* handle <> /;

/** Adds a session whose handle is its key. */
function add(store: SqlStore, key: string, created = NOW, more: object = {}): Promise<Added> {
  const record = recordOf({ principal: 'p', handle: key, created, accessed: NOW });
  return store.add(key, record, { op: `add ${key}`, ...more });
}

async function addAll(store: SqlStore): Promise<void> {
  for (const [index, key] of KEYS.entries()) expect(await add(store, key, NOW - 10 + index)).toBe('added');
}

async function handlesIn(store: SqlStore): Promise<string[]> {
  return (await store.list(TAG, NOW)).map(({ outline }) => outline.handle).sort();
}

function openedOver(kysely: SqlExecutorProvider, { name }: SqlTable): SqlStore {
  return new SqlStore(kysely, { table: name, purgeInterval: false });
}

/** A barrier that holds up nobody any more when the test is over, however it ends. */
function openedInTheEnd(): Barrier {
  const barrier = new Barrier();
  onTestFinished(() => barrier.open());
  return barrier;
}

const postgres = (level = 'read committed', more: object = {}): Dialect =>
  new PostgresDialect({
    pool: new Pool({
      connectionString: Backend.POSTGRES.url,
      options: `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`,
      ...more,
    }),
  });

/** As administrators set it up who find that there are too many gap locks. */
const mariadbReadCommitted = (): Dialect =>
  new MysqlDialect({
    pool: createPool({ uri: Backend.MARIADB.url }),
    onCreateConnection: async (connection) => {
      await connection.executeQuery(CompiledQuery.raw('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'));
    },
  });

await describeTable(POSTGRES, 'Sessions of a principal', (table) => {
  it.each(['read committed', 'repeatable read', 'serializable'])(
    'all go, also one that is being renamed (transactions are %s)',
    async (level) => {
      const contended = new Contended(table(), postgres(level));
      const { store } = contended;
      await addAll(store);
      await contended.whileBusy(async (run) => {
        await run(`UPDATE ${table().name} SET id = '${TAG}.0' WHERE id = '${LAST}'`);
        const removed = store.removeAll(TAG, NOW);
        await contended.blocked();
        await run('COMMIT');
        expect(await removed).toBe(3);
      });
      expect(await table().run(`SELECT id FROM ${table().name}`)).toEqual([]);
    },
  );

  it('all but one go, also if that one is being renamed', async () => {
    const contended = new Contended(table(), postgres());
    const { store } = contended;
    await addAll(store);
    await contended.whileBusy(async (run) => {
      await run(`UPDATE ${table().name} SET id = '${TAG}.0', previous = '9,${NOW + 9},0;' WHERE id = '${LAST}'`);
      const removed = store.removeAll(TAG, NOW, LAST);
      await contended.blocked();
      await run('COMMIT');
      expect(await removed).toBe(2);
    });
    expect(await handlesIn(store)).toEqual([LAST]);
  });

  it('leave no transaction behind on a connection whose driver has stopped to wait for it', async () => {
    const impatient = new Kysely<unknown>({ dialect: postgres(undefined, { max: 1, query_timeout: 300 }) });
    onTestFinished(() => impatient.destroy());
    const store = openedOver(impatient, table());
    await addAll(table().store());
    const barrier = openedInTheEnd();
    const holder = openedOver(holding(table().kysely, REMOVING, barrier), table()).removeAll(TAG, NOW);
    await barrier.reached;
    await expect(store.removeAll(TAG, NOW)).rejects.toThrow('timeout');
    barrier.open();
    expect(await holder).toBe(3);
    // Whatever it writes now is there for others to see.
    expect(await add(store, FIRST)).toBe('added');
    expect(await handlesIn(table().secondStore())).toEqual([FIRST]);
  });
});

await describeTable(MARIADB, 'Sessions of a principal', (table) => {
  it('all go, also one that is renamed to a key that was passed already (transactions are read committed)', async () => {
    const contended = new Contended(table(), mariadbReadCommitted());
    const { store } = contended;
    await addAll(store);
    await contended.whileBusy(async (run) => {
      await run(`UPDATE ${table().name} SET version = version + 1 WHERE id = '${KEYS[1]}'`);
      const removed = store.removeAll(TAG, NOW);
      await contended.blocked(1);
      const renamed = store.rename(LAST, `${TAG}.0`, RENAMING);
      await contended.blocked(2);
      await run('COMMIT');
      expect(await removed).toBe(3);
      expect(['done', 'gone']).toContain(await renamed);
    });
    expect(contended.refusals).toContain('ER_LOCK_DEADLOCK');
    expect(await table().run(`SELECT id FROM ${table().name}`)).toEqual([]);
  });
});

await describeTable(SQLITE, 'Sessions of a principal', (table) => {
  it('go when another process has written, and the event loop and reads go on meanwhile', async () => {
    const [{ file } = {}] = await table().run('SELECT file FROM pragma_database_list');
    const dialect = new SqliteDialect({ database: new Database(String(file), { timeout: 0 }) });
    const contended = new Contended(table(), dialect);
    const { store } = contended;
    await addAll(store);
    await contended.whileBusy(async (run) => {
      await run(`UPDATE ${table().name} SET version = version + 1 WHERE id = '${LAST}'`);
      const removed = store.removeAll(TAG, NOW);
      await contended.refused;
      expect(await handlesIn(store)).toEqual(KEYS);
      await run('COMMIT');
      expect(await removed).toBe(3);
    });
    expect(new Set(contended.refusals)).toEqual(new Set(['SQLITE_BUSY']));
  });
});

for (const database of DATABASES) {
  await describeWith(database.needs, `Transactions of a principal's sessions on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());
    beforeEach(async () => addAll(await table.emptyStore()));

    it.each([
      ['login', DISPLACING, (store: SqlStore) => add(store, `${TAG}.new`, NOW, { limit: OLDEST_GOES })],
      [
        'login in the place of another',
        DISPLACING,
        (store: SqlStore) => add(store, `${TAG}.new`, NOW, { limit: { max: 9, onMax: 'refuse' }, replaces: FIRST }),
      ],
      ['removal', REMOVING, (store: SqlStore) => store.removeAll(TAG, NOW)],
      ['removal of all but one', REMOVING, (store: SqlStore) => store.removeAll(TAG, NOW, FIRST)],
    ])(
      'a %s that fails in the middle changes nothing, and leaves no lock and no transaction',
      async (_, step, work) => {
        const kysely = table.connect();
        const failing = intercepted(kysely, async (query, run) => {
          const done = await run(query);
          return step.test(query.sql) ? run(CompiledQuery.raw('SELECT no_such_column')) : done;
        });
        const outdated = { ...NO_TURN, message: expect.stringContaining('migrate()') };
        await expect(work(openedOver(failing, table))).rejects.toMatchObject(outdated);
        expect(await handlesIn(table.secondStore())).toEqual(KEYS);
        // What comes next on the same connection is seen by others, and nobody has to wait for it.
        const started = performance.now();
        await table.run(`UPDATE ${table.name} SET labels = '{}' WHERE id = '${LAST}'`, kysely);
        expect((await table.secondStore().list(TAG, NOW)).map(({ outline }) => outline.labels)).toContain('{}');
        expect(await table.secondStore().removeAll(TAG, NOW)).toBe(3);
        expect(performance.now() - started).toBeLessThan(1_500);
      },
    );

    it('an expired session goes with the others, and is not counted', async () => {
      const store = table.store();
      await add(store, `${TAG}.expired`, NOW, {});
      await table.run(`UPDATE ${table.name} SET expires = ${NOW} WHERE id = '${TAG}.expired'`);
      expect(await handlesIn(store)).toEqual(KEYS);
      expect(await store.removeAll(TAG, NOW)).toBe(3);
      expect(await table.run(`SELECT id FROM ${table.name}`)).toEqual([]);
    });

    it('a session that can’t be read is not told, keeps nobody from the others, and goes with them', async () => {
      const store = table.store();
      await table.run(`UPDATE ${table.name} SET format = 2 WHERE id = '${FIRST}'`);
      expect(await handlesIn(store)).toEqual(KEYS.slice(1));
      expect(await store.removeAll(TAG, NOW)).toBe(3);
      expect(await table.run(`SELECT id FROM ${table.name}`)).toEqual([]);
    });

    it('keys that lie next to the principal’s are others’', async () => {
      const store = table.store();
      const others = ['abcdefghijkk.1', 'abcdefghijkm.1', 'abcdefghijkl-.1', 'Abcdefghijkl.1', 'abcd.1'];
      for (const key of others) await add(store, key);
      expect(await handlesIn(store)).toEqual(KEYS);
      expect(await store.removeAll(TAG, NOW)).toBe(3);
      expect(await table.run(`SELECT id FROM ${table.name}`)).toHaveLength(others.length);
    });
  });
}

for (const database of [POSTGRES, MARIADB, SQLITE]) {
  await describeWith(database.needs, `Two processes at a principal's sessions on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());
    beforeEach(async () => addAll(await table.emptyStore()));

    it('who gets no turn fails in the end, and the other one is not disturbed', async () => {
      const barrier = openedInTheEnd();
      const slow = openedOver(holding(table.connect(), DISPLACING, barrier), table);
      const added = add(slow, `${TAG}.new`, NOW, { limit: OLDEST_GOES });
      await barrier.reached;
      const kysely = table.connect();
      const store = openedOver(kysely, table);
      const started = performance.now();
      await Promise.all([
        expect(store.removeAll(TAG, NOW)).rejects.toMatchObject(NO_TURN),
        expect(add(store, `${TAG}.other`, NOW, { limit: OLDEST_GOES })).rejects.toMatchObject(NO_TURN),
      ]);
      // Who comes second doesn't wait as long once more.
      expect(performance.now() - started).toBeLessThan(3_900);
      barrier.open();
      expect(await added).toEqual({ displaced: KEYS });
      expect(await add(store, `${TAG}.other`, NOW + 1, { limit: OLDEST_GOES })).toEqual({ displaced: [`${TAG}.new`] });
      expect(await store.removeAll(TAG, NOW)).toBe(1);
    });
  });
}

for (const database of [POSTGRES, MARIADB]) {
  await describeWith(database.needs, `A login among others on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());
    beforeEach(async () => addAll(await table.emptyStore()));

    it('displaces what is renamed before it is removed', async () => {
      const barrier = openedInTheEnd();
      const store = openedOver(holding(table.connect(), DISPLACING, barrier), table);
      const added = add(store, `${TAG}.new`, NOW, { limit: { max: 3, onMax: 'remove-oldest' } });
      await barrier.reached;
      expect(await table.secondStore().rename(FIRST, `${TAG}.0`, RENAMING)).toBe('done');
      barrier.open();
      expect(await added).toEqual({ displaced: [FIRST] });
      expect(await handlesIn(store)).toEqual([...KEYS.slice(1), `${TAG}.new`].sort());
    });

    it('tells of nobody to be displaced who has logged out meanwhile', async () => {
      const barrier = openedInTheEnd();
      const store = openedOver(holding(table.connect(), DISPLACING, barrier), table);
      const added = add(store, `${TAG}.new`, NOW, { limit: { max: 3, onMax: 'remove-oldest' } });
      await barrier.reached;
      expect(await table.secondStore().remove(FIRST)).toBe(true);
      barrier.open();
      expect(await added).toBe('added');
    });

    it('waits for the removal of all but the one that it replaces', async () => {
      const barrier = openedInTheEnd();
      const removed = openedOver(holding(table.connect(), /^DELETE /, barrier), table).removeAll(TAG, NOW, FIRST);
      await barrier.reached;
      const store = table.secondStore();
      const added = add(store, `${TAG}.new`, NOW, { replaces: FIRST });
      // Time enough for it to come in between, if it could.
      await expect(Promise.race([added, setTimeout(200, 'waiting')])).resolves.toBe('waiting');
      barrier.open();
      expect(await removed).toBe(2);
      expect(await added).toBe('added');
      expect(await handlesIn(store)).toEqual([`${TAG}.new`]);
    });

    it('takes no connection before it has its turn in its process', async () => {
      const barrier = openedInTheEnd();
      const store = openedOver(holding(table.connect(), DISPLACING, barrier), table);
      const logins = Array.from({ length: 20 }, (_, index) =>
        add(store, `${TAG}.${index}`, NOW, { limit: OLDEST_GOES }),
      );
      await barrier.reached;
      expect(await store.get(FIRST, NOW)).toHaveProperty('record');
      barrier.open();
      await Promise.all(logins);
      expect(await handlesIn(store)).toHaveLength(1);
    });

    it('does not count what it replaces, however often that is renamed meanwhile', async () => {
      const barrier = openedInTheEnd();
      const store = openedOver(holding(table.connect(), /^SELECT .*expires > /s, barrier), table);
      const second = table.secondStore();
      expect(await second.rename(FIRST, `${TAG}.2`, RENAMING)).toBe('done');
      const limit: SessionLimit = { max: 3, onMax: 'refuse' };
      const added = add(store, `${TAG}.new`, NOW, { limit, replaces: FIRST });
      await barrier.reached;
      expect(await second.rename(`${TAG}.2`, `${TAG}.3`, { ...RENAMING, op: 'again' })).toBe('done');
      barrier.open();
      expect(await added).toBe('added');
      expect(await handlesIn(second)).toEqual([...KEYS.slice(1), `${TAG}.new`].sort());
    });
  });
}
