/** As in production: copies in Redis, sessions in PostgreSQL. */
import { RedisStore } from 'nestjs-http-session/redis';
import { testSessionStore } from 'nestjs-http-session/testing';
import { TieredStore, type TieredStoreOptions } from 'nestjs-http-session/tiered';
import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { type OpenClient, removeKeys, SINGLE_CLIENTS } from '../support/redis.clients.js';
import { POSTGRES, SqlTable } from '../support/sql.databases.js';
import { testSessionsOverHttp } from './http.suite.js';

// A thousand commits in a row, on a disk that others use too.
vi.setConfig({ testTimeout: 120_000 });

const NEEDS = [Backend.REDIS, Backend.POSTGRES];

/** Declares `tests` of stores in two processes, with connections of their own each, over tiers with nothing in them. */
async function describeTiers(
  name: string,
  tests: (first: () => Promise<TieredStore>, second: () => TieredStore) => void,
  options: Partial<TieredStoreOptions> = {},
): Promise<void> {
  await describeWith(NEEDS, name, () => {
    const prefix = uniqueName('tiered');
    let table: SqlTable;
    let clients: [OpenClient, OpenClient];

    beforeAll(async () => {
      const urls = [Backend.REDIS.url];
      clients = [await SINGLE_CLIENTS['node-redis'](urls), await SINGLE_CLIENTS.ioredis(urls)];
      table = await SqlTable.create(POSTGRES);
    });

    afterAll(async () => {
      await table.drop();
      for (const client of clients) client.close();
      await removeKeys(Backend.REDIS.url, `${prefix}:*`);
    });

    const cacheOf = (which: 0 | 1) => new RedisStore(clients[which].client, { keyPrefix: `${prefix}:` });
    tests(
      async () => new TieredStore({ cache: cacheOf(0), durable: await table.emptyStore(), ...options }),
      () => new TieredStore({ cache: cacheOf(1), durable: table.secondStore(), ...options }),
    );
  });
}

await describeTiers('TieredStore of Redis and PostgreSQL', (first, second) => {
  testSessionStore({ describe, it }, first, {
    createSecondStore: second,
    shared: true,
    atomic: true,
    acknowledged: 'backend',
  });
  testSessionsOverHttp('TieredStore of Redis and PostgreSQL', first);
});

await describeTiers(
  'TieredStore of Redis and PostgreSQL that writes later',
  (first) => {
    testSessionStore({ describe, it }, first, { shared: true, atomic: true, acknowledged: 'behind' });
    testSessionsOverHttp('TieredStore of Redis and PostgreSQL that writes later', first);
  },
  { write: 'async' },
);
