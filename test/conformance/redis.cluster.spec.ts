import { RedisStore } from 'nestjs-http-session/redis';
import { testSessionStore } from 'nestjs-http-session/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { describeWith } from '../support/backends.js';
import { CLUSTER_CLIENTS, type OpenClient } from '../support/redis.clients.js';
import { RedisCluster } from '../support/servers/redis.cluster.js';

await describeWith(RedisCluster, 'RedisStore over a cluster', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });

  afterAll(() => cluster.dispose());

  describe.each(Object.entries(CLUSTER_CLIENTS))('by %s', (_name, open) => {
    let stores = 0;
    let clients: [OpenClient, OpenClient];

    const createStore = (which: 0 | 1) => new RedisStore(clients[which].client, { keyPrefix: `${stores}:` });

    beforeAll(async () => {
      clients = [await open(cluster.urls), await open(cluster.urls)];
    });

    afterAll(() => {
      for (const client of clients) client.close();
    });

    testSessionStore(
      { describe, it },
      () => {
        stores++;
        return createStore(0);
      },
      {
        createSecondStore: () => createStore(1),
        collectedByBackend: true,
        keepsCopies: true,
        shared: true,
        atomic: true,
        acknowledged: 'backend',
      },
    );
  });
});
