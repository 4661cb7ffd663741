/** What may be an attribute, and how it is written: the same for constant and variable ones, stored or not. */
import { type AttributeCodec, defaultCodec, UnstorableValue } from './attribute.codec.js';
import { SessionError } from './session.error.js';

/** How attributes are written, and how much of them. */
export interface AttributeRules {
  readonly codec: AttributeCodec;
  /** Most bytes of a session's serialised attributes, constant ones included. */
  readonly maxSize: number;
  /** Told of text that can't be read; the attribute counts as absent. */
  onUndecodable(name: string): void;
}

/** What a session asks of its variable attributes, stored or not. */
export interface AttributeAccess {
  get(name: string): unknown;
  /** `undefined` and `null` delete. */
  set(name: string, value: unknown): void;
  /** The names of what is there, in the order it was set. */
  names(): Iterable<string>;
}

/** The text of a value by the codec; throws what the codec refuses, naming the attribute. */
export function encodeAttribute(codec: AttributeCodec, name: string, value: unknown): string {
  try {
    const text: unknown = codec.encode(value);
    if (typeof text !== 'string') throw new UnstorableValue('has no text by the codec');
    // Ours escapes them.
    if (codec === defaultCodec || isStorableText(text)) return text;
    throw new UnstorableValue('has a text with NUL or lone surrogates by the codec');
  } catch (error) {
    // A codec of the user's may speak of the value; only our own is known not to.
    const reason = error instanceof UnstorableValue ? error.message : 'is refused by the codec';
    throw new SessionError(
      'ATTRIBUTE_REFUSED',
      `Attribute ${JSON.stringify(name)} ${reason}, so it can't be stored exactly.`,
    );
  }
}

/** Refuses names that some store can't keep: no NUL, no lone surrogates, 1 to 256 characters. */
export function checkAttributeName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name.length > 0 && name.length <= 256 && isStorableText(name)) return;
  throw new SessionError(
    'ATTRIBUTE_REFUSED',
    `An attribute's name must be a string of 1 to 256 characters without NUL and lone surrogates; given: ${JSON.stringify(name)?.slice(0, 80)}.`,
  );
}

/** Bytes an attribute takes, name included. */
export function bytesOf(name: string, text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(name) + Buffer.byteLength(text);
}

export function checkSize(name: string, size: number, maxSize: number): void {
  if (size <= maxSize) return;
  throw new SessionError(
    'ATTRIBUTES_TOO_LARGE',
    `Attribute ${JSON.stringify(name)} brings the session to ${size} bytes; allowed: maxSize, ${maxSize} bytes.`,
  );
}

export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Whether every store can keep it. */
function isStorableText(text: string): boolean {
  return !/\p{Surrogate}|\0/u.test(text);
}
