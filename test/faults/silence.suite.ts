/** Connections on which nothing arrives any more, as when a firewall has forgotten them: nobody is told, and no end comes. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Platform } from '../e2e/harness.js';
import { startFaultsApp } from './faults.app.js';
import type { Stage } from './stages/stage.js';

const LIMIT = { timeout: 15_000, interval: 50 };

/** Declares the tests, for clients with several connections. */
export function testSilence(platform: Platform, stageOf: () => Stage): void {
  describe(`a connection that has gone silent (${platform})`, () => {
    it('costs the request that used it, and none of those that have another one', async () => {
      const stage = stageOf();
      const { proxy } = stage;
      const app = await startFaultsApp(platform, stage.openStore());
      const client = app.client();
      await client.post('/login');
      await client.get('/read');
      proxy.swallow('requests');
      try {
        // A copy may do for a moment.
        await vi.waitFor(async () => expect((await client.get('/read')).status).toBe(503), LIMIT);
      } finally {
        proxy.pass('requests');
      }
      // What is silent stays so.
      onTestFinished(() => proxy.cut());
      await vi.waitFor(async () => expect((await client.get('/read')).json()).toEqual({ count: 0 }), LIMIT);
    });
  });
}
