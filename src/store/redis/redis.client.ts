/** Finds out what kind of client a store was given. */
import { invalidOption } from '../../session/session.error.js';
import { type IoRedisClient, ioredisConnection } from './ioredis.connection.js';
import {
  type NodeRedisClient,
  type NodeRedisCluster,
  nodeRedisConnection,
  type NodeRedisSentinel,
} from './node-redis.connection.js';
import type { RedisConnection } from './redis.connection.js';

/** What a `RedisStore` can use: a client of node-redis (single, pool, cluster, sentinel), ioredis or iovalkey (single, sentinel, cluster). */
export type RedisClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoRedisClient;

/** @throws SessionError `INVALID_OPTION` */
export function connectionOf(client: RedisClient): RedisConnection {
  const given: unknown = client;
  const connection =
    typeof given === 'object' && given !== null ? (ioredisConnection(given) ?? nodeRedisConnection(given)) : undefined;
  if (connection) return connection;
  throw invalidOption(
    'client',
    client,
    'a client of node-redis (createClient, createClientPool, createCluster, createSentinel), ioredis or iovalkey (Redis, Cluster)',
  );
}
