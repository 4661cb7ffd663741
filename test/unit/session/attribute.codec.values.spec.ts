/** Promise 9, first half: what an attribute can carry comes back as what it was. */
import { defaultCodec } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { portraitOf } from '../fixtures/portrait.js';

function back<T>(value: T): T {
  return defaultCodec.decode(defaultCodec.encode(value)) as T;
}

const OWN_PROTO: unknown = JSON.parse('{"__proto__":{"admin":true},"name":"Ann"}');

function nullPrototype(properties: object): object {
  return Object.assign(Object.create(null) as object, properties);
}

/** A few bytes amidst others. */
function bytesAmidst(): ArrayBuffer {
  return new Uint8Array([9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9]).buffer;
}

describe('a value comes back as what it was', () => {
  it.each([
    ['an empty string', ''],
    ['a string with NUL', 'a\0b'],
    ['a string of astral characters', 'ä😀\u{10ffff}'],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
    ['line separators', '\u2028\u2029\n\r'],
    ['a string that looks tagged', '~[["Date","2030-01-01"]]'],
    ['a string that looks like JSON', '{"a":1}'],
    ['zero', 0],
    ['negative zero', -0],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
    ['the smallest number', Number.MIN_VALUE],
    ['the greatest number', Number.MAX_VALUE],
    ['a fraction', 0.1 + 0.2],
    ['an unsafe integer', 2 ** 60],
    ['true', true],
    ['false', false],
    ['a BigInt', 2n ** 70n],
    ['a negative BigInt', -1n],
    ['BigInt zero', 0n],
  ])('%s', (_, value) => {
    expect(portraitOf(back(value))).toBe(portraitOf(value));
  });

  it.each([
    ['an empty object', {}],
    ['an empty array', []],
    ['null inside of an object', { a: null }],
    ['null inside of an array', [null]],
    ['undefined inside of an object', { a: undefined, b: 1 }],
    ['undefined inside of an array', [1, undefined, 3]],
    ['an array with holes', [, 1, , 2, ,]], // oxlint-disable-line no-sparse-arrays -- what is tested
    ['an array of nothing but holes', Array<number>(3)],
    ['an array with one element far out', Object.assign([], { 5_000: 'far' })],
    ['names in the order they were given', { z: 1, a: 2, 10: 3, 9: 4 }],
    ['names that objects inherit', { constructor: 1, hasOwnProperty: 2, toString: 'x', valueOf: null }],
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested
    ['names that others give a meaning to', { then: 'next', toJSON: 'no function', length: 7, '': 'empty' }],
    ['an own __proto__', OWN_PROTO],
    ['negative zero inside', { deep: [{ zero: -0 }] }],
    ['an object without prototype', nullPrototype({ a: 1 })],
    ['an object without prototype inside of one that has one', { inner: nullPrototype({ b: [1, new Date(0)] }) }],
    ['a deep one', { a: [{ b: [{ c: new Map([['d', new Set([[new Date(1)]])]]) }] }] }],
  ])('%s', (_, value) => {
    expect(portraitOf(back(value))).toBe(portraitOf(value));
  });

  it.each([
    ['a Date', new Date(Date.UTC(2030, 1, 28, 12, 30, 15, 999))],
    ['a Date before 1970', new Date(-1)],
    ['the last Date there is', new Date(8.64e15)],
    ['the first Date there is', new Date(-8.64e15)],
    ['an invalid Date', new Date(NaN)],
    ['a RegExp', /a\/b\n[^\]"]+/giu],
    ['an empty RegExp', new RegExp('')],
    ['a sticky RegExp', /x/y],
    ['an empty Map', new Map()],
    ['a Map in its order', new Map([['z', 1], ['a', 2]])], // prettier-ignore
    ['a Map with odd keys', new Map<unknown, unknown>([[NaN, 1], [undefined, 2], [null, 3], [{ a: 1 }, 4], [1n, 5], [1, 6], ['1', 7]])], // prettier-ignore
    ['an empty Set', new Set()],
    ['a Set with odd members', new Set([NaN, undefined, null, { a: 1 }, 1n, 1, '1', new Date(5)])],
    ['Maps in Maps', new Map([['outer', new Map([['inner', new Set([1, 2])]])]])],
  ])('%s', (_, value) => {
    expect(portraitOf(back(value))).toBe(portraitOf(value));
  });

  it.each([
    ['a Buffer', () => Buffer.from([0, 1, 255])],
    ['an empty Buffer', () => Buffer.alloc(0)],
    ['a Buffer inside', () => ({ token: Buffer.from('bytes') })],
    ['a part of a Buffer', () => Buffer.from('a long text').subarray(2, 6)],
    ['an ArrayBuffer', () => new Uint8Array([1, 2, 3]).buffer],
    ['an empty ArrayBuffer', () => new ArrayBuffer(0)],
    ['a DataView', () => new DataView(new Uint8Array([1, 2, 3]).buffer)],
    ['a DataView of a part', () => new DataView(bytesAmidst(), 8, 3)],
    ['an Int8Array', () => new Int8Array([-128, 127])],
    ['a Uint8Array', () => new Uint8Array([0, 255])],
    ['an empty Uint8Array', () => new Uint8Array()],
    ['a Uint8ClampedArray', () => new Uint8ClampedArray([0, 255])],
    ['an Int16Array', () => new Int16Array([-32_768, 32_767])],
    ['a Uint16Array', () => new Uint16Array([0, 65_535])],
    ['an Int32Array', () => new Int32Array([-(2 ** 31), 2 ** 31 - 1])],
    ['a Uint32Array', () => new Uint32Array([0, 2 ** 32 - 1])],
    ['a Float32Array', () => new Float32Array([-0, NaN, Infinity, 0.5])],
    ['a Float64Array', () => new Float64Array([-0, NaN, -Infinity, 0.1])],
    ['a BigInt64Array', () => new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n])],
    ['a BigUint64Array', () => new BigUint64Array([0n, 2n ** 64n - 1n])],
    ['a part of a Uint8Array', () => new Uint8Array(bytesAmidst(), 8, 5)],
    ['a part of a Uint16Array', () => new Uint16Array(bytesAmidst(), 8, 3)],
    ['a part of a Float64Array', () => new Float64Array(bytesAmidst(), 8, 1)],
    ['a part of a BigInt64Array', () => new BigInt64Array(bytesAmidst(), 8, 1)],
    ['several kinds at once', () => ({ a: new Uint8Array([1]), b: [Buffer.from([1]), new Int8Array([1])] })],
  ])('%s', (_, make) => {
    const value: unknown = make();
    expect(portraitOf(back(value))).toBe(portraitOf(value));
  });

  it('every kind of typed array that this runtime has comes back, or is refused', () => {
    const typedArray: unknown = Object.getPrototypeOf(Uint8Array);
    const kinds = Object.getOwnPropertyNames(globalThis).filter(
      (name) => Object.getPrototypeOf(Reflect.get(globalThis, name) ?? 0) === typedArray,
    );
    expect(kinds.length).toBeGreaterThanOrEqual(11);
    for (const kind of kinds) {
      const value: unknown = Reflect.construct(Reflect.get(globalThis, kind) as typeof Uint8Array, [2]);
      let text: string;
      try {
        text = defaultCodec.encode(value);
      } catch {
        continue;
      }
      expect(portraitOf(defaultCodec.decode(text))).toBe(portraitOf(value));
    }
  });
});

