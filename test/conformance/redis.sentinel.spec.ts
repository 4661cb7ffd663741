import { afterAll, beforeAll, describe } from 'vitest';
import { describeWith } from '../support/backends.js';
import { SENTINEL_CLIENTS } from '../support/redis.clients.js';
import { RedisSentinel } from '../support/servers/redis.sentinel.js';
import { testRedisStore } from './redis.suite.js';

await describeWith(RedisSentinel, 'RedisStore over sentinels', () => {
  let servers: RedisSentinel;

  beforeAll(async () => {
    servers = await RedisSentinel.start();
  });

  afterAll(() => servers.dispose());

  describe.each(Object.entries(SENTINEL_CLIENTS))('by %s', (_name, open) => {
    testRedisStore(() => open(servers.name, [{ host: '127.0.0.1', port: servers.sentinel.port }]));
  });
});
