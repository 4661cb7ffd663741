/** The whole store contract for backends that can do no more than read a text and swap it for another one. */
import type { Awaitable } from '../session/awaitable.js';
import { KeyedQueue } from '../session/keyed.queue.js';
import { randomText } from '../session/random.text.js';
import { isPrincipals, tagOf } from '../session/session.id.js';
import {
  accessedAt,
  type Changed,
  changedBy,
  type Delta,
  type Key,
  rotatedAt,
  type SessionRecord,
} from '../session/session.record.js';
import { AGAIN, attempted } from './compare-and-swap.attempts.js';
import { decodeEntry, encodeEntry, keepUntilOf, type SessionEntry } from './compare-and-swap.entry.js';
import { isIndexKey, memberOf, namedIn, type PrincipalIndex } from './compare-and-swap.index.js';
import { type Held, SessionPlaces, type TextBackend } from './compare-and-swap.places.js';
import { PrincipalSessions } from './compare-and-swap.principals.js';
import { isRemembered, rememberOp } from './remembered.ops.js';
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
} from './session.store.js';

/** A session where it lies, and what says that it lives: nothing, if it is nobody's. */
interface Living extends Held {
  readonly index: PrincipalIndex | undefined;
}

const CLAIM_NAME_BYTES = 8;

/**
 * A store over a backend that can `read` a text and `swap` it for another one: extend it, say what the backend does in
 * `capabilities`, and every promise of {@link SessionStore} holds that holds for `swap`.
 *
 * Calls of one session, or of one principal, queue within the process; those of several processes meet in `swap`, and whoever
 * loses looks again.
 *
 * A session without a principal lies under its key, and needs no more. Those of a principal are named by an index besides,
 * under the principal's tag and `.index`: see `compare-and-swap.index.ts`.
 */
