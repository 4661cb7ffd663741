/** A tiered store whose cache fails in every way: that costs speed, and nobody a refusal or an older state. */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { describeWith } from '../support/backends.js';
import { PostgresServer } from '../support/servers/postgres.server.js';
import { RedisServer } from '../support/servers/redis.server.js';
import { until } from '../support/servers/until.js';
import type { TestApp } from '../e2e/harness.js';
import { openFaultsApp } from './faults.app.js';
import { Load } from './load/load.js';
import { TieredStage } from './stages/tiered.stage.js';
import { useStage } from './stages/use.stage.js';

/** Breaks the cache while the load goes on, and repairs it. */
type Outage = (stage: TieredStage, load: Load) => Promise<void>;

const OUTAGES: Readonly<Record<string, Outage>> = {
  'is stopped and started again': async ({ server }, load) => {
    await server.stop();
    await load.served();
    await server.restart();
  },
  'is killed and started again': async ({ server }, load) => {
    await server.kill();
    await load.served();
    await server.restart();
  },
  'freezes and goes on': async ({ server }, load) => {
    server.freeze();
    await load.served();
    server.thaw();
  },
  'can’t be reached': async ({ proxy }, load) => {
    proxy.refuse();
    proxy.cut();
    await load.served();
    await proxy.accept();
  },
  'loses its connections again and again': async ({ proxy }, load) => {
    for (let times = 0; times < 5; times++) {
      proxy.cut();
      await load.served(1);
    }
  },
  'loses everything again and again': async ({ cache }, load) => {
    for (let times = 0; times < 10; times++) {
      await cache.server.ask('FLUSHALL');
      await load.served(1);
    }
  },
  'has no memory left': async ({ cache }, load) => {
    await cache.server.ask('CONFIG', 'SET', 'maxmemory', '1');
    await load.served();
    await cache.server.ask('CONFIG', 'SET', 'maxmemory', '0');
  },
};

await describeWith([RedisServer, PostgresServer], 'A TieredStore whose cache', () => {
  const stageOf = useStage(() => TieredStage.start('cache'));
  let app: TestApp;

  beforeAll(async () => {
    // A write that finds the cache gone takes half a second longer, once.
    app = await openFaultsApp('Express', stageOf().openStore(), { storeTimeout: '6s' });
  });

  afterAll(() => app.close());

  it.each(Object.entries(OUTAGES))(
    '%s, under load: nobody is refused, and what was written is seen',
    async (_, outage) => {
      const load = await Load.start(app);
      onTestFinished(() => load.stop());
      await outage(stageOf(), load);
      await load.served();
      await load.end();
      expect(load.refusals).toBe(0);
    },
  );

  it('failed serves copies again by itself', async () => {
    const client = app.client();
    await client.post('/login');
    const reads = stageOf().cache.proxy.record();
    await until('a session is read from a copy', async () => {
      await client.get('/read');
      return reads.textOf('replies').includes('count');
    });
    reads.stop();
  });
});
