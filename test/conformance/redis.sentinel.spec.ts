import { RedisStore } from 'nestjs-http-session/redis';
import { testSessionStore } from 'nestjs-http-session/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { describeWith } from '../support/backends.js';
import { type OpenClient, SENTINEL_CLIENTS } from '../support/redis.clients.js';
import { RedisSentinel } from '../support/servers/redis.sentinel.js';

await describeWith(RedisSentinel, 'RedisStore over sentinels', () => {
  let servers: RedisSentinel;

  beforeAll(async () => {
    servers = await RedisSentinel.start();
  });

  afterAll(() => servers.dispose());

  describe.each(Object.entries(SENTINEL_CLIENTS))('by %s', (_name, open) => {
    let stores = 0;
    let clients: [OpenClient, OpenClient];

    const createStore = (which: 0 | 1) => new RedisStore(clients[which].client, { keyPrefix: `${stores}:` });

    beforeAll(async () => {
      const { name, sentinel } = servers;
      const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
      clients = [await open(name, sentinels), await open(name, sentinels)];
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
