/** A map in parts, by the digests in its keys: growing and shrinking go part by part, so that no step takes long. */

/**
 * One for each character: those of a digest, 64, share everything evenly. At a million sessions a part has 16,000, and a step
 * over one stays under a millisecond.
 */
const PARTS = 128;
/** Characters of a SHA-256 in base64url. */
const DIGEST_LENGTH = 43;

export class ShardedMap<T> {
  readonly #digestLength: number;
  readonly #parts: (Map<string, T> | undefined)[] = Array.from({ length: PARTS }, () => undefined);
  #size = 0;

  /** @param digestLength - characters of a digest at the end of each key */
  constructor(digestLength: number = DIGEST_LENGTH) {
    this.#digestLength = digestLength;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): T | undefined {
    return this.#parts[this.#partOf(key)]?.get(key);
  }

  set(key: string, item: T): void {
    const number = this.#partOf(key);
    const part = (this.#parts[number] ??= new Map<string, T>());
    this.#size -= part.size;
    part.set(key, item);
    this.#size += part.size;
  }

  delete(key: string): void {
    if (this.#parts[this.#partOf(key)]?.delete(key)) this.#size--;
  }

  /**
   * By the first character of the digest: it lies beside the hash that the Map reads, so that most lookups touch no further
   * line of memory. (A key without a digest has no such character, and all of these share a part.)
   */
  #partOf(key: string): number {
    return key.charCodeAt(key.length - this.#digestLength) & (PARTS - 1);
  }
}
