/** The cleaner: expired sessions leave memory by themselves, by the app's clock, and keep no process alive. */
import { MemoryStore } from 'nestjs-http-session/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordOf } from '../fixtures/record.js';

const APP_TIME = 1_000_000; // the app's clock has nothing to do with the machine's
const TIMEOUT = 20_000;

let store: MemoryStore | undefined;

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) }));
afterEach(() => {
  store?.close();
  vi.useRealTimers();
});

function storeOfOne(options = {}): MemoryStore {
  store = new MemoryStore(options);
  store.add('tagg.key', recordOf({ created: APP_TIME, accessed: APP_TIME, timeout: TIMEOUT }), { op: 'add' });
  return store;
}

describe('the cleaner', () => {
  it('removes a session after it expired, every ten seconds if nothing else is said', async () => {
    const store = storeOfOne();
    await vi.advanceTimersByTimeAsync(19_999);
    expect(store.size).toBe(1);
    await vi.advanceTimersByTimeAsync(10_001);
    expect(store.size).toBe(0);
  });

  it('runs on the interval it is told', async () => {
    const store = storeOfOne({ purgeInterval: '1m' });
    await vi.advanceTimersByTimeAsync(59_999);
    expect(store.size).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.size).toBe(0);
  });

  it('removes nothing that the app would still serve', async () => {
    const store = storeOfOne({ purgeInterval: '1s' });
    await vi.advanceTimersByTimeAsync(TIMEOUT - 1);
    expect(store.get('tagg.key', APP_TIME + TIMEOUT - 1)).toBeDefined();
  });

  it("goes by the app's clock as it was heard last, not by the machine's", async () => {
    const store = storeOfOne({ purgeInterval: '1s' });
    store.touch('tagg.key', APP_TIME + TIMEOUT - 1); // the app's clock went on at once
    await vi.advanceTimersByTimeAsync(TIMEOUT - 1);
    expect(store.size).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(store.size).toBe(0);
  });

  it('stops when the store is closed, once or twice, and what is there stays', async () => {
    const store = storeOfOne();
    store.close();
    store.close();
    await vi.advanceTimersByTimeAsync(10 * TIMEOUT);
    expect(store.size).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    expect(store.get('tagg.key', APP_TIME)).toBeDefined();
  });
});
