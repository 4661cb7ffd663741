/** What the scripts promise beyond the contract: nothing half done, nothing but their keys, and time to live that only grows. */
import type { Key } from 'nestjs-http-session/core';
import { type RedisClient, RedisStore } from 'nestjs-http-session/redis';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { describeWith } from '../../../support/backends.js';
import { CLUSTER_CLIENTS, type OpenClient, type OpensClient, SINGLE_CLIENTS } from '../../../support/redis.clients.js';
import { RedisCluster } from '../../../support/servers/redis.cluster.js';
import { RedisServer } from '../../../support/servers/redis.server.js';
import { until } from '../../../support/servers/until.js';
import { recordOf } from '../../fixtures/record.js';
import { StoreAndRedis } from './redis.fixture.js';

const MINUTE = 60_000;
const NOW = Date.now();
/** What a machine may need between a call and the look at its trace. */
const AMPLE = 10_000;

let count = 0;
const newKey = (): Key => `abcd.${++count}`;
/** Of a principal's session. */
const newListedKey = (tag = 'principal-of'): Key => `${tag}.${++count}`;
const newOp = () => `op${++count}`;
const newRecord = (attrs: readonly [string, string][] = []) =>
  recordOf({ created: NOW, accessed: NOW, timeout: 30 * MINUTE, ends: NOW + 90 * MINUTE, attrs: new Map(attrs) });
const newListedRecord = () => ({ ...newRecord(), principal: 'ann' });
const setting = (name: string, text: string) => ({ set: new Map([[name, text]]), unset: [], op: newOp() });
const renaming = () => ({ op: newOp(), now: NOW, forwardUntil: NOW + MINUTE, graceUntil: 0 });

