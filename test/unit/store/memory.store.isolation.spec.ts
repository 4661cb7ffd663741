/** Records are isolated: what anybody does to one that was given or got changes nothing in the store. */
import { type Found, MemoryStore, type SessionRecord } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordOf } from '../fixtures/record.js';

const KEY = 'tagg.key';

/** A record as somebody without respect for `readonly` sees it. */
type Careless = { -readonly [K in keyof SessionRecord]: SessionRecord[K] } & { attrs: Map<string, string> };

let store: MemoryStore;
let given: Careless;

beforeEach(() => {
  store = new MemoryStore();
  given = recordOf({ attrs: new Map([['a', '1']]) }) as Careless;
  store.add(KEY, given, { op: 'add' });
});

function recordIn(found: Found): Careless {
  if (!found || !('record' in found)) throw new Error('no record');
  return found.record as Careless;
}

function spoil(record: Careless): void {
  record.version = 99;
  record.timeout = 0;
  record.consts = 'spoilt';
  record.attrs.set('a', 'spoilt');
  record.attrs.set('b', 'spoilt');
}

function expectUnspoilt(): void {
  expect(recordIn(store.get(KEY, 1))).toEqual(recordOf({ attrs: new Map([['a', '1']]) }));
}

describe('nothing in the store is changed by changing', () => {
  it('a record that was added', () => {
    spoil(given);
    expectUnspoilt();
  });

  it('a record that was read', () => {
    spoil(recordIn(store.get(KEY, 1)));
    expectUnspoilt();
  });

  it('a record that a conflict gave back', () => {
    const changed = store.change(KEY, { set: new Map(), unset: [], op: 'x', ifVersion: 7 }, 0);
    if (changed === 'gone' || !('conflict' in changed)) throw new Error('no conflict');
    spoil(changed.conflict as Careless);
    expectUnspoilt();
  });

  it('the delta of a change that was made', () => {
    const set = new Map([['a', '1']]);
    store.change(KEY, { set, unset: [], op: 'x' }, 0);
    set.set('a', 'spoilt');
    expect(recordIn(store.get(KEY, 1)).attrs).toEqual(new Map([['a', '1']]));
  });
});

it('a record that was read is what it was when it was read', () => {
  const read = recordIn(store.get(KEY, 1));
  store.change(KEY, { set: new Map([['a', '2']]), unset: [], op: 'x' }, 1);
  store.touch(KEY, 50);
  expect(read).toEqual(recordOf({ attrs: new Map([['a', '1']]) }));
});

it('two stores know nothing of each other', () => {
  expect(new MemoryStore().get(KEY, 1)).toBeUndefined();
});