describe('bytes', () => {
  it("are stored without what surrounds them in Node's shared pool", () => {
    const neighbour = Buffer.from('the neighbour in the pool');
    const mine = Buffer.from('mine');
    expect(mine.buffer.byteLength).toBeGreaterThan(mine.byteLength); // or there is no pool, and nothing is tested
    const text = defaultCodec.encode(mine);
    expect(text).toContain(mine.toString('base64'));
    expect(text).not.toContain(neighbour.toString('base64').slice(0, 20));
    expect(text.length).toBeLessThan(60);
  });

  it.each([
    ['Uint8Array', new Uint8Array(bytesAmidst(), 8, 8), new Uint8Array(bytesAmidst().slice(8, 16))],
    ['Int32Array', new Int32Array(bytesAmidst(), 8, 2), new Int32Array(bytesAmidst().slice(8, 16))],
    ['DataView', new DataView(bytesAmidst(), 8, 8), new DataView(bytesAmidst().slice(8, 16))],
  ])('of a %s are stored as far as it views them, and no further', (_, view, copy) => {
    expect(defaultCodec.encode(view)).toBe(defaultCodec.encode(copy));
  });

  it.each([
    ['Uint8Array', new Uint8Array([1, 2, 3])],
    ['BigUint64Array', new BigUint64Array([1n])],
    ['DataView', new DataView(new ArrayBuffer(3))],
  ])('come back as a %s with a buffer of its own', (_, view) => {
    const { buffer, byteOffset } = back(view);
    expect([byteOffset, buffer.byteLength]).toEqual([0, view.byteLength]);
  });
});

