/** Which keys are those of principals' sessions, by their tag. */
import { tagOf } from '../session/session.id.js';
import type { Key } from '../session/session.record.js';
import { ShardedMap } from './sharded.map.js';

/** A tag of a principal is a digest, or the beginning of one. */
const DIGEST_LENGTH = 12;

export class MemoryPrincipals {
  readonly #keys = new ShardedMap<Set<Key>>(DIGEST_LENGTH);

  /** May change while it is walked through. */
  keysOf(tag: string): Iterable<Key> {
    return this.#keys.get(tag) ?? [];
  }

  add(key: Key): void {
    const tag = tagOf(key);
    const keys = this.#keys.get(tag);
    if (keys) keys.add(key);
    else this.#keys.set(tag, new Set([key]));
  }

  delete(key: Key): void {
    const tag = tagOf(key);
    const keys = this.#keys.get(tag);
    if (keys?.delete(key) && keys.size === 0) this.#keys.delete(tag);
  }
}
