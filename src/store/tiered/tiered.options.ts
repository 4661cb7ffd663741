/** What a tiered store is configured with, checked when it is made. */
import { type Duration, toMilliseconds, toTimerMilliseconds } from '../../session/duration.js';
import { checkInteger, checkOptionNames } from '../../session/options.check.js';
import { invalidOption } from '../../session/session.error.js';
import type { SessionCopies } from '../session.copies.js';
import { SessionStore } from '../session.store.js';

export interface TieredStoreOptions {
  /** Holds the copies: a store that has `copies`, shared by all processes. Closed with this store. */
  cache: SessionStore;
  /** Holds the sessions, shared by all processes. Closed with this store. */
  durable: SessionStore;
  /**
   * When touches and plain changes are in the durable tier: before they resolve, or soon after. All else is there
   * before it resolves. @defaultValue 'sync'
   */
  write?: 'sync' | 'async' | undefined;
  /**
   * How often what failed is tried again at once, with growing pauses: to drop a copy, before all processes are made to
   * do without copies; to write what is pending, before it is tried every 5 seconds only. @defaultValue 3
   */
  retries?: number | undefined;
  /** The longest time for which a copy is trusted, `'5s'` at least; the same in all processes. @defaultValue '30s' */
  freshFor?: Duration | undefined;
  /**
   * The longest time for which the cache is waited for, `'500ms'` at most: a write whose copy can't be dropped waits
   * for that first, and then for the other processes. With `singleProcess` it may be longer. @defaultValue '250ms'
   */
  cacheTimeout?: Duration | undefined;
  /**
   * No other process uses these sessions: the tiers needn't be shared, and nobody else has to be told when the cache
   * fails.
   * @defaultValue false
   */
  singleProcess?: boolean | undefined;
  /**
   * Of `write: 'async'`: most sessions with something pending; what goes beyond is written at once.
   * @defaultValue 10000
   */
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

/** Their pauses make 0.6 seconds: a request waits. */
const MAX_RETRIES = 6;
const MIN_FRESH_FOR_MS = 5_000;
const MAX_CACHE_TIMEOUT_MS = 500;

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
    durable: checkDurable(durable, singleProcess),
    isAsync: write === 'async',
    retries: checkInteger('retries', retries, 0, MAX_RETRIES),
    freshFor: toFreshFor(freshFor),
    cacheTimeout: toCacheTimeout(cacheTimeout, singleProcess),
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

function checkDurable(durable: SessionStore, singleProcess: boolean): SessionStore {
  if (!(durable instanceof SessionStore) || durable.capabilities.acknowledged === 'behind') {
    throw invalidOption('durable', durable, 'a session store such as a SqlStore, but none that writes later');
  }
  if (!singleProcess && !durable.capabilities.shared) {
    throw invalidOption('durable', durable, 'one that all processes share; any with "singleProcess": true');
  }
  return durable;
}

function toFreshFor(given: Duration): number {
  const millis = toMilliseconds('freshFor', given);
  if (millis < MIN_FRESH_FOR_MS) {
    const why = 'to make all processes do without copies takes half a second, and is good for half of this time';
    throw invalidOption('freshFor', given, `'5s' at least: ${why}`);
  }
  return millis;
}

function toCacheTimeout(given: Duration, singleProcess: boolean): number {
  const millis = toTimerMilliseconds('cacheTimeout', given);
  if (millis > MAX_CACHE_TIMEOUT_MS && !singleProcess) {
    throw invalidOption('cacheTimeout', given, "'500ms' at most, unless singleProcess is true");
  }
  return millis;
}
