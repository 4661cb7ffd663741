/**
 * The variable attributes of a stored session in one request: decoded when asked for, and compared with what the store holds
 * when committed. So in-place changes count, and mere reads write nothing.
 */
import {
  type AttributeAccess,
  type AttributeRules,
  bytesOf,
  checkAttributeName,
  checkSize,
  encodeAttribute,
  isAbsent,
} from './attribute.rules.js';
import type { DraftAttributes } from './draft.attributes.js';

/** Changed attributes by name: their new text, or `undefined` if they are to go. */
export type AttributeChanges = ReadonlyMap<string, string | undefined>;

/** An attribute that was asked for, or set. */
interface Entry {
  readonly value: unknown;
  /** The text `value` had when last looked at. */
  readonly text: string | undefined;
  /** The text in the store that `value` comes from, or was committed as; `undefined` for none. */
  base: string | undefined;
  /** Which of the calls of `set` it comes from, 0 for none. */
  readonly written: number;
}

/** The attributes of a stored session. */
export class StoredAttributes implements AttributeAccess {
  readonly #rules: AttributeRules;
  /** The constant attributes: they count too. */
  readonly #consts: string;
  /** What the store has, as far as known. The record's own map until something is committed. */
  #texts: ReadonlyMap<string, string>;
  readonly #entries = new Map<string, Entry>();
  #writes = 0;
  /** Bytes of all attributes, by the texts last seen. Counted when first needed. */
  #size: number | undefined;
  /** Attributes that can't be read, of which that was said. */
  #reported: Set<string> | undefined;

  constructor(rules: AttributeRules, texts: ReadonlyMap<string, string>, consts: string) {
    this.#rules = rules;
    this.#texts = texts;
    this.#consts = consts;
  }

  /** The attributes of a session that was just added: the very values it was created with go on living. */
  static of(draft: DraftAttributes, rules: AttributeRules, texts: ReadonlyMap<string, string>, consts: string) {
    const attributes = new StoredAttributes(rules, texts, consts);
    for (const [name, text] of texts) attributes.#enter(name, draft.get(name), text, text, ++attributes.#writes);
    // What was set while the store was asked differs from the texts, and is committed with the request.
    for (const name of draft.unencoded) attributes.set(name, draft.get(name));
    return attributes;
  }

  /** How often something was set. */
  get writes(): number {
    return this.#writes;
  }

  get(name: string): unknown {
    const entry = this.#entries.get(name);
    if (entry) return entry.value;
    const text = this.#texts.get(name);
    if (text === undefined) return undefined;
    const value = this.#decode(name, text);
    if (value !== undefined) this.#enter(name, value, text, text);
    return value;
  }

  set(name: string, value: unknown): void {
    checkAttributeName(name);
    this.#enter(name, value, this.textOf(name, value), this.#baseOf(name), ++this.#writes);
  }

  *names(): Iterable<string> {
    for (const name of new Set([...this.#texts.keys(), ...this.#entries.keys()])) {
      if (this.get(name) !== undefined) yield name;
    }
  }

  /** The value the store has, as far as known, decoded anew: what an atomic change starts from. */
  stored(name: string): unknown {
    const text = this.#texts.get(name);
    return text === undefined ? undefined : this.#decode(name, text);
  }

  /** The text to store for a value, `undefined` for none. Throws what can't be stored, or is too much. */
  textOf(name: string, value: unknown): string | undefined {
    if (isAbsent(value)) return undefined;
    const text = encodeAttribute(this.#rules.codec, name, value);
    if (text !== this.#lastText(name)) this.#checkGrowth(name, text);
    return text;
  }

  /** What differs from the store, `undefined` if nothing does; with `only`, of that attribute alone. */
  changes(only?: string): AttributeChanges | undefined {
    let changes: Map<string, string | undefined> | undefined;
    for (const [name, { value, text: before, base, written }] of this.#entries) {
      if (only !== undefined && name !== only) continue;
      const text = isMutable(value) ? this.textOf(name, value) : before;
      if (text !== before) this.#enter(name, value, text, base, written);
      if (text !== base) (changes ??= new Map()).set(name, text);
    }
    return changes;
  }

  /** The store has taken these changes. */
  settle(changes: AttributeChanges): void {
    const texts = new Map(this.#texts);
    for (const [name, text] of changes) {
      if (text === undefined) texts.delete(name);
      else texts.set(name, text);
      const entry = this.#entries.get(name);
      if (entry) entry.base = text;
    }
    this.#texts = texts;
  }

  /** The store has taken `text`, and `value` is what it stands for; what was set here meanwhile comes after it. */
  settleValue(name: string, value: unknown, text: string | undefined, writes: number): void {
    const entry = this.#entries.get(name);
    if (!entry || !(entry.written > writes || this.#isChanged(name, entry))) this.#enter(name, value, text, text);
    this.settle(new Map([[name, text]]));
  }

  /**
   * Goes on from a fresher record: what was changed here stays changed, what was only read is read anew if it differs.
   *
   * @param isReread - whether that is so for an object too. If not, it stays what it is: whoever holds it may still change it
   */
  rebase(texts: ReadonlyMap<string, string>, isReread: (name: string) => boolean): void {
    for (const [name, entry] of this.#entries) {
      const fresh = texts.get(name);
      if (this.#isChanged(name, entry)) entry.base = fresh;
      else if (fresh !== entry.base && (isReread(name) || !isMutable(entry.value))) this.#entries.delete(name);
    }
    this.#texts = texts;
    this.#size = undefined;
  }

  /** What can't be stored any more was changed, too: the commit will say so. */
  #isChanged(name: string, { value, text, base }: Entry): boolean {
    if (!isMutable(value)) return text !== base;
    try {
      return encodeAttribute(this.#rules.codec, name, value) !== base;
    } catch {
      return true;
    }
  }

  #enter(name: string, value: unknown, text: string | undefined, base: string | undefined, written = 0): void {
    if (this.#size !== undefined) this.#size = this.#sizeWith(name, text);
    this.#entries.set(name, { value: value ?? undefined, text, base, written });
  }

  /** What makes a session smaller is let through: it may be larger than what is allowed by now. */
  #checkGrowth(name: string, text: string): void {
    const size = this.#sizeWith(name, text);
    if (size > (this.#size ?? 0)) checkSize(name, size, this.#rules.maxSize);
  }

  /** Bytes of all attributes, if this one had that text. */
  #sizeWith(name: string, text: string | undefined): number {
    this.#size ??= this.#count();
    return this.#size - bytesOf(name, this.#lastText(name)) + bytesOf(name, text);
  }

  #count(): number {
    let size = Buffer.byteLength(this.#consts);
    for (const [name, text] of this.#texts) if (!this.#entries.has(name)) size += bytesOf(name, text);
    for (const [name, { text }] of this.#entries) size += bytesOf(name, text);
    return size;
  }

  /** The text of the value as it was when last looked at. */
  #lastText(name: string): string | undefined {
    const entry = this.#entries.get(name);
    return entry ? entry.text : this.#texts.get(name);
  }

  #baseOf(name: string): string | undefined {
    const entry = this.#entries.get(name);
    return entry ? entry.base : this.#texts.get(name);
  }

  #decode(name: string, text: string): unknown {
    try {
      return this.#rules.codec.decode(text) ?? undefined;
    } catch {
      this.#reported ??= new Set();
      if (!this.#reported.has(name)) this.#rules.onUndecodable(name);
      this.#reported.add(name);
      return undefined;
    }
  }
}

/** Whether a value can change in place, without `set`. */
function isMutable(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
