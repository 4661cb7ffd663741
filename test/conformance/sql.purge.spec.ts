/** Purging while everybody else works on: nothing that lives goes, nobody waits, and `completed` is the truth. */
import { setImmediate } from 'node:timers/promises';
import { SqlStore } from 'nestjs-http-session/sql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/backends.js';
import { Barrier } from '../support/barrier.js';
import { holding } from '../support/intercepted.executor.js';
import { DATABASES, POSTGRES, SqlTable, OPENING_MS } from '../support/sql.databases.js';
import { recordOf } from '../unit/fixtures/record.js';

const MINUTE = 60_000;
const NOW = 1_700_000_000_000;
const AMPLE = 10 * MINUTE;

const EXPIRED = recordOf({ created: NOW - 60 * MINUTE, accessed: NOW - 60 * MINUTE });
const LIVING = recordOf({ created: NOW, accessed: NOW, timeout: 30 * MINUTE });

for (const database of DATABASES) {
  await describeWith(database.needs, `purge on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());

    /** @returns their keys */
    async function addMany(store: SqlStore, name: string, count: number, record: typeof LIVING): Promise<string[]> {
      const keys = Array.from({ length: count }, (_, index) => `${name}.${index}`);
      for (let start = 0; start < count; start += 50) {
        await Promise.all(keys.slice(start, start + 50).map((key) => store.add(key, record, { op: key })));
      }
      return keys;
    }

    const held = (pattern: RegExp, barrier: Barrier): SqlStore =>
      new SqlStore(holding(table.kysely, pattern, barrier), { table: table.name, purgeInterval: false });

    it(
      'by four at once, under traffic, removes each expired session once and no living one',
      { timeout: 60_000 },
      async () => {
        const store = await table.emptyStore();
        await addMany(store, 'dead', 1_000, EXPIRED);
        const living = await addMany(store, 'live', 20, LIVING);
        const purgers = Array.from({ length: 4 }, () => new SqlStore(table.connect(), { table: table.name }));

        let purging = true;
        const traffic = living.map(async (key, index) => {
          for (let round = 0; purging || round === 0; round++) {
            const set = new Map([['round', String(round)]]);
            expect(await store.change(key, { set, unset: [], op: `${key} ${round}` }, NOW + round)).toHaveProperty(
              'version',
            );
            expect(await store.touch(key, NOW + round)).toBe(true);
            const added = `new${index}.${round}`;
            expect(await store.add(added, LIVING, { op: added })).toBe('added');
            expect(await store.remove(added)).toBe(true);
            await setImmediate();
          }
        });
        const purgeAll = async (purger: SqlStore): Promise<number> => {
          for (let removed = 0; ;) {
            const purged = await purger.purge({ now: NOW, batchSize: 20, deadline: AMPLE });
            removed += purged.removed;
            if (purged.completed) return removed;
          }
        };
        const removed = await Promise.all(purgers.map(purgeAll));
        purging = false;
        await Promise.all(traffic);

        expect(removed.reduce((sum, count) => sum + count, 0)).toBe(1_000);
        const left = await table.run(`SELECT handle FROM ${table.name}`);
        expect(left).toHaveLength(living.length);
      },
    );

    it('lets others in between its steps', async () => {
      const store = await table.emptyStore();
      await addMany(store, 'dead', 500, EXPIRED);
      let turns = 0;
      let purging = true;
      const others = (async () => {
        for (; purging; turns++) await setImmediate();
      })();
      expect(await store.purge({ now: NOW, batchSize: 10, deadline: AMPLE })).toEqual({
        completed: true,
        removed: 500,
      });
      purging = false;
      await others;
      expect(turns).toBeGreaterThanOrEqual(50);
    });

    it('leaves a session that was used between the search and the removal', async () => {
      await table.emptyStore();
      const barrier = new Barrier();
      const store = held(/DELETE/, barrier);
      const justDue = recordOf({ created: NOW - 2 * MINUTE, accessed: NOW - 2 * MINUTE });
      for (const key of ['abcd.used', 'abcd.changed', 'abcd.idle']) await store.add(key, justDue, { op: key });
      const purged = store.purge({ now: NOW, batchSize: 100, deadline: AMPLE });
      await barrier.reached;
      // By the clock of another process, a minute behind, it lives.
      const theirNow = NOW - MINUTE - 1;
      const second = table.secondStore();
      expect(await second.touch('abcd.used', theirNow)).toBe(true);
      expect(await second.change('abcd.changed', { set: new Map(), unset: [], op: '3' }, theirNow)).toEqual({
        version: 2,
      });
      barrier.open();
      expect(await purged).toEqual({ completed: true, removed: 1 });
      expect(await second.get('abcd.used', theirNow)).toHaveProperty('record');
      expect(await second.get('abcd.changed', theirNow)).toHaveProperty('record');
    });

    it('leaves what is only just over: another process’s clock may be behind', async () => {
      const store = await table.emptyStore();
      const ends = NOW - MINUTE;
      await store.add('abcd.due', recordOf({ created: NOW, accessed: NOW, ends }), { op: '1' });
      await store.add('abcd.not', recordOf({ created: NOW, accessed: NOW, ends: ends + 1 }), { op: '2' });
      expect(await store.purge({ now: NOW, batchSize: 100, deadline: AMPLE })).toEqual({ completed: true, removed: 1 });
      expect(await store.get('abcd.not', ends)).toHaveProperty('record');
    });

    it('goes on beyond what one search finds', async () => {
      const store = await table.emptyStore();
      await addMany(store, 'dead', 120, EXPIRED);
      const purged = await store.purge({ now: NOW, batchSize: 1, deadline: AMPLE });
      expect(purged).toEqual({ completed: true, removed: 120 });
    });

    it('ends with its store, and says that it was not completed', async () => {
      await table.emptyStore();
      const barrier = new Barrier();
      const store = held(/DELETE/, barrier);
      await addMany(store, 'dead', 4, EXPIRED);
      const purged = store.purge({ now: NOW, batchSize: 2, deadline: AMPLE });
      await barrier.reached;
      await store.close();
      barrier.open();
      expect(await purged).toEqual({ completed: false, removed: 2 });
    });
  });
}

await describeWith(POSTGRES.needs, 'purge on PostgreSQL', () => {
  let table: SqlTable;
  beforeAll(async () => {
    table = await SqlTable.create(POSTGRES);
  });
  afterAll(() => table.drop());

  it('waits for nobody: what is locked stays, and is said to be left', async () => {
    const store = await table.emptyStore();
    for (const key of ['abcd.locked', 'abcd.free']) await store.add(key, EXPIRED, { op: key });
    await table
      .connect()
      .connection()
      .execute(async (connection) => {
        await table.run('BEGIN', connection);
        await table.run(`SELECT 1 FROM ${table.name} WHERE id = 'abcd.locked' FOR UPDATE`, connection);
        expect(await store.purge({ now: NOW, batchSize: 100, deadline: AMPLE })).toEqual({
          completed: false,
          removed: 1,
        });
        await table.run('ROLLBACK', connection);
      });
    expect(await store.purge({ now: NOW, batchSize: 100, deadline: AMPLE })).toEqual({ completed: true, removed: 1 });
  });
});
