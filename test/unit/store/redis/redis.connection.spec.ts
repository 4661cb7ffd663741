/** What happens between the store and Redis: replies that are lost, connections that fail, what is told of it, and what it costs. */
import { Redis } from 'ioredis';
import { createSession, HttpSessionManager, type Key } from 'nestjs-http-session/core';
import { RedisStore } from 'nestjs-http-session/redis';
import { createExchange } from 'nestjs-http-session/testing';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Backend, describeWith } from '../../../support/backends.js';
import { type OpenClient, SINGLE_CLIENTS } from '../../../support/redis.clients.js';
import { freePort } from '../../../support/servers/free.port.js';
import { RedisServer } from '../../../support/servers/redis.server.js';
import { TcpProxy } from '../../../support/tcp.proxy.js';
import { recordOf } from '../../fixtures/record.js';
import { StoreAndRedis } from './redis.fixture.js';

const MINUTE = 60_000;
const NOW = Date.now();
const SECRET = 'hunter2';

let count = 0;
const newKey = (): Key => `abcd.${SECRET}${++count}`;
/** Of a principal's session, one for each. */
const newListedKey = (): Key => `${String(++count).padStart(12, 'p')}.digest`;
const newOp = () => `op${++count}`;
const newRecord = () => recordOf({ created: NOW, accessed: NOW, timeout: 30 * MINUTE });
const setting = (name: string, text: string) => ({ set: new Map([[name, text]]), unset: [], op: newOp() });
const renaming = () => ({ op: newOp(), now: NOW, forwardUntil: NOW + MINUTE, graceUntil: 0 });

