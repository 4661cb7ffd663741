/** Values of another realm (node:vm, test runners such as Jest): the same rules, though no `instanceof` holds for them. */
import { createContext, runInContext, runInThisContext } from 'node:vm';
import { defaultCodec } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { portraitOf } from '../fixtures/portrait.js';

const elsewhere = createContext({});

describe('a value of another realm', () => {
  it.each([
    '({ a: [1, { b: "x" }], c: null })',
    '[]',
    '[, 1]',
    'new Date(5)',
    'new Date(NaN)',
    '/a+/gi',
    'new Map([[{ k: 1 }, new Set([1])]])',
    'new Set([NaN, "a"])',
    'Object.assign(Object.create(null), { a: 1 })',
    '({ u: undefined, z: -0, big: 5n })',
    'new Uint8Array([1, 2, 3]).subarray(1)',
    'new Float64Array([0.5])',
    'new BigInt64Array([-1n])',
    'new DataView(new Uint8Array([1, 2, 3]).buffer, 1)',
    'new Uint8Array([1, 2]).buffer',
  ])('comes back as the same value of this realm: %s', (code) => {
    const copy = defaultCodec.decode(defaultCodec.encode(runInContext(code, elsewhere)));
    expect(portraitOf(copy)).toBe(portraitOf(runInThisContext(code)));
  });

  it.each([
    '(() => 1)',
    'Symbol("s")',
    'new (class Account {})()',
    'new (class extends Map {})()',
    'new (class extends Array {})()',
    'new (class extends Date {})()',
    'new (class extends Uint8Array {})(1)',
    'new Error("no")',
    'new String("boxed")',
    'Promise.resolve(1)',
    'new WeakMap()',
    '({ get a() { return 1; } })',
    'Object.assign([], { named: 1 })',
    'Object.assign(new Map(), { named: 1 })',
    'JSON',
  ])('is refused where one of this realm is: %s', (code) => {
    expect(() => defaultCodec.encode(runInContext(code, elsewhere))).toThrow();
    expect(() => defaultCodec.encode(runInThisContext(code))).toThrow();
  });
});
