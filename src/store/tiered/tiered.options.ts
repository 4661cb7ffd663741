/** What a tiered store is configured with, checked when it is made. */
import { type Duration, toMilliseconds, toTimerMilliseconds } from '../../session/duration.js';
import { checkInteger, checkOptionNames } from '../../session/options.check.js';
import { invalidOption } from '../../session/session.error.js';
import type { SessionCopies } from '../session.copies.js';
import { SessionStore } from '../session.store.js';

export interface TieredStoreOptions {
  /** Holds the copies: a store that has `copies`, shared by all processes. Closed with this store. */
  cache: SessionStore;
  /** Holds the sessions. Closed with this store. */
  durable: SessionStore;
  /**
   * When touches and plain changes are in the durable tier: before they resolve, or soon after. All else is there before
   * it resolves. @defaultValue 'sync'
   */
  write?: 'sync' | 'async' | undefined;
  /**
   * How often what failed is tried again at once, with growing pauses: to drop a copy, before all processes are made to
   * do without copies; to write what is pending, before it is tried every 5 seconds only. @defaultValue 3
   */
  retries?: number | undefined;
  /** The longest time for which a copy is trusted. @defaultValue '30s' */
  freshFor?: Duration | undefined;
  /** The longest time for which the cache is waited for. @defaultValue '250ms' */
  cacheTimeout?: Duration | undefined;
  /**
   * No other process uses these sessions: the cache needn't be shared, and nobody else has to be told when it fails.
   * @defaultValue false
   */
  singleProcess?: boolean | undefined;
  /** Of `write: 'async'`: most sessions with something pending; what goes beyond is written at once. @defaultValue 10000 */
  maxPending?: number | undefined;
  /** Of `write: 'async'`: how long `close` tries to write what is pending. @defaultValue '10s' */
  flushTimeout?: Duration | undefined;
}

const NAMES = [
  'cache',
  'durable',
  'write',
  'retries',
  'freshFor',
  'cacheTimeout',
  'singleProcess',
  'maxPending',
  'flushTimeout',
] as const satisfies (keyof TieredStoreOptions)[];

/** {@link TieredStoreOptions}, checked, complete, in milliseconds. */
export interface TieredSettings {
  readonly cache: SessionStore;
  readonly copies: SessionCopies;
  readonly durable: SessionStore;
  readonly isAsync: boolean;
  readonly retries: number;
  readonly freshFor: number;
  readonly cacheTimeout: number;
  readonly singleProcess: boolean;
  readonly maxPending: number;
  readonly flushTimeout: number;
}

const MAX_RETRIES = 10;

/** @throws SessionError `INVALID_OPTION` */
export function checkTieredOptions(options: TieredStoreOptions): TieredSettings {
  checkOptionNames('TieredStore', options, NAMES);
  const { cache, durable, write = 'sync', singleProcess = false } = options;
  const { retries = 3, freshFor = '30s', cacheTimeout = '250ms', maxPending = 10_000, flushTimeout = '10s' } = options;
  if (typeof singleProcess !== 'boolean') throw invalidOption('singleProcess', singleProcess, 'true or false');
  if (write !== 'sync' && write !== 'async') throw invalidOption('write', write, "'sync' or 'async'");
  return {
    cache,
    copies: copiesOf(cache, singleProcess),
    durable: checkDurable(durable),
    isAsync: write === 'async',
    retries: checkInteger('retries', retries, 0, MAX_RETRIES),
    freshFor: toMilliseconds('freshFor', freshFor),
    cacheTimeout: toTimerMilliseconds('cacheTimeout', cacheTimeout),
    singleProcess,
    maxPending: checkInteger('maxPending', maxPending, 1),
    flushTimeout: toTimerMilliseconds('flushTimeout', flushTimeout),
  };
}

function copiesOf(cache: SessionStore, singleProcess: boolean): SessionCopies {
  const copies = cache instanceof SessionStore ? cache.copies : undefined;
  if (!copies) throw invalidOption('cache', cache, 'a session store that can keep copies, such as a RedisStore');
  if (!singleProcess && !(cache.capabilities.shared && cache.capabilities.atomic)) {
    throw invalidOption(
      'cache',
      cache,
      'one that all processes share and that is atomic between them; any that keeps copies with "singleProcess": true',
    );
  }
  return copies;
}

function checkDurable(durable: SessionStore): SessionStore {
  if (!(durable instanceof SessionStore) || durable.capabilities.acknowledged === 'behind') {
    throw invalidOption('durable', durable, 'a session store that has written what it acknowledges');
  }
  return durable;
}