await describeWith(Backend.REDIS, 'Between a RedisStore and Redis,', () => {
  let redis: StoreAndRedis;
  let proxy: TcpProxy;

  beforeAll(async () => {
    redis = await StoreAndRedis.open(Backend.REDIS.url);
  });

  afterAll(() => redis.close());

  beforeEach(async () => {
    proxy = await TcpProxy.start(Backend.REDIS.url);
  });

  afterEach(() => proxy.close());

  async function keep(): Promise<Key> {
    const key = newKey();
    await redis.store.add(key, newRecord(), { op: newOp() });
    return key;
  }

  describe('a write that ioredis sends again, since its reply was lost,', () => {
    let client: Redis;
    let store: RedisStore;

    beforeEach(async () => {
      client = new Redis(proxy.url, { retryStrategy: () => 10, maxRetriesPerRequest: null }).on(
        'error',
        () => undefined,
      );
      store = new RedisStore(client, { keyPrefix: redis.prefix });
      await client.ping();
    });

    afterEach(() => client.disconnect());

    /** A server that has just started asks for a script's text first: then a lost reply is none of the write's. */
    beforeAll(async () => {
      const key = await keep();
      await redis.store.change(key, setting('count', '1'), NOW);
      await redis.store.rename(key, newKey(), renaming());
      await redis.store.touch(key, NOW);
      await redis.store.remove(key);
      await redis.store.add(newListedKey(), newRecord(), { op: newOp() });
      await redis.store.removeAll('nobody', NOW);
    });

    /** Makes a call whose reply is lost; meanwhile there are others; then the client sends it again. */
    async function sentTwice<T>(call: () => Promise<T>, meanwhile: () => Promise<unknown>): Promise<T> {
      const lost = proxy.loseReply(/evalsha/i);
      const answer = call();
      await lost;
      proxy.refuse();
      await meanwhile();
      await proxy.accept();
      return answer;
    }

    it('adds a principal’s session once, whatever limit it meets the second time', async () => {
      for (const onMax of ['refuse', 'remove-oldest'] as const) {
        const key = newListedKey();
        const [tag = ''] = key.split('.');
        const options = { op: newOp(), limit: { max: 1, onMax } };
        const add = async () => store.add(key, { ...newRecord(), principal: 'ann' }, options);
        expect(await sentTwice(add, async () => undefined)).toBe('added');
        expect((await redis.store.list(tag, NOW)).map((one) => one.key)).toEqual([key]);
      }
    });

    it('renames a principal’s session once, and revokes all for good', async () => {
      const key = newListedKey();
      const [tag = ''] = key.split('.');
      const to = `${tag}.to`;
      await redis.store.add(key, { ...newRecord(), principal: 'ann' }, { op: newOp() });
      const rename = async () => store.rename(key, to, renaming());
      expect(await sentTwice(rename, async () => undefined)).toBe('done');
      expect(await redis.store.get(to, NOW)).toHaveProperty('record');
      const revoke = async () => store.removeAll(tag, NOW);
      await sentTwice(revoke, async () => undefined);
      expect(await redis.store.get(to, NOW)).toBeUndefined();
    });

    async function sevenChanges(key: Key): Promise<void> {
      for (let index = 1; index <= 7; index++) await redis.store.change(key, setting('other', String(index)), NOW);
    }

    it('changes once, whatever came in between', async () => {
      const key = await keep();
      const change = async () => store.change(key, setting('count', '2'), NOW);
      expect(await sentTwice(change, () => sevenChanges(key))).toEqual({ version: 9 });
      const update = async () => store.change(key, { ...setting('count', '3'), ifVersion: 9 }, NOW);
      expect(await sentTwice(update, () => sevenChanges(key))).toEqual({ version: 17 });
    });

    it('adds once, and takes nothing back of what came in between', async () => {
      const [key, replaced] = [newKey(), await keep()];
      const add = async () => store.add(key, newRecord(), { op: newOp(), replaces: replaced });
      expect(await sentTwice(add, () => sevenChanges(key))).toBe('added');
      expect(await redis.store.get(key, NOW)).toMatchObject({ record: { version: 8 } });
      expect(await redis.store.get(replaced, NOW)).toBeUndefined();
    });

    it('renames once, also if another rotation came in between', async () => {
      const [key, to, next] = [await keep(), newKey(), newKey()];
      const rename = async () => store.rename(key, to, renaming());
      expect(await sentTwice(rename, () => redis.store.rename(to, next, renaming()))).toBe('done');
      expect(await redis.store.get(to, NOW)).toMatchObject({ successor: next });
      expect(await redis.store.get(next, NOW)).toHaveProperty('record');
    });

    it('removes, and brings nothing back', async () => {
      const key = await keep();
      await sentTwice(
        async () => store.remove(key),
        async () => undefined,
      );
      expect(await redis.hash(key)).toEqual({});
      await sentTwice(
        async () => store.touch(key, NOW),
        async () => undefined,
      );
      expect(await redis.hash(key)).toEqual({});
    });
  });

  describe.each(['node-redis', 'ioredis', 'iovalkey'] as const)('%s', (library) => {
    it('sends calls of one moment together', async () => {
      const opened = await SINGLE_CLIENTS[library]([proxy.url]);
      const store = new RedisStore(opened.client, { keyPrefix: redis.prefix });
      const keys = await Promise.all(Array.from({ length: 100 }, keep));
      const touch = () => Promise.all(keys.map((key) => store.touch(key, NOW)));
      await touch();
      const recording = proxy.record();
      await touch();
      await Promise.all(keys.map((key) => store.get(key, NOW)));
      recording.stop();
      opened.close();
      expect(recording.textOf('requests').match(/evalsha|hgetall/gi)).toHaveLength(200);
      expect(recording.piecesOf('requests').length).toBeLessThan(20);
    });

    it('asks for a principal’s list and session at the same time, and for nobody’s list', async () => {
      const opened = await SINGLE_CLIENTS[library]([proxy.url]);
      const store = new RedisStore(opened.client, { keyPrefix: redis.prefix });
      const [key, other] = [newListedKey(), await keep()];
      await store.add(key, { ...newRecord(), principal: 'ann' }, { op: newOp() });
      for (const [asked, commands] of [
        [key, ['zscore', 'hgetall']],
        [other, ['hgetall']],
        [newListedKey(), ['zscore', 'hgetall']],
      ] as const) {
        const recording = proxy.record();
        await store.get(asked, NOW);
        recording.stop();
        expect(recording.piecesOf('requests')).toHaveLength(1);
        const sent = recording.textOf('requests').toLowerCase();
        expect(sent.match(/zscore|hgetall|evalsha/g)).toEqual(commands);
      }
      opened.close();
    });
  });
});

