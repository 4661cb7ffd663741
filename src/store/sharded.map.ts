/** A map in parts, by the keys of sessions: growing and shrinking go part by part, so that no step takes long. */
import type { Key } from '../session/session.record.js';

/**
 * One for each character: those of a digest, 64, share everything evenly. At a million sessions a part has 16,000, and a step
 * over one stays under a millisecond.
 */
const PARTS = 128;
/** Characters of a SHA-256 in base64url. */
const DIGEST_LENGTH = 43;

export class ShardedMap<T> {
  readonly #parts: (Map<Key, T> | undefined)[] = Array.from({ length: PARTS }, () => undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: Key): T | undefined {
    return this.#parts[partOf(key)]?.get(key);
  }

  set(key: Key, item: T): void {
    const number = partOf(key);
    const part = (this.#parts[number] ??= new Map<Key, T>());
    this.#size -= part.size;
    part.set(key, item);
    this.#size += part.size;
  }

  delete(key: Key): void {
    if (this.#parts[partOf(key)]?.delete(key)) this.#size--;
  }
}

/**
 * By the first character of the digest: it lies beside the hash that the Map reads, so that most lookups touch no further
 * line of memory. (A key without a digest has no such character, and all of these share a part.)
 */
function partOf(key: Key): number {
  return key.charCodeAt(key.length - DIGEST_LENGTH) & (PARTS - 1);
}
