/** Sessions in two tiers: a durable store that decides, and a cache that holds copies. */
import type { Awaitable } from '../../session/awaitable.js';
import type { SessionLogger } from '../../session/session.logger.js';
import type { Changed, Delta, Key, SessionRecord } from '../../session/session.record.js';
import {
  type Added,
  type AddOptions,
  type Found,
  type ListedSession,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  SessionStore,
  type StoreCapabilities,
} from '../session.store.js';
import type { SessionChannel } from '../session.channel.js';
import { CopiedStore } from './copied.store.js';
import { CopyTier } from './copy.tier.js';
import { checkTieredOptions, type TieredStoreOptions } from './tiered.options.js';
import { WriteBehindStore } from './write-behind.store.js';

/**
 * Keeps sessions in a durable store, and serves them from copies in a cache.
 *
 * ```ts
 * new TieredStore({ cache: new RedisStore(client), durable: new SqlStore(kysely) });
 * ```
 *
 * **The durable store decides.** Every write is there before it resolves, and then the session's copy is dropped: who
 * reads next, in any process, finds what was written. A copy is served for `freshFor` at most. A cache that loses
 * everything costs one read of each session.
 *
 * **A cache that is down costs speed only.** Reads go to the durable store. A write whose copy can't be dropped makes
 * all processes do without copies for a while, as a second process may still reach the cache: it marks that in the
 * durable store, where each process that serves copies looks two to four times a second, and resolves half a second
 * later. Writes that follow take no longer than ever; one that comes about twice `freshFor` after the last mark waits
 * again. A write fails for the sake of the cache only if the durable store fails too. With `singleProcess: true` there
 * is nobody to tell, and nothing to wait for; of a shared cache, a process that starts uses no copies for `freshFor`,
 * since the one before it may have left older ones there.
 *
 * What stays: a cache that forgets that a copy was dropped, since it restarts from an older snapshot or fails over to a
 * replica that lagged behind, serves what it had for up to `freshFor`. So does a process that ends between the durable
 * write and the drop, but that write was never acknowledged. A virtual machine that was paused, so that no clock of it
 * tells, serves what it had for up to half a second. What changes sessions in the durable store without this class is
 * seen after `freshFor` at the latest.
 *
 * **`write: 'async'`** lets touches and plain changes resolve before they are written. They are sent at once, one write
 * a session at a time; changes that come meanwhile are put together and are the next one. What fails is tried until it
 * succeeds. `add`, `update`, `rotate`, `remove` and what lists or revokes a principal's sessions are as in `'sync'`, and come
 * after what is pending and matters to them.
 * The process itself sees what is pending, other processes see it once it is written, usually milliseconds later. Until
 * then
 * - a process that crashes loses it: the last plain changes and accesses of at most `maxPending` sessions, back to the
 *   last write of each that the durable store acknowledged;
 * - a change of a session that another process has removed or revoked resolves as if it was there. It brings nothing back;
 * - a change of a session that another process rotates is lost if the durable store can't be written to for a minute.
 *
 * `close` writes what is pending, for `flushTimeout` at most. With Nest that needs `app.enableShutdownHooks()`.
 */
export class TieredStore extends SessionStore {
  readonly capabilities: StoreCapabilities;
  readonly #cache: SessionStore;
  readonly #durable: SessionStore;
  readonly #sessions: SessionStore;
  #logger: SessionLogger | undefined;
  #closing: Promise<void> | undefined;

  /** @throws SessionError `INVALID_OPTION` */
  constructor(options: TieredStoreOptions) {
    super();
    const settings = checkTieredOptions(options);
    const { cache, durable, isAsync, singleProcess } = settings;
    const logger: SessionLogger = {
      debug: (...message: unknown[]) => this.#logger?.debug(...message),
      warn: (...message: unknown[]) => this.#logger?.warn(...message),
      error: (...message: unknown[]) => this.#logger?.error(...message),
    };
    const copied = new CopiedStore(durable, new CopyTier(settings, logger));
    this.#cache = cache;
    this.#durable = durable;
    this.#sessions = isAsync ? new WriteBehindStore(copied, settings, logger) : copied;
    const { shared, atomic, acknowledged } = this.#sessions.capabilities;
    this.capabilities = { shared: shared && !singleProcess, atomic, acknowledged };
  }

  override get channel(): SessionChannel | undefined {
    return this.#durable.channel ?? this.#cache.channel;
  }

  override start(logger: SessionLogger): void {
    this.#logger ??= logger;
    // Not the cache: what it would warn of, such as that it may throw something away, is fine for copies.
    this.#sessions.start(logger);
  }

  get(key: Key, now: number): Awaitable<Found> {
    return this.#sessions.get(key, now);
  }

  touch(key: Key, now: number): Awaitable<boolean> {
    return this.#sessions.touch(key, now);
  }

  add(key: Key, record: SessionRecord, options: AddOptions): Awaitable<Added> {
    return this.#sessions.add(key, record, options);
  }

  change(key: Key, delta: Delta, now: number): Awaitable<Changed> {
    return this.#sessions.change(key, delta, now);
  }

  rename(from: Key, to: Key, options: RenameOptions): Awaitable<Renamed> {
    return this.#sessions.rename(from, to, options);
  }

  remove(key: Key): Awaitable<boolean> {
    return this.#sessions.remove(key);
  }

  list(tag: string, now: number): Awaitable<readonly ListedSession[]> {
    return this.#sessions.list(tag, now);
  }

  removeAll(tag: string, now: number, except?: Key): Awaitable<number | 'gone'> {
    return this.#sessions.removeAll(tag, now, except);
  }

  purge(options: PurgeOptions): Awaitable<Purged> {
    return this.#sessions.purge(options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#sessions.close();
    } finally {
      await this.#cache.close();
    }
  }
}