await describeWith(RedisServer, 'The scripts of a RedisStore', () => {
  let server: RedisServer;
  let redis: StoreAndRedis;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = await StoreAndRedis.open(server.url);
  });

  afterAll(async () => {
    await redis.close();
    await server.dispose();
  });

  async function keep(attrs?: readonly [string, string][]): Promise<Key> {
    const key = newKey();
    expect(await redis.store.add(key, newRecord(attrs), { op: newOp() })).toBe('added');
    return key;
  }

  describe('let Redis keep a session', () => {
    const timeToLive = async (key: Key) => Number(await redis.ask('PTTL', redis.placeOf(key)));

    async function expectTimeToLive(key: Key, expected: number): Promise<void> {
      const millis = await timeToLive(key);
      expect(millis).toBeLessThanOrEqual(expected);
      expect(millis).toBeGreaterThan(expected - AMPLE);
    }

    it('until a minute after its deadline, from the start and after each access', async () => {
      const key = await keep();
      await expectTimeToLive(key, 31 * MINUTE);
      await redis.ask('PEXPIRE', redis.placeOf(key), '1000');
      await redis.store.touch(key, NOW + MINUTE);
      await expectTimeToLive(key, 31 * MINUTE);
      await redis.ask('PEXPIRE', redis.placeOf(key), '1000');
      await redis.store.change(key, setting('count', '2'), NOW + 2 * MINUTE);
      await expectTimeToLive(key, 31 * MINUTE);
    });

    it('no longer than a minute after its absolute deadline', async () => {
      const key = await keep();
      for (const minutes of [29, 58, 87]) await redis.store.touch(key, NOW + minutes * MINUTE);
      await redis.ask('PEXPIRE', redis.placeOf(key), '1000');
      await redis.store.touch(key, NOW + 88 * MINUTE);
      await expectTimeToLive(key, 3 * MINUTE);
    });

    it('as long as before, when a process whose clock is ahead comes by', async () => {
      const key = await keep();
      await redis.store.touch(key, NOW + 29 * MINUTE);
      await expectTimeToLive(key, 31 * MINUTE);
      for (const minutes of [58, 87]) await redis.store.touch(key, NOW + minutes * MINUTE);
      await redis.store.change(key, setting('count', '2'), NOW + 89 * MINUTE);
      await expectTimeToLive(key, 31 * MINUTE);
    });

    it('under its new key as long as under the old one, and the forward a minute longer than it forwards', async () => {
      const key = await keep();
      const to = newKey();
      await redis.store.rename(key, to, renaming());
      await expectTimeToLive(to, 31 * MINUTE);
      await expectTimeToLive(key, 2 * MINUTE);
    });

    it('and forgets it by itself', async () => {
      const key = await keep();
      await redis.ask('PEXPIRE', redis.placeOf(key), '0');
      expect(await redis.store.get(key, NOW)).toBeUndefined();
    });
  });

  describe('do all or nothing', () => {
    afterEach(() => redis.ask('CONFIG', 'SET', 'maxmemory', '0'));

    it('when Redis is out of memory: what it refuses leaves no trace, and it still reads and removes', async () => {
      const { store } = redis;
      const key = await keep([
        ['stays', '1'],
        ['goes', '2'],
      ]);
      const before = await redis.hash(key);
      const other = newKey();
      await redis.ask('CONFIG', 'SET', 'maxmemory', '1');
      const refused = expect.objectContaining({ name: 'RedisFailure', code: 'OOM' });
      await expect(store.add(other, newRecord(), { op: newOp(), replaces: key })).rejects.toEqual(refused);
      const delta = { set: new Map([['stays', '3']]), unset: ['goes'], op: newOp() };
      await expect(store.change(key, delta, NOW + MINUTE)).rejects.toEqual(refused);
      await expect(store.change(key, { ...delta, set: new Map() }, NOW + MINUTE)).rejects.toEqual(refused);
      await expect(store.rename(key, other, renaming())).rejects.toEqual(refused);
      expect(await redis.hash(other)).toEqual({});
      expect(await redis.hash(key)).toEqual(before);
      expect(await store.get(key, NOW)).toHaveProperty('record');
      expect(await store.remove(key)).toBe(true);
    });
  });

  it('do all or nothing for principals, when Redis is out of memory: lists and logouts go on', async () => {
    const { store } = redis;
    const [key, other] = [newListedKey(), newListedKey()];
    for (const one of [key, other]) await store.add(one, newListedRecord(), { op: newOp() });
    const index = redis.placeOf('principal-of.i');
    const before = [await redis.hash(key), await redis.ask('DUMP', index)];
    onTestFinished(async () => void (await redis.ask('CONFIG', 'SET', 'maxmemory', '0')));
    await redis.ask('CONFIG', 'SET', 'maxmemory', '1');
    const refused = expect.objectContaining({ name: 'RedisFailure', code: 'OOM' });
    const limit = { max: 2, onMax: 'remove-oldest' } as const;
    for (const options of [{}, { replaces: key }, { limit }, { replaces: key, limit }]) {
      const added = newListedKey();
      await expect(store.add(added, newListedRecord(), { op: newOp(), ...options })).rejects.toEqual(refused);
      expect(await redis.hash(added)).toEqual({});
    }
    await expect(store.touch(key, NOW + MINUTE)).rejects.toEqual(refused);
    await expect(store.change(key, setting('count', '2'), NOW + MINUTE)).rejects.toEqual(refused);
    await expect(store.rename(key, newListedKey(), renaming())).rejects.toEqual(refused);
    expect([await redis.hash(key), await redis.ask('DUMP', index)]).toEqual(before);
    expect(await store.list('principal-of', NOW)).toHaveLength(2);
    expect(await store.removeAll('principal-of', NOW, key)).toBe(1);
    expect(await store.get(key, NOW)).toHaveProperty('record');
    expect(await store.removeAll('principal-of', NOW)).toBe(1);
    expect(await store.get(key, NOW)).toBeUndefined();
  });

  it('take more attributes than Lua’s stack does', async () => {
    const attrs = Array.from({ length: 10_000 }, (_, index): [string, string] => [`added-${index}`, String(index)]);
    const key = await keep(attrs);
    const set = new Map(attrs.map(([name, text]) => [`set ${name}`, text]));
    const delta = { set, unset: attrs.map(([name]) => name), op: newOp() };
    expect(await redis.store.change(key, delta, NOW)).toEqual({ version: 2 });
    expect(await redis.store.get(key, NOW)).toMatchObject({ record: { attrs: set } });
  });

  it('keep a thousand copies and tickets of one tag at most, however many unknown keys are asked for', async () => {
    const { copies } = redis.store;
    const place = redis.placeOf('tickets.copies');
    const asked: unknown[] = [];
    const sizes: Promise<unknown>[] = [];
    await copies.take('tickets.first', 'ticket', NOW);
    for (let index = 0; index < 2_500; index++) {
      asked.push(copies.take(`tickets.${index}`, 'ticket', NOW));
      sizes.push(redis.ask('HLEN', place));
    }
    expect(new Set(await Promise.all(asked))).toEqual(new Set([undefined]));
    expect(Math.max(...(await Promise.all(sizes)).map(Number))).toBe(1_000);
    const copy = { record: newRecord(), trustedUntil: NOW + MINUTE };
    await copies.fill('tickets.2499', 'ticket', copy, NOW);
    expect(await copies.take('tickets.2499', 'other', NOW)).toEqual(copy);
  });

  it('touch no key that they don’t declare, or that doesn’t begin like an index that they do', async () => {
    const lines: string[] = [];
    const monitor = createClient({ url: server.url });
    await monitor.connect();
    await monitor.monitor((line) => void lines.push(String(line)));
    const { store } = redis;
    const [key, replaced] = [await keep(), await keep()];
    const [second, third] = [newKey(), newKey()];
    await store.touch(key, NOW + MINUTE);
    await store.change(key, setting('count', '2'), NOW);
    await store.change(key, { ...setting('count', '3'), ifVersion: 1 }, NOW);
    await store.rename(key, second, renaming());
    await store.add(third, newRecord(), { op: newOp(), replaces: replaced });
    await store.copies.take(key, 'ticket', NOW);
    await store.copies.fill(key, 'ticket', { record: newRecord(), trustedUntil: NOW + MINUTE }, NOW);
    await store.remove(key);
    const [listed, renamed] = [newListedKey('of-principal'), newListedKey('of-principal')];
    const limit = { max: 1, onMax: 'remove-oldest' } as const;
    await store.add(listed, newListedRecord(), { op: newOp(), limit });
    await store.touch(listed, NOW + MINUTE);
    await store.change(listed, setting('count', '2'), NOW);
    await store.rename(listed, renamed, renaming());
    await store.add(newListedKey('of-principal'), newListedRecord(), { op: newOp(), limit, replaces: listed });
    await store.add(newListedKey('of-principal'), newListedRecord(), { op: newOp(), limit, replaces: second });
    const last = newListedKey('of-principal');
    await store.add(last, newListedRecord(), { op: newOp() });
    await store.removeAll('of-principal', NOW, last);
    await store.add(newKey(), newRecord(), { op: newOp(), replaces: last });
    await store.removeAll('of-principal', NOW);
    await redis.ask('PING', 'the end');
    await expect.poll(() => lines.some((line) => line.includes('the end'))).toBe(true);
    monitor.destroy();
    let declared: string[] = [];
    let inScripts = 0;
    let besideIndexes = 0;
    for (const line of lines) {
      const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word);
      if (!line.includes(' lua]')) declared = words.slice(3, 3 + Number(words[2]));
      else if (words[1] !== undefined) {
        inScripts++;
        const beside = declared.filter((key) => key.endsWith('}:i')).map((key) => key.slice(0, -1));
        if (beside.some((prefix) => words[1]?.startsWith(prefix))) besideIndexes++;
        else expect(declared, line).toContain(words[1]);
      }
    }
    expect(inScripts).toBeGreaterThan(20);
    expect(besideIndexes).toBeGreaterThan(20);
  });
});

