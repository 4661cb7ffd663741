/**
 * Sessions in Redis or Valkey, by the client the application has already: node-redis, ioredis or iovalkey.
 * @module nestjs-http-session/redis
 */
export { type IoRedisSubscriber, type NodeRedisSubscriber, type RedisSubscriber } from './redis.channel.js';
export { type RedisClient } from './redis.client.js';
export { type IoRedisClient, type IoRedisPipeline } from './ioredis.connection.js';
export { type NodeRedisClient, type NodeRedisCluster, type NodeRedisSentinel } from './node-redis.connection.js';
export { RedisStore, type RedisStoreOptions } from './redis.store.js';
