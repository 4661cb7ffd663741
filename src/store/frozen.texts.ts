/** A map of texts that nobody can change: it may be handed out as it is, again and again, without a copy. */

/** A list is read through up to so many, and beyond looked up in an index: a session may have thousands. */
const MAX_LISTED = 16;

export class FrozenTexts implements ReadonlyMap<string, string> {
  /** Names and texts in turn (a list of one takes 96 bytes, 16 more for each other one; a `Map` 184), or, of many, a map. */
  readonly #texts: readonly string[] | ReadonlyMap<string, string>;

  private constructor(texts: readonly string[] | ReadonlyMap<string, string>) {
    this.#texts = texts;
    Object.freeze(this);
  }

  /** The same texts, which no longer change with the map they come from. */
  static of(texts: ReadonlyMap<string, string>): FrozenTexts {
    if (texts instanceof FrozenTexts) return texts;
    return new FrozenTexts(texts.size > MAX_LISTED ? new Map(texts) : listOf(texts));
  }

  get size(): number {
    const texts = this.#texts;
    return isList(texts) ? texts.length / 2 : texts.size;
  }

  get(name: string): string | undefined {
    const texts = this.#texts;
    if (!isList(texts)) return texts.get(name);
    for (let at = 0; at < texts.length; at += 2) if (texts[at] === name) return texts[at + 1];
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  forEach(visit: (text: string, name: string, map: ReadonlyMap<string, string>) => void, thisArg?: unknown): void {
    for (const [name, text] of this) visit.call(thisArg, text, name, this);
  }

  *entries(): Generator<[string, string], undefined> {
    const texts = this.#texts;
    if (!isList(texts)) yield* texts;
    else for (let at = 0; at < texts.length; at += 2) yield [String(texts[at]), String(texts[at + 1])];
  }

  *keys(): Generator<string, undefined> {
    for (const [name] of this) yield name;
  }

  *values(): Generator<string, undefined> {
    for (const [, text] of this) yield text;
  }

  [Symbol.iterator](): Generator<[string, string], undefined> {
    return this.entries();
  }
}

function listOf(texts: ReadonlyMap<string, string>): string[] {
  const list: string[] = [];
  for (const [name, text] of texts) list.push(name, text);
  // A list that grew has room for more: 120 bytes for one attribute. Its copy has none.
  return list.slice();
}

function isList(texts: readonly string[] | ReadonlyMap<string, string>): texts is readonly string[] {
  return Array.isArray(texts);
}
