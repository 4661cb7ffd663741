/** Connections that the database ends in the middle of a statement: it is undone, and later ones have another connection. */
import { describe, expect, it } from 'vitest';
import type { Platform } from '../e2e/harness.js';
import { startFaultsApp } from './faults.app.js';
import { readPatiently } from './load/load.client.js';
import type { SqlStage } from './stages/sql.stage.js';

/** Declares the tests. */
export function testTermination(platform: Platform, stageOf: () => SqlStage): void {
  describe(`a connection that an administrator ends (${platform})`, () => {
    it.each(['/set/1', '/increment', '/rotate', '/login', '/logout'])(
      'in the middle of what %s writes: refused, undone, and served again',
      async (path) => {
        const stage = stageOf();
        const app = await startFaultsApp(platform, stage.openStore(), { storeTimeout: '30s' });
        const client = app.client();
        await client.post('/login');
        const before = await stage.count();
        await stage.whileLocked(async (endWaiting) => {
          const answered = client.post(path);
          await endWaiting();
          expect(await answered).toMatchObject({ status: 503, setCookies: [] });
        });
        expect(await stage.count()).toBe(before);
        // Drivers may hand the connection out once more before they hear that it has ended.
        expect((await readPatiently(client)).json()).toEqual({ count: 0 });
        expect([200, 204]).toContain((await client.post(path)).status);
      },
    );
  });
}
