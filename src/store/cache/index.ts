/** Sessions in a cache of cache-manager. */
export { CacheStore, type CacheStoreOptions, type KeyvLike, type SessionCache } from './cache.store.js';
