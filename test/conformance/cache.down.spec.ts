/** CacheStore over a Redis that isn't there, that dies, and that comes back. */
import KeyvRedis, { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { type Keyv } from 'keyv';
import { createSession, HttpSessionManager } from 'nestjs-http-session';
import { CacheStore } from 'nestjs-http-session/cache';
import { createExchange, credentialsOf } from 'nestjs-http-session/testing';
import { expect, it, onTestFinished } from 'vitest';
import { describeWith } from '../support/backends.js';
import { freePort } from '../support/servers/free.port.js';
import { RedisServer } from '../support/servers/redis.server.js';

const FAILED = expect.objectContaining({ status: 503 });

function managerOver(keyv: Keyv): HttpSessionManager {
  const store = new CacheStore(createCache({ stores: [keyv] }));
  const manager = new HttpSessionManager({ store, storeTimeout: '200ms', logger: false });
  onTestFinished(async () => {
    await manager.close();
    const { client } = keyv.store as KeyvRedis<unknown>;
    if (client.isOpen) await client.destroy();
  });
  return manager;
}

async function login(manager: HttpSessionManager): Promise<Readonly<Record<string, string>>> {
  const { response } = createExchange();
  await manager.add(createSession(), response);
  return credentialsOf(response).headers;
}

await describeWith(RedisServer, 'CacheStore over a Redis', () => {
  it.each([
    ['that never was there, with a client that gives up', { socket: { reconnectStrategy: false } } as const],
    ['that never was there, with a client that goes on trying', {}],
    ['that never was there, with a client that queues nothing', { disableOfflineQueue: true }],
  ])('%s: is an error, not an empty session', async (_how, options) => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const manager = managerOver(createKeyv({ url, ...options }, { throwOnErrors: true }));
    const { request } = createExchange({ cookie: `__Host-sessid=abcd.${'x'.repeat(24)}` });
    await expect(manager.get(request)).rejects.toEqual(FAILED);
    await expect(login(manager)).rejects.toEqual(FAILED);
  });

  it('that dies and comes back: calls fail at once, and work again without a restart', async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.dispose());
    const keyv = createKeyv(
      { url: server.url, disableOfflineQueue: true, socket: { reconnectStrategy: () => 20 } },
      { throwOnErrors: true },
    );
    const manager = managerOver(keyv);
    const headers = await login(manager);
    expect(await manager.get(createExchange(headers).request)).toBeDefined();
    await server.kill();
    await expect(manager.get(createExchange(headers).request)).rejects.toEqual(FAILED);
    await expect(login(manager)).rejects.toEqual(FAILED);
    await server.restart();
    await expect.poll(async () => login(manager), { timeout: 10_000 }).toHaveProperty('cookie');
  });
});
