/** Sessions in a cache of cache-manager 7, and so in whatever Keyv has an adapter for. */
import { checkOptionNames } from '../../session/options.check.js';
import { invalidOption, SessionError } from '../../session/session.error.js';
import type { Key } from '../../session/session.record.js';
import { CompareAndSwapStore } from '../compare-and-swap.store.js';
import type { StoreCapabilities } from '../session.store.js';

/** What is used of a `Cache` of cache-manager. */
export interface SessionCache {
  readonly stores: readonly KeyvLike[];
}

/** What is used of a `Keyv`. */
export interface KeyvLike {
  readonly throwOnErrors: boolean;
  /** The adapter, or a Map. */
  readonly store: unknown;
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttl: number): Promise<boolean>;
  delete(key: string): Promise<boolean>;
}

export interface CacheStoreOptions {
  /** What the keys of sessions begin with. @defaultValue 'session:' */
  keyPrefix?: string | undefined;
  /**
   * Whether other processes see what is in the cache. Say `false` for an adapter that keeps it in memory, such as
   * `CacheableMemory`: it can't be told from others.
   * @defaultValue `false` for a Keyv over a Map, which is cache-manager's default, `true` for any adapter
   */
  shared?: boolean | undefined;
}

const OPTIONS = ['keyPrefix', 'shared'];

/**
 * Keeps sessions in the one Keyv of a cache, past what cache-manager does around it: its calls answer "not found" and "done"
 * when the backend is down.
 *
 * ```ts
 * // With disableOfflineQueue a dead Redis is an error at once; else its calls wait, and `storeTimeout` ends them.
 * const client = createClient({ url, disableOfflineQueue: true });
 * await client.connect();
 * const keyv = createKeyv(client, { throwOnErrors: true });
 * const store = new CacheStore(createCache({ stores: [keyv] }));
 * ```
 *
 * **What it can't promise.** Keyv can't compare and set, so nothing stands between this store's look and its write but the
 * process: use one `CacheStore` a process for the same sessions, and every promise holds within it. When two processes write one
 * session at the same moment, or two of one principal, three promises don't:
 *
 * - "no lost update": of two changes, or a change and a touch, one can be lost, and two updates can count once;
 * - "remove is final": a session that is changed or touched just when another process removes or rotates it can live on under
 *   the id that was to be dead, and two rotations at once can leave two successors alive;
 * - what is said of principals: of two of their sessions that are added at once, one can end with that, and one that is changed
 *   just when all are revoked and another one is added can live on. Limits are as exact as that.
 *
 * (And two that remove one session can both be told that it was them.) The others hold there too. Where several processes serve
 * one client, use a store that says `atomic: true`.
 *
 * A read is one call of the backend, a change three; of a principal's session one more each, for the list of them. An adapter may
 * also forget sessions by itself: an LRU limit or an eviction policy logs people out early.
 */
export class CacheStore extends CompareAndSwapStore {
  readonly capabilities: StoreCapabilities;
  readonly #keyv: KeyvLike;
  readonly #keyPrefix: string;

  /**
   * @param cache - with exactly one store, a Keyv that has `throwOnErrors` (as its adapter, if that has such an option). What
   * `CACHE_MANAGER` of `@nestjs/cache-manager` injects is one
   * @throws SessionError `INVALID_OPTION`
   */
  constructor(cache: SessionCache, options: CacheStoreOptions = {}) {
    super();
    checkOptionNames('CacheStore', options, OPTIONS);
    const { keyPrefix = 'session:', shared } = options;
    if (typeof keyPrefix !== 'string') throw invalidOption('keyPrefix', keyPrefix, 'a text');
    if (shared !== undefined && typeof shared !== 'boolean') throw invalidOption('shared', shared, 'true or false');
    this.#keyv = keyvOf(cache);
    this.#keyPrefix = keyPrefix;
    this.capabilities = {
      shared: shared ?? !(this.#keyv.store instanceof Map),
      atomic: false,
      acknowledged: 'backend',
    };
  }

  protected async read(key: Key): Promise<string | undefined> {
    try {
      const value = await this.#keyv.get(this.#keyPrefix + key);
      return value === undefined || typeof value === 'string' ? value : UNREADABLE;
    } catch (error) {
      // What Keyv can't parse is a broken entry, no broken backend.
      if (error instanceof SyntaxError) return UNREADABLE;
      throw error;
    }
  }

  /** Calls of one tag don't overlap within this process: see {@link CompareAndSwapStore}. */
  protected async swap(
    key: Key,
    expected: string | undefined,
    next: string | undefined,
    keepFor: number,
  ): Promise<boolean> {
    if ((await this.read(key)) !== expected) return false;
    if (next === undefined) await this.#keyv.delete(this.#keyPrefix + key);
    else if (!(await this.#keyv.set(this.#keyPrefix + key, next, keepFor))) throw writeFailed();
    return true;
  }
}

/** A text that is no entry. */
const UNREADABLE = '';

function keyvOf(cache: SessionCache): KeyvLike {
  const stores: unknown = Reflect.get(Object(cache), 'stores');
  if (!Array.isArray(stores)) throw invalidOption('CacheStore.cache', cache, 'a cache of cache-manager 7');
  const [keyv, ...others] = stores as unknown[];
  if (others.length > 0 || !isKeyv(keyv)) {
    throw new SessionError(
      'INVALID_OPTION',
      'A CacheStore takes a cache with exactly one store, a Keyv; with several, an outdated copy could be served. For a cache ' +
        'in front of a database there is the TieredStore.',
    );
  }
  if (!(keyv.store instanceof Map) && (!keyv.throwOnErrors || swallowsErrors(keyv.store))) {
    throw new SessionError(
      'INVALID_OPTION',
      "A CacheStore takes a Keyv that tells of the backend's errors, else a dead backend looked like an empty one: " +
        'new Keyv({ store, throwOnErrors: true }), and the same option for the adapter if it has it, as in ' +
        'createKeyv(url, { throwOnErrors: true }) of @keyv/redis.',
    );
  }
  return keyv;
}

function isKeyv(store: unknown): store is KeyvLike {
  const has = (name: string): unknown => Reflect.get(Object(store), name);
  return (
    typeof has('throwOnErrors') === 'boolean' &&
    ['get', 'set', 'delete'].every((name) => typeof has(name) === 'function')
  );
}

/** Some adapters answer "nothing there" when their backend is down, unless told otherwise. */
function swallowsErrors(adapter: unknown): boolean {
  return Reflect.get(Object(adapter), 'throwOnErrors') === false;
}

function writeFailed(): SessionError {
  return new SessionError('STORE_FAILED', 'The cache says that it did not write.');
}
