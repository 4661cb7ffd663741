/** Sessions that this version of the library can't read: absent, reported, and still there for a version that can. */
import { type HttpSessionManager, type SessionEvent, SessionManager } from 'nestjs-http-session';
import { describe, expect, it } from 'vitest';
import type { Platform } from '../e2e/harness.js';
import { startFaultsApp } from './faults.app.js';
import type { Stage } from './stages/stage.js';

/** Declares the tests. */
export function testUndecodable(platform: Platform, stageOf: () => Stage): void {
  describe(`a rolling deploy (${platform})`, () => {
    it('a session that a newer version has written is absent here, reported, left alone, and whole for that version', async () => {
      const stage = stageOf();
      const app = await startFaultsApp(platform, stage.openStore());
      const manager = app.app.get<HttpSessionManager>(SessionManager);
      const events: SessionEvent[] = [];
      manager.events.subscribe((event) => events.push(event));
      const client = app.client();
      const before = await stage.count();
      await client.post('/login');
      await client.post('/set/1');

      await stage.setFormat(2);
      events.length = 0;
      expect(await client.get('/read')).toMatchObject({ status: 401, setCookies: [] });
      expect(events).toEqual([{ type: 'undecodable', what: 'a record (its format is 2)' }]);
      expect(app.log.warnings).toEqual([
        "Of a stored session a record (its format is 2) can't be read; it counts as absent.",
      ]);
      for (const path of ['/set/2', '/increment', '/rotate']) {
        expect(await client.post(path)).toMatchObject({ status: 401, setCookies: [] });
      }
      await manager.purge();
      expect(await stage.count()).toBe(before + 1);

      await stage.setFormat(1);
      expect((await client.get('/read')).json()).toEqual({ count: 0, a1: 1, b1: 1 });
      expect(app.log.errors).toEqual([]);
    });
  });
}
