import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry, type StoredEntry } from '../../../src/store/compare-and-swap.entry.js';
import { recordOf } from '../fixtures/record.js';

const SESSION = { kind: 'session', ops: 'op2 op1', record: recordOf({ attrs: new Map([['a', '"\n"']]) }) } as const;

/** What is in backends already, to the letter. */
const GOLDEN: readonly (readonly [StoredEntry, string])[] = [
  [SESSION, '["session","op2 op1"]\n[1,0,60000,0,null,true,"handle","seed",null,0,1,"{}",[["a","\\"\\n\\""]]]'],
  [
    {
      kind: 'forward',
      successor: 'tag.new',
      forwardUntil: 60_000,
      graceUntil: 5_000,
      claim: 'name',
      session: { ...SESSION, record: recordOf() },
    },
    '["forward","op2 op1","tag.new",60000,5000,"name"]\n[1,0,60000,0,null,true,"handle","seed",null,0,1,"{}",[]]',
  ],
  [{ kind: 'claim', name: 'name', from: 'tag.old', keepUntil: 120_000 }, '["claim","name","tag.old",120000]'],
];

describe.each(GOLDEN)('An entry: %o', (entry, text) => {
  it('is written and read to the letter', () => {
    expect(encodeEntry(entry)).toBe(text);
    expect(decodeEntry(text)).toEqual(entry);
  });

  it('is broken wherever it is cut off', () => {
    for (let length = 0; length < text.length; length++) {
      expect(decodeEntry(text.slice(0, length))).toEqual({ kind: 'broken', why: expect.any(String) });
    }
  });

  it('is broken when a part of its first line is another one', () => {
    const [line = '', ...rest] = text.split('\n');
    const parts = JSON.parse(line) as unknown[];
    parts.forEach((_, index) => {
      const other = [JSON.stringify(parts.with(index, {})), ...rest].join('\n');
      expect(decodeEntry(other)).toEqual({ kind: 'broken', why: 'it is no record' });
    });
  });
});

describe('An entry', () => {
  it('with a record of a newer format is broken, and says which it is', () => {
    expect(decodeEntry('["session",""]\n[2,"anything"]')).toEqual({ kind: 'broken', why: 'its format is 2' });
  });

  it.each(['', 'hello', '{}', '[]', '["lease"]', '["session"]', '["claim","a","b","c"]'])('is not %s', (text) => {
    expect(decodeEntry(text).kind).toBe('broken');
  });
});
