/**
 * Sessions in a cache of cache-manager.
 * @module nestjs-http-session/cache
 */
export { CacheStore, type CacheStoreOptions, type KeyvLike, type SessionCache } from './cache.store.js';
