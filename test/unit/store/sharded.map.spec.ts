/** A map in parts does as a map. */
import { expect, it } from 'vitest';
import { keyOf, newId } from '../../../src/session/session.id.js';
import { ShardedMap } from '../../../src/store/sharded.map.js';
import { SeededRandom } from '../fixtures/seeded.random.js';

it.each([1, 2, 3])('does as a map does, whatever is done to it (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const keys = Array.from({ length: 400 }, () => keyOf('sess', newId(18)));
  const parts = new ShardedMap<number>();
  const model = new Map<string, number>();
  for (let step = 0; step < 5_000; step++) {
    const key = keys[random.below(keys.length)] ?? '';
    expect(parts.get(key)).toBe(model.get(key));
    if (random.next() < 0.4) {
      parts.delete(key);
      model.delete(key);
    } else {
      parts.set(key, step);
      model.set(key, step);
    }
    expect(parts.size).toBe(model.size);
  }
});

it.each(['', 'k', 'tagg.key', 'tagg.\u{1f600}', '名前.名前'])('takes a key of any shape: %j', (key) => {
  const parts = new ShardedMap<number>();
  parts.set(key, 1);
  expect([parts.get(key), parts.get(`${key}x`), parts.size]).toEqual([1, undefined, 1]);
  parts.delete(key);
  expect([parts.get(key), parts.size]).toEqual([undefined, 0]);
});
