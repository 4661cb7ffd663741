/** Clients of every library and kind that a `RedisStore` takes, connected. */
import { Cluster as IoRedisCluster, Redis as IoRedis } from 'ioredis';
import { Cluster as IoValkeyCluster, Redis as IoValkey } from 'iovalkey';
import type { RedisClient } from 'nestjs-http-session/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';

export interface OpenClient {
  readonly client: RedisClient;
  close(): unknown;
}

/** Connects a client; for a single server, to that of the first URL. */
export type OpensClient = (urls: readonly string[]) => Promise<OpenClient>;

/** By name, as tests are called. */
export const SINGLE_CLIENTS = {
  'node-redis': async ([url = '']) => {
    const client = createClient({ url }).on('error', ignore);
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  'node-redis with RESP 2 and mapped types': async ([url = '']) => {
    const client = createClient({ url, RESP: 2, commandOptions: { typeMapping: { 36: Buffer, 58: String } } });
    await client.on('error', ignore).connect();
    return { client, close: () => client.destroy() };
  },
  'a pool of node-redis': async ([url = '']) => {
    const client = createClientPool({ url }).on('error', ignore);
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  ioredis: async ([url = '']) => opened(new IoRedis(url, { enableAutoPipelining: true })),
  'ioredis with a prefix and maps as objects': async ([url = '']) =>
    opened(new IoRedis(url, { keyPrefix: 'app:{all}:', replyMapping: 'resp3', stringNumbers: true })),
  iovalkey: async ([url = '']) => opened(new IoValkey(url, { enableAutoPipelining: true })),
} satisfies Record<string, OpensClient>;

export const CLUSTER_CLIENTS = {
  'node-redis': async (urls) => {
    const client = createCluster({ rootNodes: urls.map((url) => ({ url })) }).on('error', ignore);
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  'node-redis reading from replicas': async (urls) => {
    const client = createCluster({ rootNodes: urls.map((url) => ({ url })), useReplicas: true }).on('error', ignore);
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  ioredis: async (urls) => opened(new IoRedisCluster([...urls], { enableAutoPipelining: true })),
  'ioredis with a prefix, without pipelines of its own': async (urls) =>
    opened(new IoRedisCluster([...urls], { keyPrefix: 'app:' })),
  iovalkey: async (urls) => opened(new IoValkeyCluster([...urls], { enableAutoPipelining: true })),
} satisfies Record<string, OpensClient>;

/** A client over sentinels, by the name of the master that they watch. */
export const SENTINEL_CLIENTS = {
  'node-redis': async (name: string, sentinels: readonly SentinelAddress[]) => {
    const client = createSentinel({ name, sentinelRootNodes: [...sentinels] }).on('error', ignore);
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  ioredis: async (name: string, sentinels: readonly SentinelAddress[]) =>
    opened(new IoRedis({ name, sentinels: [...sentinels] })),
} satisfies Record<string, (name: string, sentinels: readonly SentinelAddress[]) => Promise<OpenClient>>;

export interface SentinelAddress {
  readonly host: string;
  readonly port: number;
}

/** Removes what tests have left under a prefix. */
export async function removeKeys(url: string, pattern: string): Promise<void> {
  const client = createClient({ url }).on('error', ignore);
  await client.connect();
  for await (const keys of client.scanIterator({ MATCH: pattern, COUNT: 1_000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
  client.destroy();
}

interface Disconnecting {
  on(event: 'error', listener: () => void): unknown;
  disconnect(): void;
}

function opened<T extends RedisClient & Disconnecting>(client: T): OpenClient {
  client.on('error', ignore);
  return { client, close: () => client.disconnect() };
}

/** What is lost with a connection, the commands tell. */
function ignore(): void {}
