/** Redis and PostgreSQL, for the bench of principals' sessions. */
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { RedisStore } from 'nestjs-http-session/redis';
import { SqlStore } from 'nestjs-http-session/sql';
import { Pool } from 'pg';
import { createClient } from 'redis';
import { fillTable, type Rows } from './postgres.fill.js';
import { addSessions, type PrincipalsSubject } from './principals.bench.js';
import { newRecord } from './sessions.js';

const NAME = `bench_principals_${process.pid}`;

export async function redisSubject(): Promise<PrincipalsSubject> {
  const client = createClient({ url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379' });
  client.on('error', (error) => console.error(error));
  await client.connect();
  const store = new RedisStore(client, { keyPrefix: `${NAME}:` });
  let others = 0;
  return {
    store,
    addOthers: async (count) => {
      await addSessions(store, count - others);
      others = count;
    },
    close: async () => {
      for await (const found of client.scanIterator({ MATCH: `${NAME}:*`, COUNT: 10_000 })) {
        if (found.length > 0) await client.unlink(found);
      }
      client.destroy();
    },
  };
}

export async function postgresSubject(): Promise<PrincipalsSubject> {
  const connectionString = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString }) }) });
  const rows: Rows = async <Row>(text: string, parameters: unknown[] = []) =>
    (await kysely.executeQuery<Row>(CompiledQuery.raw(text, parameters))).rows;
  const store = new SqlStore(kysely, { table: NAME, purgeInterval: false });
  await store.migrate();
  return {
    store,
    addOthers: async (count) => {
      await rows(`TRUNCATE ${NAME}`);
      await fillTable(NAME, store, rows, count, newRecord(Date.now()));
      await rows(`VACUUM ANALYZE ${NAME}`);
    },
    close: async () => {
      await rows(`DROP TABLE ${NAME}`);
      await kysely.destroy();
    },
  };
}
