/** The constant attributes: given at creation, frozen, kept as one text. */
import { type AttributeRules, bytesOf, checkAttributeName, checkSize, encodeAttribute } from './attribute.rules.js';

export class ConstantAttributes {
  readonly #values: Map<string, unknown>;
  readonly #rules: AttributeRules | undefined;
  readonly #text: string;
  /** The texts of those that weren't asked for yet. Read when first needed. */
  #texts: Map<string, string> | undefined;

  private constructor(values: Map<string, unknown>, text: string, rules?: AttributeRules) {
    this.#values = values;
    this.#text = text;
    this.#rules = rules;
  }

  /** Those of a new session. What `add` writes of them is what they are from then on. */
  static of(given: object): ConstantAttributes {
    const values = new Map<string, unknown>();
    for (const [name, value] of Object.entries(given)) {
      checkAttributeName(name);
      if (value !== undefined && value !== null) values.set(name, value);
    }
    return new ConstantAttributes(values, '{}');
  }

  /** Those of a record. Text that can't be read counts as no attributes, and is reported. */
  static parse(text: string, rules: AttributeRules): ConstantAttributes {
    return new ConstantAttributes(new Map(), text, rules);
  }

  get(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    const text = this.#read().get(name);
    if (text === undefined || this.#rules === undefined) return undefined;
    const value = decodeFrozen(this.#rules, name, text);
    this.#values.set(name, value);
    return value;
  }

  names(): Iterable<string> {
    return new Set([...this.#read().keys(), ...this.#values.keys()]);
  }

  #read(): Map<string, string> {
    this.#texts ??= parseTexts(this.#text, this.#rules);
    return this.#texts;
  }

  /** All of them as one text; throws what can't be stored, naming the attribute. */
  serialise(rules: AttributeRules): string {
    let size = 1; // {
    const texts = [...this.#values].map(([name, value]) => {
      const text = encodeAttribute(rules.codec, name, value);
      size += bytesOf(JSON.stringify(name), JSON.stringify(text)) + 2; // : and , or }
      checkSize(name, size, rules.maxSize);
      return [name, text] as const;
    });
    return JSON.stringify(Object.fromEntries(texts));
  }
}

function parseTexts(text: string, rules: AttributeRules | undefined): Map<string, string> {
  const parsed = parseJson(text);
  if (areTexts(parsed)) return new Map(Object.entries(parsed));
  rules?.onUndecodable('constant attributes');
  return new Map();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function areTexts(parsed: unknown): parsed is Record<string, string> {
  return (
    typeof parsed === 'object' && parsed !== null && Object.values(parsed).every((text) => typeof text === 'string')
  );
}

function decodeFrozen(rules: AttributeRules, name: string, text: string): unknown {
  try {
    return deepFreeze(rules.codec.decode(text));
  } catch {
    rules.onUndecodable(name);
    return undefined;
  }
}

/** Freezes plain objects and arrays, all the way down. (What else there is, a Date or a Map, can't be frozen.) */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
