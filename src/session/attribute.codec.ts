/**
 * How attribute values become text. Plain JSON values are kept as JSON; what JSON can't carry exactly (Date, Map, Set,
 * BigInt, byte arrays, NaN, undefined in objects, shared and circular references, …) goes through devalue, marked by a
 * leading `~`. What neither can carry exactly is refused: a value never comes back as something else.
 */
import { parse, stringify } from 'devalue';
import { types } from 'node:util';

/** Turns attribute values into text and back. */
export interface AttributeCodec {
  /**
   * Throws what it can't carry exactly. Neither NUL nor lone surrogates may be in the text. The same value must give the same text: that is how in-place changes are found.
   * Never called with `null` or `undefined`: those delete an attribute.
   */
  encode(value: unknown): string;
  /** Throws on text that no `encode` wrote. Gives a new value each time. */
  decode(text: string): unknown;
}

/** Thrown by {@link defaultCodec}; the message says what the value is, and nothing of what it holds. */
export class UnstorableValue extends TypeError {
  override readonly name = 'UnstorableValue';
}

const TAGGED = '~';

/** The codec of sessions that name no other. */
export const defaultCodec: AttributeCodec = {
  encode(value) {
    if (isPlainJson(value, new Set())) return JSON.stringify(value);
    try {
      return TAGGED + stringify(value, { Bytes: reduceBytes });
    } catch {
      throw new UnstorableValue('holds something that can not be serialised');
    }
  },
  decode(text) {
    const value: unknown = text.startsWith(TAGGED) ? parse(text.slice(1), { Bytes: reviveBytes }) : JSON.parse(text);
    return value;
  },
};

/** Whether JSON carries the value exactly; throws if devalue doesn't either. */
function isPlainJson(value: unknown, seen: Set<object>): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'undefined':
    case 'bigint':
      return false;
    case 'object':
      return value === null || isPlainObjectGraph(value, seen);
    default:
      throw new UnstorableValue(`holds a ${typeof value}`);
  }
}

function isPlainObjectGraph(value: object, seen: Set<object>): boolean {
  // Met before: JSON would write it twice, or never end.
  if (seen.has(value)) return false;
  seen.add(value);
  const depth = prototypeDepth(value);
  if (Array.isArray(value) && depth === 2) return isPlainArray(value, seen);
  if (depth === 0) {
    arePropertiesPlain(value, seen);
    return false;
  }
  if (depth === 1 && hasObjectPrototype(value)) return arePropertiesPlain(value, seen);
  if (!isTaggable(value, depth) || (!ArrayBuffer.isView(value) && hasOwnProperties(value))) {
    throw new UnstorableValue(`holds an instance of ${value.constructor?.name || 'an unknown class'}`);
  }
  if (types.isMap(value)) for (const entry of value) entry.forEach((part) => isPlainJson(part, seen));
  if (types.isSet(value)) for (const member of value) isPlainJson(member, seen);
  return false;
}

function isPlainArray(array: readonly unknown[], seen: Set<object>): boolean {
  const properties = Reflect.ownKeys(array).length - 1; // length is one
  if (properties !== array.length) return isPlainSparseArray(array, properties, seen);
  let plain = true;
  for (let index = 0; index < array.length; index++) {
    if (!Object.hasOwn(array, index)) return isPlainSparseArray(array, properties, seen);
    plain = isPlainJson(array[index], seen) && plain;
  }
  return plain;
}

/** By its keys, not its length: that may be long beyond all bounds. JSON has no holes, devalue does. */
function isPlainSparseArray(array: readonly unknown[], properties: number, seen: Set<object>): false {
  const keys = Object.keys(array);
  if (properties !== keys.length || !keys.every((key) => isIndex(key, array.length))) {
    throw new UnstorableValue('holds an array with named properties');
  }
  for (const key of keys) isPlainJson(array[Number(key)], seen);
  return false;
}

function isIndex(key: string, length: number): boolean {
  return /^(0|[1-9]\d*)$/.test(key) && Number(key) < length;
}

function arePropertiesPlain(object: object, seen: Set<object>): boolean {
  let plain = true;
  for (const key of Reflect.ownKeys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (typeof key === 'symbol' || !property?.enumerable || property.get || property.set) {
      throw new UnstorableValue('holds an object with symbols, accessors or hidden properties');
    }
    plain = isPlainJson(property.value, seen) && plain;
  }
  return plain;
}

/**
 * Built-ins that devalue, or our own byte format, carries exactly; by their depth, subclasses are not among them. (Properties
 * that somebody gave to a byte array are not looked for: that would cost a step for each byte. They aren't carried.)
 */
function isTaggable(value: object, depth: number): boolean {
  if (types.isTypedArray(value)) {
    return depth === 3 ? Object.hasOwn(BYTE_ARRAYS, typedArrayName(value)) : depth === 4 && Buffer.isBuffer(value);
  }
  if (depth !== 2) return false;
  if (types.isRegExp(value)) return value.lastIndex === 0;
  return (
    types.isDate(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isDataView(value) ||
    (types.isArrayBuffer(value) && Reflect.get(value, 'resizable') !== true)
  );
}

/** How many prototypes a value has. Unlike comparing them, it also works for values of another realm (vm, Jest). */
function prototypeDepth(value: object): number {
  let depth = 0;
  for (let proto = prototypeOf(value); proto !== null; proto = prototypeOf(proto)) depth++;
  return depth;
}

/** Whether the one prototype is that of all objects, of whichever realm. */
function hasObjectPrototype(value: object): boolean {
  const proto = prototypeOf(value);
  return proto !== null && Object.hasOwn(proto, 'isPrototypeOf');
}

function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}

function hasOwnProperties(value: object): boolean {
  // A RegExp's lastIndex is its own, and checked elsewhere.
  return Reflect.ownKeys(value).some((key) => key !== 'lastIndex');
}

/** The kinds of byte arrays, by the name they are stored under. */
const BYTE_ARRAYS = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
} as const;

/**
 * Just the bytes in view. (devalue would store the whole buffer behind them: for a Buffer of Node's that is a shared
 * pool, with other people's bytes in it.)
 */
function reduceBytes(value: unknown): [name: string, base64: string] | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const name = Buffer.isBuffer(value) ? 'Buffer' : types.isDataView(value) ? 'DataView' : typedArrayName(value);
  return [name, bytes.toString('base64')];
}

function typedArrayName(value: ArrayBufferView): string {
  return Reflect.get(value, Symbol.toStringTag) as string;
}

function reviveBytes([name, base64]: [name: string, base64: string]): unknown {
  const bytes = Buffer.from(base64, 'base64');
  if (name === 'Buffer') return bytes;
  if (!Object.hasOwn(BYTE_ARRAYS, name)) throw new TypeError('unknown kind of byte array');
  // A copy: the buffer of a view must be its own, and aligned.
  const ByteArray: new (buffer: ArrayBuffer) => ArrayBufferView = BYTE_ARRAYS[name as keyof typeof BYTE_ARRAYS];
  return new ByteArray(new Uint8Array(bytes).buffer);
}
