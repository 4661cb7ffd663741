/** The servers that contenders keep sessions in; they must be idle. */
import type { Backend } from './contender.js';

export const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';
export const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** Removes all keys and tables whose names begin with `prefix`. */
export async function clearBackends(backends: readonly Backend[], prefix: string): Promise<void> {
  if (backends.includes('redis')) await clearRedis(prefix);
  if (backends.includes('postgres')) await clearPostgres(prefix);
}

async function clearRedis(prefix: string): Promise<void> {
  const { createClient } = await import('redis');
  const client = await createClient({ url: REDIS_URL }).connect();
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 10_000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
  client.destroy();
}

async function clearPostgres(prefix: string): Promise<void> {
  const { Pool } = await import('pg');
  const pool = new Pool({ connectionString: POSTGRES_URL });
  const { rows } = await pool.query<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE starts_with(tablename, $1)',
    [prefix],
  );
  for (const { name } of rows) await pool.query(`DROP TABLE "${name}"`);
  await pool.end();
}
