/** What a `RedisStore` takes for a client, and what it refuses. Nothing here connects. */
import { Cluster, Redis } from 'ioredis';
import { Cluster as ValkeyCluster, Redis as Valkey } from 'iovalkey';
import { MemoryStore } from 'nestjs-http-session';
import { type RedisClient, RedisStore } from 'nestjs-http-session/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { describe, expect, it } from 'vitest';
import { sessionErrorOf } from '../../fixtures/session.error.js';

const NODES = [{ host: '127.0.0.1', port: 1 }];
const LAZY = { lazyConnect: true } as const;

/** The types are the test, too: nothing of these is cast. */
const CLIENTS: Record<string, () => RedisClient> = {
  'node-redis: a client': () => createClient(),
  'node-redis: a client with RESP 2': () => createClient({ RESP: 2 }),
  'node-redis: a client with mapped types': () => createClient().withTypeMapping({ 36: Buffer }),
  'node-redis: a client with scripts': () => createClient({ scripts: {} }),
  'node-redis: a pool': () => createClientPool(),
  'node-redis: a cluster': () => createCluster({ rootNodes: [] }),
  'node-redis: a cluster that reads from replicas, since it can be told not to': () =>
    createCluster({ rootNodes: [], useReplicas: true }),
  'node-redis: a sentinel': () => createSentinel({ name: 'sessions', sentinelRootNodes: NODES }),
  'node-redis: a sentinel that reads from replicas, since it can be told not to': () =>
    createSentinel({ name: 'sessions', sentinelRootNodes: NODES, replicaPoolSize: 1 }),
  'ioredis: a client': () => new Redis(LAZY),
  'ioredis: a client over sentinels': () => new Redis({ ...LAZY, name: 'sessions', sentinels: NODES }),
  'ioredis: a cluster': () => new Cluster(NODES, LAZY),
  'iovalkey: a client': () => new Valkey(LAZY),
  'iovalkey: a cluster': () => new ValkeyCluster(NODES, LAZY),
};

const REPLICA_READERS: Record<string, () => RedisClient> = {
  'ioredis: a cluster that reads from replicas': () => new Cluster(NODES, { ...LAZY, scaleReads: 'slave' }),
  'ioredis: a cluster that reads from all': () => new Cluster(NODES, { ...LAZY, scaleReads: 'all' }),
  'ioredis: a cluster that reads where a function says': () =>
    new Cluster(NODES, { ...LAZY, scaleReads: (nodes: Redis[]) => nodes }),
  'ioredis: a client in readonly mode': () => new Redis({ ...LAZY, readOnly: true }),
  'ioredis: a client of a replica that sentinels name': () =>
    new Redis({ ...LAZY, name: 'sessions', sentinels: NODES, role: 'slave' }),
  'iovalkey: a cluster that reads from replicas': () => new ValkeyCluster(NODES, { ...LAZY, scaleReads: 'slave' }),
  'node-redis: a client in readonly mode': () => createClient({ readonly: true }),
};

const NO_CLIENTS: Record<string, unknown> = {
  nothing: undefined,
  null: null,
  'a URL': 'redis://127.0.0.1:6379',
  'a function': createClient,
  'a set of options': { host: '127.0.0.1', port: 6379 },
  'a promise of a client': Promise.resolve(createClient()),
  'another store': new MemoryStore(),
  'something else that sends commands': { sendCommand: () => undefined },
};

describe('a RedisStore', () => {
  it.each(Object.entries(CLIENTS))('takes %s', (_name, create) => {
    expect(new RedisStore(create())).toBeInstanceOf(RedisStore);
  });

  it.each(Object.entries(REPLICA_READERS))(
    'refuses %s: a replica may show a session that was removed',
    (_name, create) => {
      expect(sessionErrorOf(() => new RedisStore(create()))).toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/a replica has an old state of a session/),
      });
    },
  );

  it.each(Object.entries(NO_CLIENTS))('refuses %s, and says what it takes', (_name, given) => {
    expect(sessionErrorOf(() => new RedisStore(given as RedisClient))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/"client".*node-redis.*ioredis.*iovalkey/),
    });
  });

  it.each(['{', 'app}', '{app}:'])(
    'refuses the key prefix %s: braces decide what a cluster keeps together',
    (keyPrefix) => {
      expect(sessionErrorOf(() => new RedisStore(createClient(), { keyPrefix }))).toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining('keyPrefix'),
      });
    },
  );

  it('refuses options that don’t exist', () => {
    const options = { prefix: 'app:' } as object;
    expect(sessionErrorOf(() => new RedisStore(createClient(), options))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('RedisStore.prefix'),
    });
  });

  it('leaves a client as it is: no listener is added, and closing the store doesn’t close it', () => {
    const client = createClient();
    const before = client.eventNames().map((name) => [name, client.listenerCount(name)]);
    const store = new RedisStore(client);
    store.start({ debug: () => undefined, warn: () => undefined, error: () => undefined });
    store.close();
    expect(client.eventNames().map((name) => [name, client.listenerCount(name)])).toEqual(before);
  });
});
