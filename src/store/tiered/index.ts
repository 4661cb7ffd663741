/** Sessions in two tiers: a durable store that decides, and a fast one that holds copies. */
export { TieredStore } from './tiered.store.js';
export type { TieredStoreOptions } from './tiered.options.js';
