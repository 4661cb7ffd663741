import { type Awaitable, MemoryStore } from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';

describe('ObservedStore', () => {
  const now = 1_700_000_000_000;

  it('passes calls on at once, and counts them', async () => {
    const store = new ObservedStore(new MemoryStore());
    expect(store.get('abcd.key', now)).toBeUndefined();
    expect(store.remove('abcd.key')).toBe(false);
    expect(store.touch('abcd.key', now)).toBe(false);
    expect(store.calls).toEqual([
      { method: 'get', key: 'abcd.key' },
      { method: 'remove', key: 'abcd.key' },
      { method: 'touch', key: 'abcd.key' },
    ]);
    expect([store.count(), store.count('get'), store.reads, store.writes]).toEqual([3, 1, 1, 2]);
    store.forget();
    expect(store.count()).toBe(0);
    await store.close();
  });

  it('holds as many calls as it was told to, and lets them go together', async () => {
    const inner = new ObservedStore(new MemoryStore());
    const store = new ObservedStore(inner);
    const held = store.hold('get', 'before', 2);
    const settled: string[] = [];
    const call = async (name: string): Promise<void> => {
      await store.get('abcd.key', now);
      settled.push(name);
    };
    const calls = [call('first'), call('second')];
    await held.reached;
    await call('third');
    expect(inner.count('get')).toBe(1);
    expect(settled).toEqual(['third']);
    held.release();
    await Promise.all(calls);
    expect(settled).toEqual(['third', 'first', 'second']);
    await store.close();
  });

  it('holds answers of calls that have reached the store', async () => {
    const inner = new ObservedStore(new MemoryStore());
    const store = new ObservedStore(inner);
    const held = store.hold('remove', 'after');
    const removed: Awaitable<boolean> = store.remove('abcd.key');
    await held.reached;
    expect(inner.count('remove')).toBe(1);
    held.release();
    expect(await removed).toBe(false);
    await store.close();
  });

  it('holds nothing once it was released', async () => {
    const store = new ObservedStore(new MemoryStore());
    store.hold('get', 'before', 2).release();
    expect(store.get('abcd.key', now)).toBeUndefined();
    await store.close();
  });

  it('lets an interceptor answer instead of the store, as often as it was told to', async () => {
    const inner = new ObservedStore(new MemoryStore());
    const store = new ObservedStore(inner);
    store.intercept('get', () => ({ broken: 'on purpose' }), 2);
    store.intercept('get', (proceed, [key]) => (key === 'abcd.key' ? proceed() : { broken: key }));
    const found = [1, 2, 3, 4].map(() => store.get('abcd.key', now));
    expect(found).toEqual([{ broken: 'on purpose' }, { broken: 'on purpose' }, undefined, undefined]);
    expect(inner.count('get')).toBe(2);
    const cancel = store.intercept('get', () => ({ broken: 'on purpose' }), Infinity);
    expect(store.get('abcd.key', now)).toEqual({ broken: 'on purpose' });
    cancel();
    expect(store.get('abcd.key', now)).toBeUndefined();
    await store.close();
  });
});
