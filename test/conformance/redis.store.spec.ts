import { RedisStore } from 'nestjs-http-session/redis';
import { testSessionStore } from 'nestjs-http-session/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { type OpenClient, removeKeys, SINGLE_CLIENTS } from '../support/redis.clients.js';

for (const [name, open] of Object.entries(SINGLE_CLIENTS)) {
  await describeWith(Backend.REDIS, `RedisStore over ${name}`, () => {
    const prefix = uniqueName('kit');
    let stores = 0;
    let clients: [OpenClient, OpenClient];

    const createStore = (which: 0 | 1) => new RedisStore(clients[which].client, { keyPrefix: `${prefix}:${stores}:` });

    beforeAll(async () => {
      const urls = [Backend.REDIS.url];
      clients = [await open(urls), await open(urls)];
    });

    afterAll(async () => {
      for (const client of clients) client.close();
      await removeKeys(Backend.REDIS.url, `*${prefix}:*`);
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
}
