import { RedisStore } from 'nestjs-http-session/redis';
import { afterAll, beforeAll } from 'vitest';
import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { CLUSTER_CLIENTS, type OpenClient, removeKeys, SINGLE_CLIENTS } from '../support/redis.clients.js';
import { RedisCluster } from '../support/servers/redis.cluster.js';
import { testSessionsOverHttp } from './http.suite.js';

for (const name of ['node-redis', 'ioredis'] as const) {
  await describeWith(Backend.REDIS, `RedisStore over ${name}`, () => {
    const keyPrefix = uniqueName('http');
    let opened: OpenClient;

    beforeAll(async () => {
      opened = await SINGLE_CLIENTS[name]([Backend.REDIS.url]);
    });

    afterAll(async () => {
      opened.close();
      await removeKeys(Backend.REDIS.url, `${keyPrefix}*`);
    });

    testSessionsOverHttp('RedisStore', () => new RedisStore(opened.client, { keyPrefix }));
  });
}

await describeWith(RedisCluster, 'RedisStore over a cluster', () => {
  let cluster: RedisCluster;
  let opened: OpenClient;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    opened = await CLUSTER_CLIENTS.ioredis(cluster.urls);
  });

  afterAll(async () => {
    opened.close();
    await cluster.dispose();
  });

  testSessionsOverHttp('RedisStore', () => new RedisStore(opened.client));
});
