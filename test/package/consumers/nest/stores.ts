/** The stores over real drivers, as an application creates them: written once for the drivers' oldest and newest versions. */
import { createCache } from 'cache-manager';
import { type Cluster, Redis } from 'ioredis';
import { type Generated, Kysely, PostgresDialect } from 'kysely';
import { MemoryStore, type SessionStore } from 'nestjs-http-session';
import { CacheStore, type CacheStoreOptions } from 'nestjs-http-session/cache';
import { type RedisClient, RedisStore, type RedisStoreOptions } from 'nestjs-http-session/redis';
import { type SqlDialectName, SqlStore, type SqlStoreOptions } from 'nestjs-http-session/sql';
import { TieredStore, type TieredStoreOptions } from 'nestjs-http-session/tiered';
import { Pool } from 'pg';
import { createClient, createCluster, createSentinel } from 'redis';

/** An application's tables: the store needs no place among them. */
interface Database {
  account: { id: Generated<number>; name: string };
}

const redisOptions: RedisStoreOptions = { keyPrefix: 'visits:' };
const sqlOptions: SqlStoreOptions = { table: 'app.visits', purgeInterval: false };
const cacheOptions: CacheStoreOptions = { keyPrefix: 'visits:', shared: false };

/** Those that need no server. */
export const openStores = {
  CacheStore: () => new CacheStore(createCache(), cacheOptions),
  TieredStore: () => tiered({ cache: new MemoryStore(), durable: new MemoryStore(), singleProcess: true }),
} satisfies Record<string, () => SessionStore>;

/** Those whose server isn't asked before the first request. */
export const waitingStores = {
  'node-redis': () => new RedisStore(createClient({ url: 'redis://localhost' }), redisOptions),
  ioredis: () => new RedisStore(new Redis({ lazyConnect: true })),
  Kysely: () => sql(),
  'node-redis before Kysely': () => tiered({ cache: new RedisStore(createClient()), durable: sql() }),
} satisfies Record<string, () => SessionStore>;

function sql(): SqlStore {
  return new SqlStore(new Kysely<Database>({ dialect: new PostgresDialect({ pool: new Pool() }) }), sqlOptions);
}

function tiered(options: TieredStoreOptions): TieredStore {
  return new TieredStore({ freshFor: '10s', ...options });
}

/** Only compiled. */
export function otherClients(cluster: Cluster): RedisClient[] {
  return [
    cluster,
    createCluster({ rootNodes: [{ url: 'redis://localhost' }] }),
    createSentinel({ name: 'main', sentinelRootNodes: [{ host: 'localhost', port: 26379 }] }),
  ];
}

/** Only compiled. */
export function wrongArguments(dialect: SqlDialectName): void {
  // @ts-expect-error -- no client
  new RedisStore('redis://localhost');
  // @ts-expect-error -- a dialect is no instance of Kysely
  new SqlStore(new PostgresDialect({ pool: new Pool() }));
  // @ts-expect-error -- no cache
  new CacheStore(new Map());
  // @ts-expect-error -- two tiers are needed
  new TieredStore({ cache: new MemoryStore() });
  SqlStore.schema(dialect).concat();
}
