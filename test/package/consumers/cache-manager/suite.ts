/** `./cache` with cache-manager and Keyv, and no other driver. */
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheStore, type CacheStoreOptions } from 'nestjs-http-session/cache';
import { test } from 'node:test';
import { logInAndOut } from '../shared/login.js';

const options: CacheStoreOptions = { keyPrefix: 'visits:', shared: false };

void test('login, visits and logout', async () => {
  await logInAndOut(new CacheStore(createCache({ stores: [new Keyv()] }), options));
});
