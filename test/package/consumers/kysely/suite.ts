/** `./sql` with Kysely, and no other driver: that of the database is found elsewhere. */
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';
import { SqlStore, type SqlStoreOptions } from 'nestjs-http-session/sql';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { logInAndOut } from '../shared/login.js';

const [project = ''] = process.argv.slice(2);
const Database = createRequire(project)('better-sqlite3') as new (file: string) => SqliteDatabase;
const options: SqlStoreOptions = { table: 'visits', purgeInterval: false };

void test('login, visits and logout', async () => {
  const kysely = new Kysely({ dialect: new SqliteDialect({ database: new Database(':memory:') }) });
  const store = new SqlStore(kysely, options);
  await store.migrate();
  await logInAndOut(store);
  await kysely.destroy();
});
