/** What some tests need and a machine may lack: the servers it shares, and programs to start servers of one's own. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';

/** The classes of `servers/` are such needs too. */
export interface Need {
  /** What it is and how to get it, for the line that says that it is missing. */
  readonly need: string;
  isAvailable(): boolean | Promise<boolean>;
}

/** A server that runs already, and that tests share: each uses names of its own, and leaves nothing behind. */
export class Backend implements Need {
  static readonly REDIS = new Backend('Redis', 'REDIS_URL', 'redis://127.0.0.1:6379', pingRedis);
  static readonly POSTGRES = new Backend(
    'PostgreSQL',
    'POSTGRES_URL',
    'postgres://postgres@127.0.0.1:5432/test',
    pingPostgres,
  );
  static readonly MARIADB = new Backend('MariaDB', 'MARIADB_URL', 'mysql://root@127.0.0.1:3306/test', pingMariadb);

  readonly url: string;
  readonly need: string;
  readonly #ping: (url: string) => Promise<unknown>;
  #available: Promise<boolean> | undefined;

  private constructor(name: string, variable: string, standard: string, ping: (url: string) => Promise<unknown>) {
    this.url = process.env[variable] ?? standard;
    this.need = `${name} at the URL in ${variable} (when unset: ${standard})`;
    this.#ping = ping;
  }

  /** Asks once. */
  isAvailable(): Promise<boolean> {
    this.#available ??= this.#ping(this.url).then(
      () => true,
      () => false,
    );
    return this.#available;
  }
}

/**
 * `describe` for tests that need what a machine may lack: left out with a loud line where it is missing, but failing in CI.
 * Await it: `await describeWith(Backend.REDIS, 'RedisStore', () => …)`.
 */
export async function describeWith(needs: Need | readonly Need[], name: string, body: () => void): Promise<void> {
  const missing = await missingOf([needs].flat());
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const line = `${name}: missing ${missing.join(', and ')}`;
  if (process.env['CI'] === 'true') {
    it(name, () => expect.fail(line));
    return;
  }
  console.warn(`SKIPPED ${line}`);
  describe.skipIf(true)(name, body);
}

/** A name for a table or a prefix of keys that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll('-', '')}`;
}

async function missingOf(needs: readonly Need[]): Promise<string[]> {
  const missing: string[] = [];
  for (const need of needs) {
    if (!(await need.isAvailable())) missing.push(need.need);
  }
  return missing;
}

/** Long enough for any server that is there. */
const CONNECT_TIMEOUT_MS = 5_000;

async function pingRedis(url: string): Promise<void> {
  const { createClient } = await import('redis');
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: CONNECT_TIMEOUT_MS } });
  client.on('error', () => undefined);
  await client.connect();
  await client.ping().finally(() => client.destroy());
}

async function pingPostgres(url: string): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}

async function pingMariadb(url: string): Promise<void> {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ uri: url, connectTimeout: CONNECT_TIMEOUT_MS });
  try {
    await connection.query('SELECT 1');
  } finally {
    await connection.end();
  }
}
