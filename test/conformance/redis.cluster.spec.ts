import { afterAll, beforeAll, describe } from 'vitest';
import { describeWith } from '../support/backends.js';
import { CLUSTER_CLIENTS } from '../support/redis.clients.js';
import { RedisCluster } from '../support/servers/redis.cluster.js';
import { testRedisStore } from './redis.suite.js';

await describeWith(RedisCluster, 'RedisStore over a cluster', () => {
  let servers: RedisCluster;

  beforeAll(async () => {
    servers = await RedisCluster.start();
  });

  afterAll(() => servers.dispose());

  describe.each(Object.entries(CLUSTER_CLIENTS))('by %s', (_name, open) => {
    testRedisStore(() => open(servers.urls));
  });
});
