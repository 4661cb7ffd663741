import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../../src/session/session.record.js';
import {
  BrokenRecord,
  decodeHead,
  decodeRecord,
  encodeHead,
  encodeRecord,
  readText,
  type Readers,
} from '../../../src/store/record.codec.js';
import { recordOf } from '../fixtures/record.js';

const RECORD: SessionRecord = {
  format: 1,
  created: 1_700_000_000_000,
  accessed: 1_700_000_060_000,
  timeout: 1_800_000,
  touchInterval: 60_000,
  ends: 1_702_592_000_000,
  version: 3,
  persistent: true,
  handle: 'a-handle',
  seed: 'a-seed',
  consts: '{"user":"\\"a\\""}',
  attrs: new Map([
    ['count', '1'],
    ['__proto__', '"\u{1f600}\\n"'],
  ]),
};

/** What processes of format 1 have written. These lines never change. */
const GOLDEN_HEAD = '[1,1700000000000,1800000,60000,1702592000000,true,"a-handle","a-seed",null]';
const GOLDEN_RECORD =
  '[1,1700000000000,1800000,60000,1702592000000,true,"a-handle","a-seed",null,1700000060000,3,"{\\"user\\":\\"\\\\\\"a\\\\\\"\\"}",' +
  '[["count","1"],["__proto__","\\"\u{1f600}\\\\n\\""]]]';
const GOLDEN_LEAST = '[1,0,1,0,null,false,"","","a-principal",0,1,"",[]]';
const GOLDEN_ROTATED = '[1,0,1,0,null,false,"","",["a-principal","{\\"device\\":\\"a phone\\"}"],0,1,"",[],5,3]';

function headOf(record: SessionRecord): unknown {
  const { accessed: _accessed, version: _version, consts: _consts, attrs: _attrs, ...head } = record;
  return head;
}

describe('A record as text', () => {
  it('is what format 1 says, to the letter', () => {
    expect(encodeRecord(RECORD)).toBe(GOLDEN_RECORD);
    expect(encodeHead(RECORD)).toBe(GOLDEN_HEAD);
  });

  it('of format 1 is read as it was written', () => {
    expect(decodeRecord(GOLDEN_RECORD)).toEqual(RECORD);
    expect(decodeHead(GOLDEN_HEAD)).toEqual(headOf(RECORD));
    expect(decodeRecord(GOLDEN_LEAST)).toEqual(
      recordOf({ timeout: 1, persistent: false, principal: 'a-principal', handle: '', seed: '', consts: '' }),
    );
  });

  it('of a session that was rotated is what format 1 says, to the letter', () => {
    const owner = { principal: 'a-principal', labels: '{"device":"a phone"}' };
    const least = recordOf({ timeout: 1, persistent: false, handle: '', seed: '', consts: '' });
    const record = { ...least, ...owner, rotated: 5, authenticated: 3 };
    expect(encodeRecord(record)).toBe(GOLDEN_ROTATED);
    expect(decodeRecord(GOLDEN_ROTATED)).toEqual(record);
  });

  it.each(['principal', 'labels', 'rotated', 'authenticated'])('has no %s where there is none', (name) => {
    expect(decodeRecord(encodeRecord(RECORD))).not.toHaveProperty(name);
  });

  it.each<Partial<SessionRecord>>([{ rotated: 0 }, { authenticated: 0 }])('keeps %o, and nothing beside it', (part) => {
    expect(decodeRecord(encodeRecord({ ...RECORD, ...part }))).toStrictEqual({ ...RECORD, ...part });
  });

  it('has the labels of a principal beside it', () => {
    const labelled = { ...RECORD, principal: 'ann', labels: '{"device":"a \\"phone\\""}' };
    expect(encodeHead(labelled)).toBe(
      '[1,1700000000000,1800000,60000,1702592000000,true,"a-handle","a-seed",["ann","{\\"device\\":\\"a \\\\\\"phone\\\\\\"\\"}"]]',
    );
    expect(decodeHead(encodeHead(labelled))).toEqual(headOf(labelled));
    expect(decodeRecord(encodeRecord(labelled))).toEqual(labelled);
  });

  it('stays on one line', () => {
    expect(encodeRecord({ ...RECORD, consts: 'a\nb', attrs: new Map([['a\r\n', 'b\n\u2028']]) })).not.toContain('\n');
  });

  it('is broken wherever it is cut off', () => {
    for (const golden of [GOLDEN_RECORD, GOLDEN_ROTATED]) {
      for (let length = 0; length < golden.length; length++) {
        expect(() => decodeRecord(golden.slice(0, length))).toThrow(BrokenRecord);
      }
    }
    for (let length = 0; length < GOLDEN_HEAD.length; length++) {
      expect(() => decodeHead(GOLDEN_HEAD.slice(0, length))).toThrow(BrokenRecord);
    }
  });

  describe.each([GOLDEN_RECORD, GOLDEN_ROTATED].map((text) => ({ text })))('such as $text', ({ text }) => {
    const parts = JSON.parse(text) as unknown[];

    it.each(parts.map((_, index) => index))('is broken when part %i is missing, or something else', (index) => {
      expect(() => decodeRecord(JSON.stringify(parts.toSpliced(index, 1)))).toThrow(BrokenRecord);
      for (const other of [{}, [1], [['a', 1]], [['a', 'b', 'c']]]) {
        expect(() => decodeRecord(JSON.stringify(parts.with(index, other)))).toThrow(BrokenRecord);
      }
    });

    it('is broken when it has more than its parts', () => {
      expect(() => decodeRecord(JSON.stringify([...parts, 1]))).toThrow(BrokenRecord);
    });
  });

  it.each(['', 'null', '{}', '1', '"text"', '[]', '[null]', '["1"]', '[1e999]'])('is not %s', (text) => {
    expect(() => decodeRecord(text)).toThrow(BrokenRecord);
    expect(() => decodeHead(text)).toThrow(BrokenRecord);
  });

  it('of a newer format is broken, and says which it is', () => {
    expect(() => decodeRecord('[2,{"anything":"else"}]')).toThrow('its format is 2');
    expect(() => decodeHead('[2,{"anything":"else"}]')).toThrow('its format is 2');
  });

  it('that is broken is never shown', () => {
    for (const text of ['secret', '["secret"]', '[1,"secret"]', GOLDEN_RECORD.replace('1800000', '"secret"')]) {
      expect(() => decodeRecord(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('secret') }),
      );
    }
  });
});

describe('A process of a later format', () => {
  /** As it could be: times in seconds, and a country. */
  interface LaterRecord {
    readonly createdSeconds: number;
    readonly country: string | undefined;
    readonly attrs: ReadonlyMap<string, string>;
  }

  const readers: Readers<LaterRecord> = {
    1: (parts) => {
      const { created, attrs } = decodeRecord(JSON.stringify(parts));
      return { createdSeconds: created / 1_000, country: undefined, attrs };
    },
    2: ([, createdSeconds, country, attrs]) => ({
      createdSeconds: createdSeconds as number,
      country: country as string,
      attrs: new Map(attrs as [string, string][]),
    }),
  };

  it('reads its own records', () => {
    expect(readText('[2,1700000000,"at",[]]', readers)).toEqual({
      createdSeconds: 1_700_000_000,
      country: 'at',
      attrs: new Map(),
    });
  });

  it('still reads records of format 1', () => {
    expect(readText(GOLDEN_RECORD, readers)).toEqual({
      createdSeconds: 1_700_000_000,
      country: undefined,
      attrs: RECORD.attrs,
    });
  });
});
