/** What needs no driver needs none of its types either. */
import { HttpSessionManager, MemoryStore, PrincipalRegistry } from 'nestjs-http-session/core';
import { CacheStore, type SessionCache } from 'nestjs-http-session/cache';
import { type RedisClient, RedisStore } from 'nestjs-http-session/redis';
import { createTestSession, ObservedStore, type TestApplication } from 'nestjs-http-session/testing';
import { TieredStore } from 'nestjs-http-session/tiered';
import { test } from 'node:test';
import { logInAndOut } from '../shared/login.js';

void test('login, visits and logout over memory', async () => {
  await logInAndOut(new MemoryStore());
});

void test('login, visits and logout over two tiers', async () => {
  await logInAndOut(new TieredStore({ cache: new MemoryStore(), durable: new MemoryStore(), singleProcess: true }));
});

/** Only compiled. */
export function managers(client: RedisClient, cache: SessionCache): HttpSessionManager[] {
  const stores = [
    new RedisStore(client),
    new CacheStore(cache),
    new TieredStore({ cache: new RedisStore(client), durable: new MemoryStore(), singleProcess: true }),
    new ObservedStore(new MemoryStore()),
  ];
  return stores.map((store) => new HttpSessionManager({ store }));
}

/** Only compiled. */
export async function devices(manager: HttpSessionManager, app: TestApplication): Promise<string[]> {
  const { session } = await createTestSession(app, { principal: '7', labels: { device: 'phone' } });
  const sessions = await new PrincipalRegistry(manager).sessionsOf('7', session);
  return sessions.map(({ handle, labels }) => `${handle} ${labels['device']}`);
}