async function expectToLearn(client: RedisClient, flush: () => Promise<unknown>): Promise<void> {
  const store = new RedisStore(client);
  // Of different tags, so that each node of a cluster has some.
  const tags = Array.from({ length: 30 }, (_, index) =>
    index % 2 === 0 ? `t${index + 100}` : `principal${index + 100}`,
  );
  const keys = tags.map((tag) => `${tag}.${++count}`);
  await Promise.all(keys.map((key) => store.add(key, newRecord(), { op: newOp() })));
  for (let round = 1; round <= 5; round++) {
    const changes = keys.map((key) => store.change(key, setting('count', String(round)), NOW));
    // Between requests that are on their way.
    const [, ...changed] = await Promise.all([flush(), ...changes]);
    expect(changed).toEqual(keys.map(() => ({ version: 1 + round })));
    await flush();
    expect(await Promise.all(keys.map((key) => store.touch(key, NOW)))).toEqual(keys.map(() => true));
  }
  const principals = tags.filter((tag) => tag.startsWith('principal'));
  const [, ...removed] = await Promise.all([flush(), ...principals.map((tag) => store.removeAll(tag, NOW))]);
  expect(removed).toEqual(principals.map(() => 1));
  expect(await Promise.all(keys.map((key) => store.remove(key)))).toEqual(tags.map((tag) => tag.startsWith('t')));
}

