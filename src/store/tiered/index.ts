/**
 * Sessions in two tiers: a durable store that decides, and a fast one that holds copies.
 * @module nestjs-http-session/tiered
 */
export { TieredStore } from './tiered.store.js';
export type { TieredStoreOptions } from './tiered.options.js';
