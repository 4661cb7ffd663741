/** STORE=mariadb: sessions in a table of MariaDB or MySQL. */
import { Kysely, MysqlDialect } from 'kysely';
import { createPool } from 'mysql2';
import { SqlStore } from 'nestjs-http-session/sql';
import { Connection } from '../connection.js';
import { MARIADB } from '../servers.js';

export async function connect(): Promise<Connection> {
  const database = new Kysely({ dialect: new MysqlDialect({ pool: createPool(MARIADB.url) }) });
  const store = new SqlStore(database, { table: 'sample_03_session', purgeInterval: false });
  await store.migrate();
  return new Connection(store, () => database.destroy());
}
