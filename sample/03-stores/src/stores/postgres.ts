/** STORE=postgres: sessions in a table of PostgreSQL. */
import { Kysely, PostgresDialect } from 'kysely';
import { SqlStore } from 'nestjs-http-session/sql';
import { Pool } from 'pg';
import { Connection } from '../connection.js';
import { POSTGRES } from '../servers.js';

export async function connect(): Promise<Connection> {
  const pool = new Pool({ connectionString: POSTGRES.url });
  // A lost connection, idle or in use. Without a listener it would end the process.
  const warn = ({ message }: Error) => console.warn(`PostgreSQL: ${message}`);
  pool.on('error', warn);
  pool.on('connect', (client) => client.on('error', warn));
  const database = new Kysely({ dialect: new PostgresDialect({ pool }) });
  const store = new SqlStore(database, { table: 'sample_03_session', purgeInterval: false });
  await store.migrate();
  return new Connection(store, () => database.destroy());
}
