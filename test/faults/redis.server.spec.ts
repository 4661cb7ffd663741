/** What only a Redis does to its sessions: forgets scripts or everything, has no memory left, becomes a replica, holds something else. */
import { type HttpSessionManager, type SessionEvent, SessionManager } from 'nestjs-http-session';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PLATFORMS, type TestApp } from '../e2e/harness.js';
import { describeWith } from '../support/backends.js';
import { freePort } from '../support/servers/free.port.js';
import { RedisServer } from '../support/servers/redis.server.js';
import { startFaultsApp } from './faults.app.js';
import { Load } from './load/load.js';
import { REDIS_CLIENTS, RedisStage } from './stages/redis.stage.js';
import { useStage } from './stages/use.stage.js';

/** What was half written, or by others, where a session was. */
const FOREIGN: Readonly<Record<string, readonly string[][]>> = {
  'a text': [['DEL'], ['SET', 'text']],
  'a list': [['DEL'], ['RPUSH', 'text']],
  'a hash without its head': [['HDEL', '#']],
  'a hash without its times': [['HDEL', 'a']],
  'attributes only': [['HDEL', '#', 'n', 'c', 'a', 'v', 'o', 'p']],
  'a head that was cut off': [['HSET', '#', '[1,17']],
};

await describeWith(RedisServer, 'A RedisStore whose Redis', () => {
  const stageOf = useStage(() => RedisStage.start(REDIS_CLIENTS['node-redis, as its documentation here says']));
  const ask = (...command: string[]): Promise<unknown> => stageOf().server.ask(...command);

  describe.each(PLATFORMS)('(on %s)', (platform) => {
    const open = (): Promise<TestApp> => startFaultsApp(platform, stageOf().openStore(), { storeTimeout: '6s' });

    async function startLoad(): Promise<Load> {
      const load = await Load.start(await open());
      onTestFinished(() => load.stop());
      return load;
    }

    it('forgets its scripts again and again: nobody notices', async () => {
      const load = await startLoad();
      for (let times = 0; times < 10; times++) {
        await ask('SCRIPT', 'FLUSH');
        await load.served(1);
      }
      await load.end();
      expect(load.refusals).toBe(0);
    });

    it('has no memory left: reads and logouts succeed, writes are refused and leave nothing', async () => {
      const app = await open();
      const [client, leaving] = [app.client(), app.client()];
      for (const one of [client, leaving]) await one.post('/login');
      onTestFinished(async () => void (await ask('CONFIG', 'SET', 'maxmemory', '0')));
      await ask('CONFIG', 'SET', 'maxmemory', '1');
      const keys = await stageOf().keys();
      const stranger = app.client();
      expect(await stranger.post('/login')).toMatchObject({ status: 503, setCookies: [] });
      for (const path of ['/set/1', '/increment', '/rotate', '/login']) {
        expect(await client.post(path)).toMatchObject({ status: 503, setCookies: [] });
      }
      expect((await stageOf().keys()).toSorted()).toEqual(keys.toSorted());
      expect((await client.get('/read')).json()).toEqual({ count: 0 });
      expect((await leaving.post('/logout')).status).toBe(204);
      await ask('CONFIG', 'SET', 'maxmemory', '0');
      expect((await client.post('/set/2')).status).toBe(204);
      expect((await client.get('/read')).json()).toEqual({ count: 0, a2: 2, b2: 2 });
    });

    it('runs out of memory under load: nothing acknowledged is lost, nothing is half written', async () => {
      const load = await startLoad();
      onTestFinished(async () => void (await ask('CONFIG', 'SET', 'maxmemory', '0')));
      await ask('CONFIG', 'SET', 'maxmemory', '1');
      await load.refused();
      await ask('CONFIG', 'SET', 'maxmemory', '0');
      await load.served();
      await load.end();
    });

    it('becomes a replica: reads succeed, writes are refused until there is a master again', async () => {
      const app = await open();
      const client = app.client();
      await client.post('/login');
      onTestFinished(async () => void (await ask('REPLICAOF', 'NO', 'ONE')));
      await ask('REPLICAOF', '127.0.0.1', String(await freePort()));
      for (const path of ['/set/1', '/increment', '/rotate', '/login', '/logout']) {
        expect(await client.post(path)).toMatchObject({ status: 503, setCookies: [] });
      }
      expect((await client.get('/read')).json()).toEqual({ count: 0 });
      await ask('REPLICAOF', 'NO', 'ONE');
      expect((await client.post('/increment')).json()).toEqual({ count: 1 });
      expect(new Set(app.log.errors)).toEqual(new Set(['The session store failed (RedisFailure READONLY).']));
    });

    it('becomes a replica under load: nothing acknowledged is lost', async () => {
      const load = await startLoad();
      onTestFinished(async () => void (await ask('REPLICAOF', 'NO', 'ONE')));
      await ask('REPLICAOF', '127.0.0.1', String(await freePort()));
      await load.refused();
      await ask('REPLICAOF', 'NO', 'ONE');
      await load.served();
      await load.end();
    });

    it('loses everything: everybody is logged out, nothing fails, and who logs in again has a session', async () => {
      const app = await open();
      const clients = Array.from({ length: 20 }, () => app.client());
      await Promise.all(clients.map((client) => client.post('/login')));
      await ask('FLUSHALL');
      for (const path of ['/set/1', '/increment', '/rotate']) {
        const answers = await Promise.all(clients.map((client) => client.post(path)));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
      }
      expect(await stageOf().count()).toBe(0);
      await Promise.all(clients.map((client) => client.post('/login')));
      const answers = await Promise.all(clients.map((client) => client.get('/read')));
      expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"count":0}']));
      expect(app.log.errors).toEqual([]);
    });

    it.each(Object.entries(FOREIGN))(
      'holds %s where a session was: absent, told once, and left',
      async (_, commands) => {
        await ask('FLUSHALL');
        const app = await open();
        const client = app.client();
        await client.post('/login');
        const [key = ''] = await stageOf().keys();
        for (const [command = '', ...args] of commands) await ask(command, key, ...args);
        const before = await ask('DUMP', key);
        const events: SessionEvent[] = [];
        app.app.get<HttpSessionManager>(SessionManager).events.subscribe((event) => events.push(event));
        expect(await client.get('/read')).toMatchObject({ status: 401, setCookies: [] });
        expect(events).toEqual([{ type: 'undecodable', what: expect.stringMatching(/^a record \(it is \w+/) }]);
        expect(await client.post('/set/1')).toMatchObject({ status: 401, setCookies: [] });
        expect(await ask('DUMP', key)).toEqual(before);
        expect(await client.post('/login')).toMatchObject({ status: 204 });
        expect((await client.get('/read')).json()).toEqual({ count: 0 });
        expect(app.log.errors).toEqual([]);
      },
    );
  });
});
