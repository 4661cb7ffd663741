/** Random texts come from a pool that is refilled: no one comes twice. */
import { expect, it } from 'vitest';
import { randomText } from '../../../src/session/random.text.js';

it.each([1, 3, 16, 18, 180])('%i bytes are that many, however often they are asked for', (bytes) => {
  for (let count = 0; count < 1_000; count++) {
    expect(Buffer.from(randomText(bytes), 'base64url')).toHaveLength(bytes);
  }
});

it('none comes twice, and none is what a used pool holds', () => {
  const texts = Array.from({ length: 10_000 }, () => randomText(18));
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts).not.toContain('A'.repeat(24));
});
