/**
 * Where sessions lie in a backend that swaps texts, and how they get from one key to another there.
 *
 * A rename needs two keys, and no transaction. The new key is claimed first, and nothing lives there. Then one swap turns
 * the session under the old key into a forward that holds it, and names the claim: from then on it lives under the new
 * key, and nowhere else. Then the claim is replaced by the session: by the renaming call, or by whoever comes there next
 * if that one didn't come so far.
 */
import type { Awaitable } from '../session/awaitable.js';
import { isLive, type Key } from '../session/session.record.js';
import { AGAIN, attempted } from './compare-and-swap.attempts.js';
import {
  type BrokenEntry,
  type ClaimEntry,
  decodeEntry,
  encodeEntry,
  keepUntilOf,
  type SessionEntry,
  type StoredEntry,
} from './compare-and-swap.entry.js';
import type { Found } from './session.store.js';

/** What a backend can do: see `CompareAndSwapStore`. */
export interface TextBackend {
  read(key: Key): Awaitable<string | undefined>;
  swap(key: Key, expected: string | undefined, next: string | undefined, keepFor: number): Awaitable<boolean>;
}

/** A session where it lies, or something that can't be read, and the text it lies there as. */
export interface Located {
  readonly key: Key;
  readonly text: string;
  readonly entry: SessionEntry | BrokenEntry;
}

/** A session where it lies. */
export interface Held {
  readonly key: Key;
  readonly text: string;
  readonly session: SessionEntry;
}

export class SessionPlaces {
  readonly #backend: TextBackend;

  constructor(backend: TextBackend) {
    this.#backend = backend;
  }

  /** What a key leads to. A pure read. */
  async find(key: Key, now: number): Promise<Found> {
    const text = await this.#backend.read(key);
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

  /** The live session of a key, or the one that key forwards to. */
  async hold(key: Key, now: number): Promise<Held | undefined> {
    const located = await this.locate(key, now);
    if (located?.entry.kind !== 'session') return undefined;
    return { key: located.key, text: located.text, session: located.entry };
  }

  /** As {@link hold}, but also something that can't be read. At the start of time nothing has expired, and every forward leads on. */
  locate(key: Key, now: number): Promise<Located | undefined> {
    let place = key;
    return attempted(async () => {
      const text = await this.#backend.read(place);
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
          return AGAIN;
        case 'claim': {
          const fate = await this.#fateOf(entry);
          if (typeof fate === 'string') return undefined;
          // Whether it was this swap or somebody else's: the claim is settled, and the next look finds what became of it.
          await this.write(place, text, fate, Math.max(now, fate.record.accessed));
          return AGAIN;
        }
      }
    });
  }

  /** @returns whether `expected` was there */
  write(key: Key, expected: string | undefined, entry: StoredEntry, now: number): Awaitable<boolean> {
    return this.#backend.swap(key, expected, encodeEntry(entry), Math.max(1, Math.ceil(keepUntilOf(entry) - now)));
  }

  /**
   * Claims a key. A claim of the same session that lies there already isn't replaced, since another call may be about to
   * hand the session over to it: it is shared, and the first one to hand over wins.
   */
  async claim(key: Key, claim: ClaimEntry, now: number): Promise<ClaimEntry | 'exists' | typeof AGAIN> {
    if (await this.write(key, undefined, claim, now)) return claim;
    const text = await this.#backend.read(key);
    if (text === undefined) return AGAIN;
    const there = decodeEntry(text);
    if (there.kind !== 'claim') return 'exists';
    if (there.from !== claim.from && (await this.#fateOf(there)) !== 'void') return 'exists';
    const name = there.from === claim.from ? there.name : claim.name;
    const next = { ...claim, name, keepUntil: Math.max(there.keepUntil, claim.keepUntil) };
    return (await this.write(key, text, next, now)) ? next : AGAIN;
  }

  /** The session that was handed over to a claim; or whether that may still happen. */
  async #fateOf(claim: ClaimEntry): Promise<SessionEntry | 'open' | 'void'> {
    const text = await this.#backend.read(claim.from);
    if (text === undefined) return 'void';
    const entry = decodeEntry(text);
    if (entry.kind !== 'forward') return 'open';
    return entry.claim === claim.name ? entry.session : 'void';
  }
}

function foundIn({ record }: SessionEntry, now: number): Found {
  return isLive(record, now) ? { record } : { expired: record.handle };
}
