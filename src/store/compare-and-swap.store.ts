/** The whole store contract for backends that can do no more than read a text and swap it for another one. */
import type { Awaitable } from '../session/awaitable.js';
import { KeyedQueue } from '../session/keyed.queue.js';
import { SessionError } from '../session/session.error.js';
import { randomText } from '../session/random.text.js';
import { tagOf } from '../session/session.id.js';
import {
  accessedAt,
  type Changed,
  changedBy,
  type Delta,
  isLive,
  type Key,
  type SessionRecord,
} from '../session/session.record.js';
import {
  type BrokenEntry,
  type ClaimEntry,
  decodeEntry,
  encodeEntry,
  keepUntilOf,
  type SessionEntry,
  type StoredEntry,
} from './compare-and-swap.entry.js';
import { isRemembered, rememberOp } from './remembered.ops.js';
import {
  type Added,
  type AddOptions,
  type Found,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  SessionStore,
} from './session.store.js';

/** A session where it lies, or something that can't be read, and the text it lies there as. */
interface Located {
  readonly key: Key;
  readonly text: string;
  readonly entry: SessionEntry | BrokenEntry;
}

/** A session where it lies. */
interface Held {
  readonly key: Key;
  readonly text: string;
  readonly session: SessionEntry;
}

/** Whoever comes to no end in so many isn't unlucky: the backend doesn't give back the texts that it was given. */
const MOST_ATTEMPTS = 1_000;
const CLAIM_NAME_BYTES = 8;
/** What an attempt answers when somebody else was faster. */
const LOST = Symbol('lost');

/**
 * A store over a backend that can `read` a text and `swap` it for another one: extend it, say what the backend does in
 * `capabilities`, and every promise of {@link SessionStore} holds that holds for `swap`.
 *
 * Calls of one session queue within the process; those of several processes meet in `swap`, and whoever loses looks again.
 *
 * A rename needs two keys, and no transaction. The new key is claimed first, and nothing lives there. Then one swap turns
 * the session under the old key into a forward that holds it, and names the claim: from then on it lives under the new
 * key, and nowhere else. Then the claim is replaced by the session: by the renaming call, or by whoever comes there next
 * if that one didn't come so far.
 */