await describeWith(RedisServer, 'A server that forgets the scripts under load learns them again', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(() => server.dispose());

  it.each(Object.entries(SINGLE_CLIENTS))('by %s', async (_name, open) => {
    await using opened = await openFor(open, [server.url]);
    await expectToLearn(opened.client, () => server.ask('SCRIPT', 'FLUSH'));
  });
});

await describeWith(RedisServer, 'A cluster of one node, behind a client for a single server,', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start({ 'cluster-enabled': 'yes' });
    await server.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until('the cluster is complete', async () =>
      String(await server.ask('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
  });

  afterAll(() => server.dispose());

  it.each(['node-redis', 'ioredis', 'iovalkey'] as const)(
    'takes logins over sessions, and refuses no more than the first one’s step, by %s',
    async (library) => {
      await server.ask('CONFIG', 'RESETSTAT');
      await using opened = await openFor(SINGLE_CLIENTS[library], [server.url]);
      const store = new RedisStore(opened.client);
      for (let login = 0; login < 3; login++) {
        const [old, rotated, key] = [`old.${++count}`, `old.${++count}`, `new.${++count}`];
        await store.add(old, newRecord(), { op: newOp() });
        await store.rename(old, rotated, renaming());
        expect(await store.add(key, newRecord(), { op: newOp(), replaces: old })).toBe('added');
        expect(await store.get(key, NOW)).toHaveProperty('record');
        expect(await store.get(rotated, NOW)).toBeUndefined();
      }
      expect(await server.ask('INFO', 'errorstats')).toMatch(/^errorstat_CROSSSLOT:count=1\r?$/m);
    },
  );

  it('takes a login over a session as added only if there is none under its key', async () => {
    await using opened = await openFor(SINGLE_CLIENTS['node-redis'], [server.url]);
    const store = new RedisStore(opened.client);
    const [old, taken] = [`old.${++count}`, `new.${++count}`];
    for (const key of [old, taken]) await store.add(key, newRecord(), { op: newOp() });
    expect(await store.add(taken, newRecord(), { op: newOp(), replaces: old })).toBe('exists');
    expect(await store.get(old, NOW)).toHaveProperty('record');
  });
});

