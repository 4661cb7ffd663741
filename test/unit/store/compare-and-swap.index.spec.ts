import { describe, expect, it } from 'vitest';
import { decodeIndex, encodeIndex, type Members } from '../../../src/store/compare-and-swap.index.js';

const KEY = 'principal-ab.index';
const MEMBERS: Members = new Map([
  ['one', { until: 120_000, keys: ['principal-ab.old', 'principal-ab.new'] }],
  ['"two"', { until: 60_000.5, keys: ['principal-ab.two'] }],
]);

/** What is in backends already, to the letter. */
const GOLDEN =
  '["index",5,["one",120000,"principal-ab.old","principal-ab.new"],["\\"two\\"",60000.5,"principal-ab.two"]]';

describe('An index', () => {
  it('is written and read to the letter', () => {
    expect(encodeIndex(MEMBERS, 5)).toBe(GOLDEN);
    expect(decodeIndex(KEY, GOLDEN)).toEqual({ key: KEY, text: GOLDEN, members: MEMBERS, written: 5 });
  });

  it('that isn’t there names nobody', () => {
    expect(decodeIndex(KEY, undefined)).toMatchObject({ text: undefined, members: new Map() });
  });

  it('is broken wherever it is cut off, and names nobody', () => {
    for (let length = 0; length < GOLDEN.length; length++) {
      const index = decodeIndex(KEY, GOLDEN.slice(0, length));
      expect(index).toMatchObject({ members: new Map(), broken: expect.any(String) });
    }
  });

  const parts = JSON.parse(GOLDEN) as unknown[][];

  it.each(parts.map((_, index) => index))('is broken when part %i is another one', (index) => {
    for (const other of [{}, 'text', null, [], [1, 2], ['handle', 'later'], ['handle', 1, 2]]) {
      expect(decodeIndex(KEY, JSON.stringify(parts.with(index, other as never)))).toHaveProperty('broken');
    }
  });

  it('that is broken is never shown', () => {
    for (const text of ['secret', '["secret"]', '["index","secret"]', '["index",0,["secret"]]']) {
      expect(decodeIndex(KEY, text).broken).not.toContain('secret');
    }
  });
});
