/** STORE=sqlite: sessions in a file, for the processes of one machine. */
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { SqlStore } from 'nestjs-http-session/sql';
import { fileURLToPath } from 'node:url';
import { Connection } from '../connection.js';

const { SQLITE_FILE = fileURLToPath(new URL('../sessions.sqlite', import.meta.url)) } = process.env;

export async function connect(): Promise<Connection> {
  // SQLite waits for a lock by blocking the whole process: not for long, the store tries again without blocking.
  const file = new Database(SQLITE_FILE, { timeout: 50 });
  // Readers don't wait for the writer.
  file.pragma('journal_mode = WAL');
  const database = new Kysely({ dialect: new SqliteDialect({ database: file }) });
  const store = new SqlStore(database, { table: 'sample_03_session', purgeInterval: false });
  await store.migrate();
  return new Connection(store, () => database.destroy());
}