await describeWith(RedisServer, 'What a RedisStore tells', () => {
  let server: RedisServer;
  const opened: OpenClient[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterEach(async () => {
    for (const client of opened.splice(0)) client.close();
    await server.ask('ACL', 'SETUSER', 'default', '+@all');
    await server.ask('CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
    await server.ask('REPLICAOF', 'NO', 'ONE');
  });

  afterAll(() => server.dispose());

  async function open(library: 'node-redis' | 'ioredis'): Promise<RedisStore> {
    const client = await SINGLE_CLIENTS[library]([server.url]);
    opened.push(client);
    return new RedisStore(client.client);
  }

  describe.each(['node-redis', 'ioredis'] as const)('of failures, by %s,', (library) => {
    async function expectFailure(call: Promise<unknown>, code: string): Promise<void> {
      const error: unknown = await call.then(
        () => new Error('no failure'),
        (failure: unknown) => failure,
      );
      expect(error).toMatchObject({ name: 'RedisFailure', code });
      expect(error).not.toHaveProperty('cause');
      expect(JSON.stringify({ ...(error as object), text: (error as Error).message })).not.toContain(SECRET);
    }

    it('is Redis’s own word for them, and nothing else', async () => {
      const store = await open(library);
      const key = newKey();
      await store.add(key, newRecord(), { op: newOp() });
      await server.ask('REPLICAOF', '127.0.0.1', String(await freePort()));
      await expectFailure(store.change(key, setting(SECRET, SECRET), NOW), 'READONLY');
      await expectFailure(store.add(newKey(), newRecord(), { op: newOp() }), 'READONLY');
      await expectFailure(store.rename(key, newKey(), renaming()), 'READONLY');
      await expectFailure(store.remove(key), 'READONLY');
      await server.ask('ACL', 'SETUSER', 'default', '-evalsha', '-hgetall');
      await expectFailure(store.get(key, NOW), 'NOPERM');
      await expectFailure(store.touch(key, NOW), 'NOPERM');
    });

    it('is what their manager logs', async () => {
      const store = await open(library);
      await server.ask('CONFIG', 'SET', 'maxmemory', '1');
      const errors: unknown[] = [];
      const logger = { debug: () => undefined, warn: () => undefined, error: (text: unknown) => errors.push(text) };
      const manager = new HttpSessionManager({ store, logger });
      const adding = manager.add(createSession({ attrs: { [SECRET]: SECRET } }), createExchange().response);
      await expect(adding).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect(errors).toEqual(['The session store failed (RedisFailure OOM).']);
      await manager.close();
    });
  });

  it('of a client that was never connected is the client’s own class', async () => {
    const store = new RedisStore(createClient());
    await expect(store.get(newKey(), NOW)).rejects.toMatchObject({ code: 'ClientClosedError' });
  });

  it('of a client that was never connected is told at the start already', async () => {
    const warned = new Promise((warn) => {
      new RedisStore(createClient()).start({ debug: () => undefined, error: () => undefined, warn });
    });
    expect(await warned).toMatch(/not connected: await its connect\(\)/);
  });

  it('of a server that isn’t there is the client’s or the system’s code', async () => {
    const client = new Redis({ port: await freePort(), maxRetriesPerRequest: 0 }).on('error', () => undefined);
    await expect(new RedisStore(client).get(newKey(), NOW)).rejects.toMatchObject({
      code: 'MaxRetriesPerRequestError',
    });
    client.disconnect();
  });

  describe.each(['node-redis', 'ioredis'] as const)('of eviction, by %s,', (library) => {
    /** What a store on a server with such settings warns of. */
    async function warningsOf(maxmemory: string, policy: string): Promise<string[]> {
      await server.ask('CONFIG', 'SET', 'maxmemory', maxmemory, 'maxmemory-policy', policy);
      return warningsOfStore(await open(library));
    }

    async function warningsOfStore(store: RedisStore): Promise<string[]> {
      const warnings: string[] = [];
      const logger = { debug: () => undefined, warn: (text: string) => warnings.push(text), error: () => undefined };
      store.start(logger);
      store.start(logger);
      // Replies come in the order of calls.
      await store.get(newKey(), NOW);
      return warnings;
    }

    it.each(['allkeys-lru', 'volatile-lru', 'volatile-ttl'])(
      'is one warning, if %s may end sessions',
      async (policy) => {
        expect(await warningsOf('100mb', policy)).toEqual([
          expect.stringMatching(new RegExp(`maxmemory-policy is ${policy}.*noeviction`)),
        ]);
      },
    );

    it('is nothing, if Redis refuses what doesn’t fit', async () => {
      expect(await warningsOf('100mb', 'noeviction')).toEqual([]);
    });

    it('is nothing, if its memory has no limit', async () => {
      expect(await warningsOf('0', 'allkeys-lru')).toEqual([]);
    });

    it('is nothing, if it may not be asked', async () => {
      await server.ask('CONFIG', 'SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
      const store = await open(library);
      await store.get(newKey(), NOW);
      await server.ask('ACL', 'SETUSER', 'default', '-info');
      expect(await warningsOfStore(store)).toEqual([]);
    });
  });
});
