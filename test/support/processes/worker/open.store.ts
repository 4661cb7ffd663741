/** The stores that processes share, each over a driver of its own. Loads those drivers only that are needed. */
import { type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely';
import type { SessionLogger, SessionStore } from 'nestjs-http-session';
import { RedisStore } from 'nestjs-http-session/redis';
import { SqlStore } from 'nestjs-http-session/sql';
import { TieredStore } from 'nestjs-http-session/tiered';
import type { StorePlan } from './worker.protocol.js';

export interface OpenedStore {
  readonly store: SessionStore;
  /** Removes everything that any of the processes has stored. */
  erase(): Promise<void>;
  /** Closes the driver. The store goes first. */
  end(): Promise<void>;
}

type RedisPlan = Extract<StorePlan, { kind: 'redis' }>;
type SqlPlan = Extract<StorePlan, { table: string }>;
type TieredPlan = Extract<StorePlan, { kind: 'tiered' }>;

export function openStore(plan: StorePlan): Promise<OpenedStore> {
  switch (plan.kind) {
    case 'redis':
      return plan.client === 'ioredis' ? openOverIoredis(plan) : openOverNodeRedis(plan);
    case 'tiered':
      return openTiered(plan);
    default:
      return openSql(plan);
  }
}

async function openOverNodeRedis({ url, keyPrefix }: RedisPlan): Promise<OpenedStore> {
  const { createClient } = await import('redis');
  const client = createClient({ url }).on('error', console.error);
  await client.connect();
  return {
    store: new RedisStore(client, { keyPrefix }),
    erase: async () => {
      for await (const keys of client.scanIterator({ MATCH: `${keyPrefix}*`, COUNT: 1_000 })) {
        if (keys.length > 0) await client.unlink(keys);
      }
    },
    end: () => client.close(),
  };
}

async function openOverIoredis({ url, keyPrefix }: RedisPlan): Promise<OpenedStore> {
  const { Redis } = await import('ioredis');
  const client = new Redis(url, { enableAutoPipelining: true, maxRetriesPerRequest: 0 }).on('error', console.error);
  return {
    store: new RedisStore(client, { keyPrefix }),
    erase: async () => {
      for await (const keys of client.scanStream({ match: `${keyPrefix}*`, count: 1_000 })) {
        if (keys.length > 0) await client.unlink(keys);
      }
    },
    end: async () => void (await client.quit()),
  };
}

/** Processes that start at once all migrate: it is the same as if one did. */
async function openSql(plan: SqlPlan): Promise<OpenedStore> {
  const kysely = new Kysely<unknown>({ dialect: await dialectOf(plan) });
  const store = new SqlStore(kysely, { table: plan.table });
  await store.migrate();
  return {
    store,
    erase: () => kysely.schema.dropTable(plan.table).execute(),
    end: () => kysely.destroy(),
  };
}

async function dialectOf(plan: SqlPlan): Promise<Dialect> {
  switch (plan.kind) {
    case 'postgres': {
      const { Pool } = await import('pg');
      return new PostgresDialect({ pool: new Pool({ connectionString: plan.url }) });
    }
    case 'mariadb': {
      const { createPool } = await import('mysql2');
      return new MysqlDialect({ pool: createPool({ uri: plan.url }) });
    }
    case 'sqlite': {
      const { default: Database } = await import('better-sqlite3');
      // The first one of all that start together turns on WAL, and keeps out the others meanwhile.
      const database = new Database(plan.file, { timeout: 10_000 });
      database.pragma('journal_mode = WAL');
      database.pragma('busy_timeout = 20');
      return new SqliteDialect({ database });
    }
  }
}

async function openTiered(plan: TieredPlan): Promise<OpenedStore> {
  const [cache, durable] = [await openStore(plan.cache), await openStore(plan.durable)];
  return {
    store: new PatientTiers({ cache: cache.store, durable: durable.store, cacheTimeout: '500ms' }),
    erase: async () => {
      await cache.erase();
      await durable.erase();
    },
    end: async () => {
      await cache.end();
      await durable.end();
    },
  };
}

/** Doesn't complain of a cache that takes long under the load of a race: that costs speed only. */
class PatientTiers extends TieredStore {
  override start(logger: SessionLogger): void {
    const unlessSlow =
      (say: SessionLogger['error']): SessionLogger['error'] =>
      (message: unknown) => {
        if (!/^The cache .*(didn't answer within|answers again)/.test(String(message))) say(message);
      };
    super.start({ debug: logger.debug, warn: unlessSlow(logger.warn), error: unlessSlow(logger.error) });
  }
}
