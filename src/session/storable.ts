/** What the default codec brings back as what it was, as a type. */

/**
 * `T`, if it can be an attribute: texts, numbers, booleans, BigInts, Dates, RegExps, byte arrays, and Maps, Sets, arrays and plain
 * objects of these. What else is in it becomes something that no value has: so the compiler names the attribute. (Instances of
 * classes pass for plain objects as long as they have no methods: types don't tell.)
 */
export type Storable<T> = T extends
  string | number | boolean | bigint | null | undefined | Date | RegExp | Uint8Array | ArrayBuffer
  ? T
  : T extends symbol | ((...args: never) => unknown)
    ? { readonly 'this type can’t be an attribute': T }
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<Storable<K>, Storable<V>>
      : T extends ReadonlySet<infer V>
        ? ReadonlySet<Storable<V>>
        : T extends object
          ? StorableAttributes<T>
          : T;

/** Attributes all of which can be stored. */
export type StorableAttributes<T> = { [K in keyof T]: Storable<T[K]> };
