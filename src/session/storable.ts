/** What the default codec brings back as what it was, as a type. */

type Primitive = string | number | boolean | bigint | null | undefined;
type Bytes = Uint8Array | ArrayBuffer;

/** Of what can't be stored, something that no value has: so the compiler names the attribute. */
interface NotStorable<T> {
  readonly 'this type can’t be an attribute': T;
}

/**
 * `T`, if it can be an attribute: texts, numbers, booleans, BigInts, Dates, RegExps, byte arrays, and Maps, Sets, arrays and plain
 * objects of these. What else is in it becomes something that `T` isn't assignable to. (Instances of classes pass for plain objects
 * as long as they have no methods: types don't tell.)
 */
export type Storable<T> = T extends Primitive | Date | RegExp | Bytes
  ? T
  : T extends symbol | ((...args: never) => unknown)
    ? NotStorable<T>
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<Storable<K>, Storable<V>>
      : T extends ReadonlySet<infer V>
        ? ReadonlySet<Storable<V>>
        : T extends object
          ? StorableAttributes<T>
          : T;

/** Attributes all of which can be stored. */
export type StorableAttributes<T> = { [K in keyof T]: Storable<T[K]> };
