import { testSessionStore } from 'nestjs-http-session/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { describeWith } from '../support/backends.js';
import { DATABASES, SqlTable, OPENING_MS } from '../support/sql.databases.js';

for (const database of DATABASES) {
  await describeWith(database.needs, `SqlStore on ${database.name}`, () => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await SqlTable.create(database);
    }, OPENING_MS);
    afterAll(() => table.drop());

    testSessionStore({ describe, it }, () => table.emptyStore(), {
      shared: true,
      atomic: true,
      acknowledged: 'backend',
      createSecondStore: () => table.secondStore(),
    });
  });
}
