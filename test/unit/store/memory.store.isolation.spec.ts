/** Records are isolated: what anybody does to one that was given or got changes nothing in the store. */
import { type Found, MemoryStore, type SessionRecord } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { copyOf } from '../../../src/session/session.record.js';
import { recordOf } from '../fixtures/record.js';

const KEY = 'tagg.key';

let store: MemoryStore;
let given: SessionRecord & { attrs: Map<string, string> };

beforeEach(() => {
  store = new MemoryStore();
  given = { ...recordOf(), attrs: new Map([['a', '1']]) };
  store.add(KEY, given, { op: 'add' });
});

function recordIn(found: Found): SessionRecord {
  if (!found || !('record' in found)) throw new Error('no record');
  return found.record;
}

/** What somebody without respect for `readonly` does to an object. @returns the names of what let it happen */
function spoil(object: object): PropertyKey[] {
  const added = Reflect.defineProperty(object, 'added', { value: 'spoilt' }) ? ['added'] : [];
  const replaced = Reflect.setPrototypeOf(object, { key: 'spoilt' }) ? ['prototype'] : [];
  const changed = Reflect.ownKeys(object).filter(
    (name) => Reflect.set(object, name, 'spoilt') || Reflect.deleteProperty(object, name),
  );
  return [...added, ...replaced, ...changed];
}

function expectUnspoilt(): void {
  expect(copyOf(recordIn(store.get(KEY, 1)))).toEqual(recordOf({ attrs: new Map([['a', '1']]) }));
}

describe('nothing in the store is changed by changing', () => {
  it('a record that was added', () => {
    given.attrs.set('a', 'spoilt');
    given.attrs.set('b', 'spoilt');
    expect(spoil(given)).toContain('consts');
    expectUnspoilt();
  });

  it('a record that was read', () => {
    expect(spoil(recordIn(store.get(KEY, 1)))).toEqual([]);
    expectUnspoilt();
  });

  it('a record that a conflict gave back', () => {
    const changed = store.change(KEY, { set: new Map(), unset: [], op: 'x', ifVersion: 7 }, 0);
    if (changed === 'gone' || !('conflict' in changed)) throw new Error('no conflict');
    expect(spoil(changed.conflict)).toEqual([]);
    expectUnspoilt();
  });

  it('the attributes of a record that was read, which have no way to do so', () => {
    const { attrs } = recordIn(store.get(KEY, 1));
    expect(spoil(attrs)).toEqual([]);
    expect(() => Map.prototype.set.call(attrs, 'a', 'spoilt')).toThrow(TypeError);
    for (const method of ['set', 'delete', 'clear']) expect(method in attrs).toBe(false);
    for (const entry of attrs) entry[1] = 'spoilt';
    expectUnspoilt();
  });

  it('the delta of a change that was made', () => {
    const set = new Map([['a', '1']]);
    store.change(KEY, { set, unset: [], op: 'x' }, 0);
    set.set('a', 'spoilt');
    expect(new Map(recordIn(store.get(KEY, 1)).attrs)).toEqual(new Map([['a', '1']]));
  });
});

it('a record that was read is what it was when it was read', () => {
  const read = recordIn(store.get(KEY, 1));
  store.change(KEY, { set: new Map([['a', '2']]), unset: [], op: 'x' }, 1);
  store.touch(KEY, 50);
  expect(copyOf(read)).toEqual(recordOf({ attrs: new Map([['a', '1']]) }));
});

it('a record that was read is the one that is kept: nothing is copied', () => {
  const read = recordIn(store.get(KEY, 1));
  expect(recordIn(store.get(KEY, 2))).toBe(read);
  expect(Object.keys(read).toSorted()).toEqual(Object.keys(recordOf()).toSorted());
  expect({ ...read }).toEqual({ ...recordOf(), attrs: read.attrs });
});

it('a record has the principal that it was added with', () => {
  store.add('tagg.principal', recordOf({ principal: 'ann' }), { op: 'add' });
  expect(recordIn(store.get('tagg.principal', 1)).principal).toBe('ann');
});

it('two stores know nothing of each other', () => {
  expect(new MemoryStore().get(KEY, 1)).toBeUndefined();
});