describe('references', () => {
  it('to one object from several places lead to one object again', () => {
    const shared = { n: 1 };
    const { a, b, list } = back({ a: shared, b: shared, list: [shared] });
    expect(a).toBe(b);
    expect(list[0]).toBe(a);
    expect(a).toEqual({ n: 1 });
  });

  it('to one Buffer from several places lead to one Buffer again', () => {
    const shared = Buffer.from('once');
    const { a, b } = back({ a: shared, b: shared });
    expect(a).toBe(b);
  });

  it('from an object to itself lead to itself again', () => {
    const node: { self?: unknown; name: string } = { name: 'loop' };
    node.self = node;
    const copy = back(node);
    expect(copy).not.toBe(node);
    expect(copy.self).toBe(copy);
    expect(copy.name).toBe('loop');
  });

  it.each([
    ['array', (list: unknown[]) => list],
    ['Map', (list: unknown[]) => new Map([['list', list]])],
    ['Set', (list: unknown[]) => new Set([list])],
  ])('in a circle through one more %s close the circle again', (_, wrap) => {
    const list: unknown[] = [];
    const outer = wrap(list);
    list.push(outer);
    const copy = back(outer);
    const inner = copy instanceof Map ? copy.get('list') : copy instanceof Set ? [...copy][0] : copy;
    expect((inner as unknown[])[0]).toBe(copy);
  });
});

describe('the text of a value', () => {
  it('is plain JSON where JSON carries it exactly', () => {
    expect(defaultCodec.encode({ a: [1, 'x', null, true] })).toBe('{"a":[1,"x",null,true]}');
  });

  it('is the same each time, or reads would count as changes', () => {
    const value = { when: new Date(0), tags: new Set(['a', 'b']), bytes: Buffer.from('x'), plain: [1, 2] };
    const text = defaultCodec.encode(value);
    expect(defaultCodec.encode(value)).toBe(text);
    expect(defaultCodec.encode(defaultCodec.decode(text))).toBe(text);
  });

  it.each([
    ['plain', { list: [1] }],
    ['tagged', { list: [1], when: new Date(0) }],
  ])('gives a new %s value each time it is read', (_, value) => {
    const text = defaultCodec.encode(value);
    const [first, second] = [defaultCodec.decode(text), defaultCodec.decode(text)];
    expect(first).not.toBe(second);
    expect((first as typeof value).list).not.toBe((second as typeof value).list);
  });

  it.each(['', '{', '~', '~{', '~[', '~[["Bytes",1],["NoArray",""]]', '~[["Nothing",1],1]', 'undefined'])(
    '%j is none that was ever written, and throws',
    (text) => {
      expect(() => defaultCodec.decode(text)).toThrow();
    },
  );
});

it('a proxy of a plain object is stored as the object it shows', () => {
  expect(portraitOf(back(new Proxy({ a: 1 }, {})))).toBe(portraitOf({ a: 1 }));
});

it('an array costs what it holds, however long it says it is', () => {
  const sparse: string[] = [];
  // The longest there is: what looks at each place of it doesn't end within the time of a test.
  sparse[2 ** 32 - 2] = 'far';
  expect(back(sparse)).toHaveLength(2 ** 32 - 1);
});
