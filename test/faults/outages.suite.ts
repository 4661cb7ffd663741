/** Backends that stop, die, freeze and lose connections under load, and come back. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Platform, TestApp } from '../e2e/harness.js';
import { until } from '../support/servers/until.js';
import { openFaultsApp, startFaultsApp } from './faults.app.js';
import { Load } from './load/load.js';
import type { Listeners, Stage } from './stages/stage.js';

/** Breaks something while the load goes on, and repairs it. */
type Outage = (stage: Stage, load: Load) => Promise<void>;

const OUTAGES: Readonly<Record<string, Outage>> = {
  'that is stopped and started again': async ({ server }, load) => {
    await server.stop();
    await load.refused();
    await server.restart();
  },
  'that is killed and started again': async ({ server }, load) => {
    await server.kill();
    await load.refused();
    await server.restart();
  },
  'that freezes and goes on': async ({ server }, load) => {
    server.freeze();
    await load.refused();
    server.thaw();
  },
  'that can’t be reached': async ({ proxy }, load) => {
    proxy.refuse();
    proxy.cut();
    await load.refused();
    await proxy.accept();
  },
  'whose connections are cut again and again': async ({ proxy }, load) => {
    for (let times = 0; times < 5; times++) {
      proxy.cut();
      await load.served(1);
    }
  },
  'that ends connections again and again': async (stage, load) => {
    for (let times = 0; times < 5; times++) {
      await stage.endConnections();
      await load.served(1);
    }
  },
};

/** That a machine is busy is no failure. */
const LIMIT_MS = 120_000;

/** Declares the tests. One application lives through all of them. */
export function testOutages(platform: Platform, start: () => Promise<Stage>): void {
  describe(`under load (${platform})`, () => {
    vi.setConfig({ testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS });
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    let stage: Stage;
    let app: TestApp;
    let listeners: Listeners;
    let timers: number;

    beforeAll(async () => {
      process.on('unhandledRejection', note).on('uncaughtException', note);
      timers = activeTimers();
      stage = await start();
      app = await openFaultsApp(platform, stage.openStore());
      await app.client().post('/login');
      listeners = stage.listeners();
    });

    afterAll(async () => {
      process.off('unhandledRejection', note).off('uncaughtException', note);
      await stage.dispose();
    });

    it.each(Object.entries(OUTAGES))(
      'a backend %s: all is answered in time, nothing acknowledged is lost, and all is served again',
      async (_name, outage) => {
        const load = await Load.start(app);
        onTestFinished(() => load.stop());
        await outage(stage, load);
        await load.served();
        await load.end();
      },
    );

    it('onStoreError: anonymous serves everybody without a session meanwhile, and with theirs again then', async () => {
      const forgiving = await startFaultsApp(platform, stage.openStore(), { onStoreError: 'anonymous' });
      const clients = Array.from({ length: 20 }, () => forgiving.client());
      const peek = async () => Promise.all(clients.map((client) => client.get('/peek')));
      await Promise.all(clients.map((client) => client.post('/login')));
      stage.server.freeze();
      for (const { status, text, setCookies } of await peek().finally(() => stage.server.thaw())) {
        expect({ status, text, setCookies }).toEqual({ status: 200, text: '{"attrs":null}', setCookies: [] });
      }
      await until('all have their sessions again', async () =>
        (await peek()).every(({ text }) => text === '{"attrs":{"count":0}}'),
      );
    });

    it('after all that, nothing has piled up, and nothing is left when the application ends', async () => {
      expect(stage.listeners()).toEqual(listeners);
      expect(stage.proxy.connections).toBeLessThanOrEqual(stage.maxConnections);
      await app.close();
      await stage.close();
      await until('all connections are closed', async () => stage.proxy.connections === 0);
      await until('no timer runs', async () => activeTimers() <= timers);
      expect(unhandled).toEqual([]);
    });
  });
}

/** Those that keep the process alive. */
function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}
