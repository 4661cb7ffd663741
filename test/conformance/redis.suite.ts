/** The conformance kit over stores in Redis, whatever the clients and the servers are. */
import { RedisStore } from 'nestjs-http-session/redis';
import { testSessionStore } from 'nestjs-http-session/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { uniqueName } from '../support/backends.js';
import type { OpenClient } from '../support/redis.clients.js';

/**
 * Declares the tests.
 *
 * @param open - a client, of which each of two processes has its own
 * @param prefix - of all keys
 */
export function testRedisStore(open: () => Promise<OpenClient>, prefix = uniqueName('kit')): void {
  let stores = 0;
  let clients: [OpenClient, OpenClient];

  const createStore = (which: 0 | 1) => new RedisStore(clients[which].client, { keyPrefix: `${prefix}:${stores}:` });

  beforeAll(async () => {
    clients = [await open(), await open()];
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
}
