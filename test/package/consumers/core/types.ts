/** What needs no driver needs none of its types either: compiled without any, never run. */
import { HttpSessionManager, MemoryStore } from 'nestjs-http-session/core';
import { CacheStore, type SessionCache } from 'nestjs-http-session/cache';
import { type RedisClient, RedisStore } from 'nestjs-http-session/redis';
import { TieredStore } from 'nestjs-http-session/tiered';

export function managers(client: RedisClient, cache: SessionCache): HttpSessionManager[] {
  const stores = [
    new RedisStore(client),
    new CacheStore(cache),
    new TieredStore({ cache: new RedisStore(client), durable: new MemoryStore(), singleProcess: true }),
  ];
  return stores.map((store) => new HttpSessionManager({ store }));
}
