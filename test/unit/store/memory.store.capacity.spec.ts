/** `maxSessions`: a full store refuses a new session; none that lives is evicted, expired ones make room. */
import { MemoryStore } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../fixtures/record.js';

const TIMEOUT = 60_000;

function full(sessions: number): MemoryStore {
  const store = new MemoryStore({ maxSessions: sessions });
  for (let number = 0; number < sessions; number++) {
    expect(store.add(`tagg.${number}key`, recordOf(), { op: `add-${number}` })).toBe('added');
  }
  return store;
}

describe('a full store', () => {
  it('refuses a new session and keeps all it has', () => {
    const store = full(50);
    expect(store.add('tagg.new', recordOf(), { op: 'new' })).toBe('full');
    expect(store.get('tagg.new', 0)).toBeUndefined();
    expect(store.size).toBe(50);
    for (let number = 0; number < 50; number++) expect(store.get(`tagg.${number}key`, 0)).toBeDefined();
  });

  it('answers an add that is sent again as it did before', () => {
    expect(full(1).add('tagg.0key', recordOf(), { op: 'add-0' })).toBe('added');
  });

  it('says that a key is taken rather than that there is no room', () => {
    expect(full(1).add('tagg.0key', recordOf(), { op: 'other' })).toBe('exists');
  });

  it('takes a new session when one was removed', () => {
    const store = full(2);
    store.remove('tagg.1key');
    expect(store.add('tagg.new', recordOf(), { op: 'new' })).toBe('added');
    expect(store.add('tagg.newer', recordOf(), { op: 'newer' })).toBe('full');
  });

  it('takes a new session when some have expired, whether they were purged or not', () => {
    const store = full(3);
    const now = TIMEOUT + 1_000;
    const record = recordOf({ created: now, accessed: now });
    expect(store.add('tagg.new', record, { op: 'new' })).toBe('added');
    expect(store.get('tagg.new', now)).toBeDefined();
  });

  it('has as many as before after a rotation, and takes no more', () => {
    const store = full(2);
    const options = { op: 'rename', now: 0, forwardUntil: 60_000, graceUntil: 0 };
    expect(store.rename('tagg.0key', 'tagg.next', options)).toBe('done');
    expect(store.size).toBe(2);
    expect(store.add('tagg.new', recordOf(), { op: 'new' })).toBe('full');
    expect(store.remove('tagg.0key')).toBe(true); // by way of the forward
    expect(store.size).toBe(1);
    expect(store.add('tagg.new', recordOf(), { op: 'new' })).toBe('added');
  });

  it('goes on changing, touching and removing what it has', () => {
    const store = full(1);
    expect(store.touch('tagg.0key', 5)).toBe(true);
    expect(store.change('tagg.0key', { set: new Map([['a', '1']]), unset: [], op: 'c' }, 6)).toEqual({ version: 2 });
    expect(store.remove('tagg.0key')).toBe(true);
  });
});

it('a store without a limit takes what comes', () => {
  const store = new MemoryStore();
  for (let number = 0; number < 5_000; number++) {
    expect(store.add(`tagg.${number}key`, recordOf(), { op: `${number}` })).toBe('added');
  }
  expect(store.size).toBe(5_000);
});
