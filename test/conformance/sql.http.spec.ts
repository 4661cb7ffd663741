import { afterAll, beforeAll, vi } from 'vitest';
import { describeWith } from '../support/backends.js';
import { DATABASES, OPENING_MS, PGLITE, SqlTable } from '../support/sql.databases.js';
import { testSessionsOverHttp } from './http.suite.js';

// A thousand updates are thousands of round trips: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000 });

/** PGlite answers as PostgreSQL does: the kit has shown that. */
for (const database of DATABASES.filter((one) => one !== PGLITE)) {
  await describeWith(database.needs, `SqlStore on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());

    testSessionsOverHttp(`SqlStore on ${database.name}`, () => table.emptyStore());
  });
}
