/** The variable attributes of a session that isn't stored yet. */
import {
  type AttributeAccess,
  type AttributeRules,
  bytesOf,
  checkAttributeName,
  checkSize,
  encodeAttribute,
  isAbsent,
} from './attribute.rules.js';

/** Values as they are: they are checked and written when the session is added. */
export class DraftAttributes implements AttributeAccess {
  readonly values = new Map<string, unknown>();
  /** Those that were set, or deleted, since they were last encoded. */
  readonly unencoded = new Set<string>();

  get(name: string): unknown {
    return this.values.get(name);
  }

  set(name: string, value: unknown): void {
    checkAttributeName(name);
    this.unencoded.add(name);
    if (isAbsent(value)) this.values.delete(name);
    else this.values.set(name, value);
  }

  names(): Iterable<string> {
    return this.values.keys();
  }
}

/** The texts of a new session's attributes; throws what can't be stored, or is too much, naming the attribute. */
export function encodeDraft(draft: DraftAttributes, rules: AttributeRules, fixedSize: number): Map<string, string> {
  const texts = new Map<string, string>();
  draft.unencoded.clear();
  let size = fixedSize;
  for (const [name, value] of draft.values) {
    const text = encodeAttribute(rules.codec, name, value);
    checkSize(name, (size += bytesOf(name, text)), rules.maxSize);
    texts.set(name, text);
  }
  return texts;
}