export abstract class CompareAndSwapStore extends SessionStore {
  readonly #queue = new KeyedQueue();

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
    const text = await this.read(key);
    if (text === undefined) return undefined;
    const entry = decodeEntry(text);
    switch (entry.kind) {
      case 'broken':
        return { broken: entry.why };
      case 'forward':
        return now < entry.forwardUntil ? { successor: entry.successor, graceUntil: entry.graceUntil } : undefined;
      case 'session':
        return foundIn(entry, now);
      case 'claim': {
        const fate = await this.#fateOf(entry);
        return typeof fate === 'string' ? undefined : foundIn(fate, now);
      }
    }
  }

  touch(key: Key, now: number): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const held = await this.#find(key, now);
      if (!held) return false;
      const record = accessedAt(held.session.record, now);
      return (
        record.accessed === held.session.record.accessed || this.#replace(held, { ...held.session, record }, now, true)
      );
    });
  }

  async add(key: Key, record: SessionRecord, { op, replaces }: AddOptions): Promise<Added> {
    const entry = { kind: 'session', record, ops: op } as const;
    const added = await this.#inTurn(key, async () => {
      if (await this.#write(key, undefined, entry, record.accessed)) return 'added';
      const text = await this.read(key);
      if (text === undefined) return LOST;
      const there = decodeEntry(text);
      return there.kind === 'session' && isRemembered(there.ops, op) ? 'added' : 'exists';
    });
    if (added === 'added' && replaces !== undefined) await this.remove(replaces);
    return added;
  }

  change(key: Key, delta: Delta, now: number): Promise<Changed> {
    return this.#inTurn(key, async () => {
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
    const { op, now, forwardUntil, graceUntil } = options;
    const name = randomText(CLAIM_NAME_BYTES);
    return this.#inTurn(from, async () => {
      const held = await this.#find(from, now);
      if (!held) return 'gone';
      const { record, ops } = held.session;
      if (isRemembered(ops, op)) return 'done';
      const session = { kind: 'session', record, ops: rememberOp(ops, op) } as const;
      const forward = { kind: 'forward', successor: to, forwardUntil, graceUntil, claim: name, session } as const;
      // For as long as the session may lie where it lies now: a swap that finds it there finds the claim too.
      const keepUntil = Math.max(keepUntilOf(session), keepUntilOf(forward));
      const claim = await this.#claim(to, { kind: 'claim', name, from: held.key, keepUntil }, now);
      if (claim === LOST || claim === 'exists') return claim;
      if (!(await this.#write(held.key, held.text, { ...forward, claim: claim.name }, now))) return LOST;
      // If the claim isn't there any more, somebody else came and settled it, or will: see that it is done.
      if (!(await this.#write(to, encodeEntry(claim), session, now))) await this.#find(to, now);
      return 'done';
    });
  }

  remove(key: Key): Promise<boolean> {
    return this.#inTurn(key, async () => {
      // Also what can't be read: whoever logs out must not leave a session to a process that can. At the start of time nothing
      // has expired: what is there is removed, whatever its deadline.
      const place = await this.#locate(key, -Infinity);
      if (!place) return false;
      return (await this.swap(place.key, place.text, undefined, 0)) ? true : LOST;
    });
  }

  async purge({ now, deadline }: PurgeOptions): Promise<Purged> {
    const started = performance.now();
    let removed = 0;
    let timeIsUp = false;
    for await (const key of this.keys()) {
      if (timeIsUp) return { completed: false, removed };
      if (await this.#purgeKey(key, now)) removed++;
      timeIsUp = performance.now() - started >= deadline;
    }
    return { completed: true, removed };
  }

  /** Nothing to do, unless a subclass has something to close. */
  close(): Awaitable<void> {}

  /** Runs an attempt after all that came earlier for that session in this process, and again as long as it loses. */
  #inTurn<T>(key: Key, attempt: () => Promise<T | typeof LOST>): Promise<T> {
    return this.#queue.run(tagOf(key), async () => {
      for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts++) {
        const answer = await attempt();
        if (answer !== LOST) return answer;
      }
      throw cameToNoEnd();
    });
  }

  /** The live session of a key, or the one that key forwards to. */
  async #find(key: Key, now: number): Promise<Held | undefined> {
    const located = await this.#locate(key, now);
    if (located?.entry.kind !== 'session') return undefined;
    return { key: located.key, text: located.text, session: located.entry };
  }

  async #locate(key: Key, now: number): Promise<Located | undefined> {
    let place = key;
    for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts++) {
      const text = await this.read(place);
      if (text === undefined) return undefined;
      const entry = decodeEntry(text);
      switch (entry.kind) {
        case 'broken':
          return { key: place, text, entry };
        case 'session':
          return isLive(entry.record, now) ? { key: place, text, entry } : undefined;
        case 'forward':
          if (now >= entry.forwardUntil) return undefined;
          place = entry.successor;
          break;
        case 'claim': {
          const fate = await this.#fateOf(entry);
          if (typeof fate === 'string') return undefined;
          // Whether it was this swap or somebody else's: the claim is settled, and the next look finds what became of it.
          await this.#write(place, text, fate, Math.max(now, fate.record.accessed));
        }
      }
    }
    throw cameToNoEnd();
  }

  /** The session that was handed over to a claim; or whether that may still happen. */
  async #fateOf(claim: ClaimEntry): Promise<SessionEntry | 'open' | 'void'> {
    const text = await this.read(claim.from);
    if (text === undefined) return 'void';
    const entry = decodeEntry(text);
    if (entry.kind !== 'forward') return 'open';
    return entry.claim === claim.name ? entry.session : 'void';
  }

  /**
   * Claims a key. A claim of the same session that lies there already isn't replaced, since another call may be about to
   * hand the session over to it: it is shared, and the first one to hand over wins.
   */
  async #claim(key: Key, claim: ClaimEntry, now: number): Promise<ClaimEntry | 'exists' | typeof LOST> {
    if (await this.#write(key, undefined, claim, now)) return claim;
    const text = await this.read(key);
    if (text === undefined) return LOST;
    const there = decodeEntry(text);
    if (there.kind !== 'claim') return 'exists';
    if (there.from !== claim.from && (await this.#fateOf(there)) !== 'void') return 'exists';
    const name = there.from === claim.from ? there.name : claim.name;
    const next = { ...claim, name, keepUntil: Math.max(there.keepUntil, claim.keepUntil) };
    return (await this.#write(key, text, next, now)) ? next : LOST;
  }

  /** @returns whether a session was removed */
  async #purgeKey(key: Key, now: number): Promise<boolean> {
    const text = await this.read(key);
    if (text === undefined) return false;
    const entry = decodeEntry(text);
    if (entry.kind === 'broken' || now < keepUntilOf(entry)) return false;
    return (await this.swap(key, text, undefined, 0)) && entry.kind === 'session';
  }

  /** @returns `answer`, if the session still was what it was */
  async #replace<T>(held: Held, session: SessionEntry, now: number, answer: T): Promise<T | typeof LOST> {
    return (await this.#write(held.key, held.text, session, now)) ? answer : LOST;
  }

  #write(key: Key, expected: string | undefined, entry: StoredEntry, now: number): Awaitable<boolean> {
    return this.swap(key, expected, encodeEntry(entry), Math.max(1, Math.ceil(keepUntilOf(entry) - now)));
  }
}

function foundIn({ record }: SessionEntry, now: number): Found {
  return isLive(record, now) ? { record } : undefined;
}

function cameToNoEnd(): SessionError {
  return new SessionError(
    'STORE_FAILED',
    `The session store came to no end in ${MOST_ATTEMPTS} attempts: does it give back texts exactly as they were written?`,
  );
}
