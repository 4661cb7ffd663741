/** Where each contender keeps sessions, by backend. All of Redis are of one client library, node-redis. */
import type session from 'express-session';
import { MemoryStore, type SessionStore } from 'nestjs-http-session';
import { POSTGRES_URL, REDIS_URL } from '../backends.js';
import type { Contender } from '../contender.js';
import type { Content, FloorStore } from './floor.app.js';

const TIMEOUT_SECONDS = 30 * 60;
const POOL_SIZE = 10;

export async function openLibraryStore({ backend }: Contender, prefix: string): Promise<SessionStore> {
  switch (backend) {
    case 'redis': {
      const { RedisStore } = await import('nestjs-http-session/redis');
      return new RedisStore(await openRedis(), { keyPrefix: prefix });
    }
    case 'postgres': {
      const { SqlStore } = await import('nestjs-http-session/sql');
      const { Kysely, PostgresDialect } = await import('kysely');
      const kysely = new Kysely({ dialect: new PostgresDialect({ pool: await openPool() }) });
      const store = new SqlStore(kysely, { table: prefix });
      await store.migrate();
      return store;
    }
    default:
      return new MemoryStore();
  }
}

export async function openFloorStore({ backend }: Contender, prefix: string): Promise<FloorStore> {
  if (backend !== 'redis') return new Map<string, Content>();
  const client = await openRedis();
  const expiration = { type: 'EX', value: TIMEOUT_SECONDS } as const;
  const fetch = (id: string) => client.getEx(prefix + id, expiration);
  return {
    fetch,
    get: async (id) => {
      const text = await fetch(id);
      return text === null ? undefined : (JSON.parse(text) as Content);
    },
    set: (id, content) => client.set(prefix + id, JSON.stringify(content), { expiration }),
  };
}

/** `undefined`: the one that @fastify/session has for memory. */
export async function openPeerStore(
  { platform, backend }: Contender,
  prefix: string,
): Promise<session.Store | undefined> {
  const { default: expressSession } = await import('express-session');
  switch (backend) {
    case 'redis': {
      const { RedisStore } = await import('connect-redis');
      return new RedisStore({ client: await openRedis(), prefix, ttl: TIMEOUT_SECONDS });
    }
    case 'postgres': {
      const { default: connectPgSimple } = await import('connect-pg-simple');
      const PgStore = connectPgSimple(expressSession);
      const pool = await openPool();
      // As its own table.sql has it. (Made by the store, the index always has the same name, so there can't be two.)
      await pool.query(
        `CREATE TABLE "${prefix}" (sid varchar NOT NULL PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`,
      );
      await pool.query(`CREATE INDEX ON "${prefix}" (expire)`);
      return new PgStore({ pool, tableName: prefix });
    }
    default: {
      if (platform === 'fastify') return undefined;
      const { default: memorystore } = await import('memorystore');
      const Memory = memorystore(expressSession);
      return new Memory({ checkPeriod: 60_000 });
    }
  }
}

async function openRedis() {
  const { createClient } = await import('redis');
  const client = createClient({ url: REDIS_URL });
  client.on('error', (error) => console.error(error));
  return client.connect();
}

async function openPool() {
  const { Pool } = await import('pg');
  return new Pool({ connectionString: POSTGRES_URL, max: POOL_SIZE });
}
