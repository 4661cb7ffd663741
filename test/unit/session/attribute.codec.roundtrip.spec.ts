/** Promise 9 for values that nobody thought of: made up at random, the same ones in every run. */
import assert from 'node:assert/strict';
import { defaultCodec } from 'nestjs-http-session/core';
import { describe, it } from 'vitest';
import { portraitOf } from '../fixtures/portrait.js';
import { SeededRandom } from '../fixtures/seeded.random.js';

const VALUES = 3_000;

type Maker = (random: SeededRandom) => unknown;

const LEAVES: [Maker, ...Maker[]] = [
  text,
  (random) => random.below(1_000),
  (random) => (random.next() - 0.5) * 10 ** random.below(300),
  (random) => random.pick<unknown>([0, -0, NaN, Infinity, -Infinity, null, undefined, true, false]),
  (random) => BigInt(random.below(2 ** 30)) ** BigInt(random.below(4)) * random.pick([1n, -1n]),
  (random) => new Date(random.pick([NaN, 0, 1e12 * (random.next() - 0.5)])),
  (random) => new RegExp(random.pick(['a+', '[/"\\\\]', '(?<n>.)\\n']), random.pick(['', 'g', 'imsuy'])),
  bytes,
];

/** Any UTF-16, halves of pairs included. */
function text(random: SeededRandom): string {
  const units = Array.from({ length: random.below(8) }, () =>
    random.pick([random.below(128), random.below(0x10000), 0xd800 + random.below(0x800), 0]),
  );
  return String.fromCharCode(...units);
}

function bytes(random: SeededRandom): unknown {
  const buffer = Uint8Array.from({ length: 32 }, () => random.below(256)).buffer;
  const offset = 8 * random.below(3);
  return random.pick([
    () => Buffer.from(buffer, offset, random.below(8)),
    () => new Uint8Array(buffer, offset, random.below(8)),
    () => new Int16Array(buffer, offset, random.below(4)),
    () => new BigUint64Array(buffer, offset, 1),
    () => new DataView(buffer, offset, random.below(8)),
    () => buffer.slice(offset),
  ])();
}

/** A value with others inside. Those made before may appear again: shared, or around themselves. */
function value(random: SeededRandom, depth: number, seen: object[]): unknown {
  if (depth === 0 || random.next() < 0.3) return random.pick(LEAVES)(random);
  const reused = random.next() < 0.08 ? seen[random.below(seen.length)] : undefined;
  if (reused) return reused;
  const size = random.below(5);
  const part = () => value(random, depth - 1, seen);
  switch (random.below(5)) {
    case 0: {
      const array = remember<unknown[]>([]);
      for (let index = 0; index < size; index++) {
        if (random.next() < 0.1) array.length++;
        else array.push(part());
      }
      return array;
    }
    case 1: {
      const map = remember(new Map());
      for (let entry = 0; entry < size; entry++) map.set(part(), part());
      return map;
    }
    case 2: {
      const set = remember(new Set());
      for (let member = 0; member < size; member++) set.add(part());
      return set;
    }
    default: {
      const object = remember<Record<string, unknown>>(random.next() < 0.2 ? { __proto__: null } : {});
      for (let property = 0; property < size; property++) object[`${random.below(20)}${text(random)}`] = part();
      return object;
    }
  }

  function remember<T extends object>(made: T): T {
    seen.push(made);
    return made;
  }
}

describe('values made up at random', () => {
  it('come back as what they were', () => {
    for (let seed = 0; seed < VALUES; seed++) {
      const made = value(new SeededRandom(seed), 4, []) ?? 0;
      const copy = defaultCodec.decode(defaultCodec.encode(made));
      assert.equal(portraitOf(copy), portraitOf(made), `seed ${seed}`);
    }
  });

  it('have the same text once they came back: reading them is no change', () => {
    for (let seed = 0; seed < VALUES; seed++) {
      const text = defaultCodec.encode(value(new SeededRandom(seed), 4, []) ?? 0);
      assert.equal(defaultCodec.encode(defaultCodec.decode(text)), text, `seed ${seed}`);
    }
  });
});