export abstract class CompareAndSwapStore extends SessionStore {
  readonly #queue = new KeyedQueue();
  readonly #backend: TextBackend = {
    read: (key) => this.read(key),
    swap: (key, expected, next, keepFor) => this.swap(key, expected, next, keepFor),
  };
  readonly #places = new SessionPlaces(this.#backend);
  readonly #principals = new PrincipalSessions(this.#backend, this.#places);

  /** The text under a key, exactly as it was written; `undefined` if there is none. Rejects if the backend failed. */
  protected abstract read(key: Key): Awaitable<string | undefined>;

  /**
   * Writes `next`, or deletes what is there if `next` is `undefined`, but only if what is there is exactly `expected`;
   * `undefined` stands for nothing. Look and write are one step for everybody who uses the backend: what a backend has for
   * that is a compare-and-swap, a conditional put, an `UPDATE … WHERE`, a lock. Rejects if the backend failed.
   *
   * @param keepFor - after so many milliseconds the backend may drop what was written; `0` when it deletes
   * @returns whether `expected` was there
   */
  protected abstract swap(
    key: Key,
    expected: string | undefined,
    next: string | undefined,
    keepFor: number,
  ): Awaitable<boolean>;

  /**
   * The keys in the backend, for {@link purge}: override it if the backend doesn't drop entries by itself.
   * @defaultValue none
   */
  protected keys(): Iterable<Key> | AsyncIterable<Key> {
    return [];
  }

  async get(key: Key, now: number): Promise<Found> {
    const [found, index] = await Promise.all([this.#places.find(key, now), this.#principals.indexFor(key)]);
    return index ? namedIn(index, found) : found;
  }

  touch(key: Key, now: number): Promise<boolean> {
    return this.#inTurn(tagOf(key), async () => {
      const held = await this.#find(key, now);
      if (!held) return false;
      const record = accessedAt(held.session.record, now);
      return (
        record.accessed === held.session.record.accessed || this.#replace(held, { ...held.session, record }, now, true)
      );
    });
  }

  async add(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    const { op, replaces } = options;
    const session = { kind: 'session', record, ops: op } as const;
    const put = await this.#inTurn(tagOf(key), () => this.#put(key, session));
    const added = put === 'added' && isPrincipals(key) ? await this.#enlist(key, record, options) : put;
    if (added !== 'exists' && added !== 'limit' && replaces !== undefined) await this.remove(replaces);
    return added;
  }

  change(key: Key, delta: Delta, now: number): Promise<Changed> {
    return this.#inTurn(tagOf(key), async () => {
      const held = await this.#find(key, now);
      if (!held) return 'gone';
      const { record, ops } = held.session;
      if (isRemembered(ops, delta.op)) return { version: record.version };
      if (delta.ifVersion !== undefined && delta.ifVersion !== record.version) return { conflict: record };
      const changed = changedBy(accessedAt(record, now), delta);
      const session = { kind: 'session', record: changed, ops: rememberOp(ops, delta.op) } as const;
      return this.#replace(held, session, now, { version: changed.version });
    });
  }

  rename(from: Key, to: Key, options: RenameOptions): Promise<Renamed> {
    const { op, now, forwardUntil, graceUntil, follows = true, isAuthenticated = false } = options;
    const name = randomText(CLAIM_NAME_BYTES);
    return this.#inTurn(tagOf(from), async () => {
      const held = await this.#find(from, now);
      if (!held) return 'gone';
      const { record, ops } = held.session;
      if (isRemembered(ops, op)) return 'done';
      if (!follows && held.key !== from) return (await this.read(to)) === undefined ? 'gone' : 'exists';
      const renamed = rotatedAt(record, now, isAuthenticated);
      const session = { kind: 'session', record: renamed, ops: rememberOp(ops, op) } as const;
      const forward = { kind: 'forward', successor: to, forwardUntil, graceUntil, claim: name, session } as const;
      // For as long as the session may lie where it lies now: a swap that finds it there finds the claim too.
      const keepUntil = Math.max(keepUntilOf(session), keepUntilOf(forward));
      const claim = await this.#places.claim(to, { kind: 'claim', name, from: held.key, keepUntil }, now);
      if (claim === AGAIN || claim === 'exists') return claim;
      if (held.index && !(await this.#principals.move(held.index, held, to, now))) return AGAIN;
      if (!(await this.#places.write(held.key, held.text, { ...forward, claim: claim.name }, now))) return AGAIN;
      // If the claim isn't there any more, somebody else came and settled it, or will: see that it is done.
      if (!(await this.#places.write(to, encodeEntry(claim), session, now))) await this.#places.locate(to, now);
      return 'done';
    });
  }

  remove(key: Key): Promise<boolean> {
    return this.#inTurn(tagOf(key), async () => {
      // Also what can't be read: whoever logs out must not leave a session to a process that can. At the start of time nothing
      // has expired: what is there is removed, whatever its deadline.
      const [place, index] = await Promise.all([this.#places.locate(key, -Infinity), this.#principals.indexFor(key)]);
      if (!place) return false;
      if (!(await this.swap(place.key, place.text, undefined, 0))) return AGAIN;
      if (!index || index.broken !== undefined || place.entry.kind === 'broken') return true;
      return this.#principals.drop(index, place.entry.record.handle);
    });
  }

  list(tag: string, now: number): Promise<readonly ListedSession[]> {
    return this.#principals.list(tag, now);
  }

  async removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    const ended = await this.#inTurn(tag, () => this.#principals.dismiss(tag, now, except));
    return ended === 'gone' ? ended : this.#principals.clear(ended, now);
  }

  async purge({ now, deadline }: PurgeOptions): Promise<Purged> {
    const started = performance.now();
    let removed = 0;
    let timeIsUp = false;
    for await (const key of this.keys()) {
      if (timeIsUp) return { completed: false, removed };
      if (isIndexKey(key)) await this.#purgeIndex(tagOf(key), now);
      else if (await this.#purgeKey(key, now)) removed++;
      timeIsUp = performance.now() - started >= deadline;
    }
    return { completed: true, removed };
  }

  /** Nothing to do, unless a subclass has something to close. */
  close(): Awaitable<void> {}

  /** Runs an attempt after all that came earlier for that tag in this process, and again as long as others are faster. */
  #inTurn<T>(tag: string, attempt: () => Promise<T | typeof AGAIN>): Promise<T> {
    return this.#queue.run(tag, () => attempted(attempt));
  }

  /** The live session of a key, or the one that key forwards to. */
  async #find(key: Key, now: number): Promise<Living | undefined> {
    const [held, index] = await Promise.all([this.#places.hold(key, now), this.#principals.indexFor(key)]);
    if (!held || (index && !index.members.has(held.session.record.handle))) return undefined;
    return { ...held, index };
  }

  /** Puts a new session where nothing is. One of a principal doesn't live by that. */
  async #put(key: Key, session: SessionEntry): Promise<'added' | 'exists' | typeof AGAIN> {
    if (await this.#places.write(key, undefined, session, session.record.accessed)) return 'added';
    const text = await this.read(key);
    if (text === undefined) return AGAIN;
    const there = decodeEntry(text);
    return there.kind === 'session' && isRemembered(there.ops, session.ops) ? 'added' : 'exists';
  }

  /** Lets a session of a principal live, if it may. */
  async #enlist(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    const { created: now, handle } = record;
    const displaced = await this.#inTurn(tagOf(key), () => this.#principals.enlist(key, record, options));
    const isRefused = displaced === 'limit';
    await this.#principals.clear(isRefused ? new Map([[handle, memberOf(key, record)]]) : displaced, now);
    if (isRefused) return displaced;
    return displaced.size === 0 ? 'added' : { displaced: [...displaced.keys()] };
  }

  /** @returns `answer`, if the session still was what it was */
  async #replace<T>(held: Living, session: SessionEntry, now: number, answer: T): Promise<T | typeof AGAIN> {
    const { index, key, text } = held;
    if (index && !(await this.#principals.keep(index, session.record, now))) return AGAIN;
    return (await this.#places.write(key, text, session, now)) ? answer : AGAIN;
  }

  async #purgeIndex(tag: string, now: number): Promise<void> {
    await this.#inTurn(tag, async () => (await this.#principals.purge(tag, now)) || AGAIN);
  }

  /** @returns whether a session was removed */
  async #purgeKey(key: Key, now: number): Promise<boolean> {
    const text = await this.read(key);
    if (text === undefined) return false;
    const entry = decodeEntry(text);
    if (entry.kind === 'broken' || now < keepUntilOf(entry)) return false;
    return (await this.swap(key, text, undefined, 0)) && entry.kind === 'session';
  }
}
