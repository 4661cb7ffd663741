/** A durable store whose sessions are read from copies where there are some. It decides; copies only save asking it. */
import type { SessionLogger } from '../../session/session.logger.js';
import { type Changed, type Delta, isLive, type Key, type SessionRecord } from '../../session/session.record.js';
import type { Awaitable } from '../../session/awaitable.js';
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
import type { CopyTier } from './copy.tier.js';

export class CopiedStore extends SessionStore {
  readonly #durable: SessionStore;
  readonly #copies: CopyTier;

  constructor(durable: SessionStore, copies: CopyTier) {
    super();
    this.#durable = durable;
    this.#copies = copies;
  }

  get capabilities(): StoreCapabilities {
    return this.#durable.capabilities;
  }

  override start(logger: SessionLogger): void {
    this.#durable.start(logger);
  }

  async get(key: Key, now: number): Promise<Found> {
    const taken = await this.#copies.take(key, now);
    // A copy may know less of accesses: that it has expired is for the durable store to say.
    if (taken && 'record' in taken && isLive(taken.record, now)) return { record: taken.record };
    const found = await this.#durable.get(key, now);
    if (taken && 'ticket' in taken && found && 'record' in found) {
      this.#copies.bring(key, taken.ticket, found.record, now);
    }
    return found;
  }

  async touch(key: Key, now: number): Promise<boolean> {
    const isThere = await this.#durable.touch(key, now);
    // A copy that knows less of accesses is served for a shorter time, not for a longer one.
    await this.#copies.dropIfPossible(key);
    return isThere;
  }

  add(key: Key, record: SessionRecord, options: AddOptions): Awaitable<Added> {
    const { replaces, limit } = options;
    const add = () => this.#durable.add(key, record, options);
    // Those that it displaces have its tag.
    const displace =
      limit?.onMax === 'remove-oldest' ? () => this.#written(key, add, (added) => typeof added !== 'object') : add;
    return replaces === undefined ? displace() : this.#written(replaces, displace);
  }

  change(key: Key, delta: Delta, now: number): Promise<Changed> {
    const isConflict = (changed: Changed) => typeof changed === 'object' && 'conflict' in changed;
    return this.#written(key, () => this.#durable.change(key, delta, now), isConflict);
  }

  rename(from: Key, to: Key, options: RenameOptions): Promise<Renamed> {
    return this.#written(from, () => this.#durable.rename(from, to, options));
  }

  remove(key: Key): Promise<boolean> {
    return this.#written(key, () => this.#durable.remove(key));
  }

  list(tag: string, now: number): Awaitable<readonly ListedSession[]> {
    return this.#durable.list(tag, now);
  }

  removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    const isGone = (answer: number | 'gone') => answer === 'gone';
    return this.#written(except ?? anyKeyOf(tag), () => this.#durable.removeAll(tag, now, except), isGone);
  }

  async purge(options: PurgeOptions): Promise<Purged> {
    return this.#durable.purge(options);
  }

  async close(): Promise<void> {
    await this.#durable.close();
  }

  /**
   * A write that failed may have happened, so that copies go even then.
   *
   * @param wroteNothing - whether an answer says that copies are as good as before
   */
  async #written<T>(
    key: Key,
    write: () => Awaitable<T>,
    wroteNothing: (answer: T) => boolean = () => false,
  ): Promise<T> {
    let isOutdated = true;
    try {
      const answer = await write();
      isOutdated = !wroteNothing(answer);
      return answer;
    } finally {
      if (isOutdated) await this.#copies.drop(key);
    }
  }
}

/** Copies are dropped by their tag. */
function anyKeyOf(tag: string): Key {
  return `${tag}.`;
}