await describeWith(RedisCluster, 'A cluster', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicas: 1 });
  });

  afterAll(() => cluster.dispose());

  it.each(Object.entries(CLUSTER_CLIENTS))(
    'whose nodes forget the scripts learns them again, by %s',
    async (_name, open) => {
      await using opened = await openFor(open, cluster.urls);
      const flush = () => Promise.all(cluster.masters.map((node) => node.ask('SCRIPT', 'FLUSH')));
      await expectToLearn(opened.client, flush);
    },
  );

  it.each(Object.entries(CLUSTER_CLIENTS))('may be resharded under sessions in use, by %s', async (_name, open) => {
    await using opened = await openFor(open, cluster.urls);
    const store = new RedisStore(opened.client);
    const key = newKey();
    await store.add(key, newRecord(), { op: newOp() });
    const slot = await cluster.slotOf('abcd');
    const owner = await cluster.ownerOf(slot);
    const other = cluster.masters.find((node) => node !== owner) ?? owner;
    await cluster.moveSlot(slot, other, async () => {
      expect(await store.get(key, NOW)).toHaveProperty('record');
      expect(await store.change(key, setting('count', '2'), NOW)).toEqual({ version: 2 });
      expect(await store.touch(key, NOW)).toBe(true);
    });
    expect(await store.change(key, setting('count', '3'), NOW)).toEqual({ version: 3 });
    expect(await store.rename(key, newKey(), renaming())).toBe('done');
    expect(await store.remove(key)).toBe(true);
  });

  it.each(Object.entries(CLUSTER_CLIENTS))(
    'may be moving a principal’s sessions to another node just now: writes wait for it, by %s',
    async (_name, open) => {
      await using opened = await openFor(open, cluster.urls);
      const store = new RedisStore(opened.client);
      const tag = `moving${String(++count).padStart(6, '0')}`;
      const keys = [newListedKey(tag), newListedKey(tag)] as const;
      for (const key of keys) await store.add(key, newListedRecord(), { op: newOp() });
      const slot = await cluster.slotOf(tag);
      const from = await cluster.ownerOf(slot);
      const to = cluster.masters.find((node) => node !== from) ?? from;
      let writes: Promise<unknown> | undefined;
      const halfway = async () => {
        for (const key of keys) expect(await store.get(key, NOW)).toHaveProperty('record');
      };
      await cluster.moveSlot(slot, to, halfway, async () => {
        await halfway();
        writes = Promise.all([
          store.change(keys[0], setting('count', '2'), NOW),
          store.touch(keys[1], NOW),
          store.add(newListedKey(tag), newListedRecord(), { op: newOp() }),
        ]);
        await Promise.race([writes, sleep(100)]);
      });
      expect(await writes).toEqual([{ version: 2 }, true, 'added']);
      expect(await store.removeAll(tag, NOW)).toBe(3);
    },
  );

  it('has everything of a principal at one node', async () => {
    await using opened = await openFor(CLUSTER_CLIENTS['node-redis'], cluster.urls);
    const store = new RedisStore(opened.client, { keyPrefix: 'together:' });
    const key = newListedKey();
    await store.add(key, newListedRecord(), { op: newOp() });
    await store.add(newListedKey(), newListedRecord(), { op: newOp() });
    await store.rename(key, newListedKey(), renaming());
    await store.copies.take(key, 'ticket', NOW);
    const slot = await cluster.slotOf('principal-of');
    const owner = await cluster.ownerOf(slot);
    const places = (await owner.ask('KEYS', 'together:*')) as string[];
    expect(places).toHaveLength(5);
    expect(new Set(await Promise.all(places.map((place) => cluster.slotOf(place))))).toEqual(new Set([slot]));
  });

  it('is asked at its masters only, by a client of node-redis that reads from replicas', async () => {
    for (const replica of cluster.replicas) await replica.ask('CONFIG', 'RESETSTAT');
    await using opened = await openFor(CLUSTER_CLIENTS['node-redis reading from replicas'], cluster.urls);
    const store = new RedisStore(opened.client);
    for (let index = 0; index < 50; index++) {
      const key = `t${index}.${++count}`;
      await store.add(key, newRecord(), { op: newOp() });
      expect(await store.get(key, NOW)).toHaveProperty('record');
    }
    for (const replica of cluster.replicas) {
      expect(await replica.ask('INFO', 'commandstats')).not.toMatch(/cmdstat_hgetall/);
    }
  });
});

async function openFor(open: OpensClient, urls: readonly string[]): Promise<OpenClient & AsyncDisposable> {
  const opened = await open(urls);
  return { ...opened, [Symbol.asyncDispose]: async () => void (await opened.close()) };
}
