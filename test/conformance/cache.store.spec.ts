import KeyvRedis from '@keyv/redis';
import { CACHE_MANAGER, type Cache as NestCache, CacheModule } from '@nestjs/cache-manager';
import { NestFactory } from '@nestjs/core';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheStore, type SessionCache } from 'nestjs-http-session/cache';
import { testSessionStore } from 'nestjs-http-session/testing';
import { afterAll, describe, it } from 'vitest';
import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { testSessionsOverHttp } from './http.suite.js';

/** What has expired is dropped by Keyv or its backend. */
const EXPECTED = { atomic: false, acknowledged: 'backend', collectedByBackend: true } as const;

let stores = 0;

function testStoreOver(name: string, shared: boolean, cacheOf: () => SessionCache): void {
  // With nothing in it, whatever is in the cache.
  const newStore = (): CacheStore => new CacheStore(cacheOf(), { keyPrefix: `session-${stores++}:` });
  describe(`CacheStore over ${name}`, () => {
    testSessionStore({ describe, it }, newStore, { ...EXPECTED, shared });
  });
  testSessionsOverHttp(`CacheStore over ${name}`, newStore);
}

testStoreOver("cache-manager's own Keyv", false, () => createCache());

testStoreOver('a Keyv that serialises', false, () => createCache({ stores: [new Keyv({ throwOnErrors: true })] }));

const context = await NestFactory.createApplicationContext(CacheModule.register(), { logger: false });
const injected = context.get<NestCache>(CACHE_MANAGER);
afterAll(() => context.close());

testStoreOver('the cache that CACHE_MANAGER injects', false, () => injected);

await describeWith(Backend.REDIS, 'over Redis', () => {
  const keyv = new Keyv({
    store: new KeyvRedis(Backend.REDIS.url, { throwOnErrors: true, keyPrefixSeparator: ':' }),
    namespace: uniqueName('cache-store'),
    throwOnErrors: true,
  });
  const cache = createCache({ stores: [keyv] });
  afterAll(async () => {
    await keyv.clear();
    await keyv.disconnect();
  });

  testStoreOver('Redis', true, () => cache);
});
