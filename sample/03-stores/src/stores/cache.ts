/** STORE=cache: sessions in a cache of cache-manager, here one that is kept in Redis. */
import { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { CacheStore } from 'nestjs-http-session/cache';
import { Connection } from '../connection.js';
import { REDIS } from '../servers.js';

export async function connect(): Promise<Connection> {
  // Unless it throws, a Redis that is down looks like one without sessions.
  const keyv = createKeyv({ url: REDIS.url, disableOfflineQueue: true }, { throwOnErrors: true });
  keyv.on('error', ({ message }: Error) => console.warn(`Redis: ${message}`));
  const cache = createCache({ stores: [keyv] });
  return new Connection(new CacheStore(cache, { keyPrefix: 'sample-03-cache:' }), () => cache.disconnect());
}
