/** What a tiered store is made of, and what it does with its tiers beside asking them. */
import { MemoryStore, SessionStore } from 'nestjs-http-session';
import { TieredStore, type TieredStoreOptions } from 'nestjs-http-session/tiered';
import { describe, expect, it } from 'vitest';
import { errorOf, sessionErrorOf } from '../../fixtures/session.error.js';
import { SharedCache, SharedStore } from './tiered.fixture.js';

const cache = new SharedCache();
const durable = new SharedStore(new MemoryStore());

class Copyless extends SharedStore {
  override get copies(): undefined {
    return undefined;
  }
}

class NotAtomic extends SharedCache {
  override get capabilities() {
    return { ...super.capabilities, atomic: false };
  }
}

describe('options that make no sense are refused', () => {
  const behind = new TieredStore({ cache, durable, write: 'async' });

  it.each<[string, Partial<TieredStoreOptions>, string[]]>([
    ['a cache that is no store', { cache: {} as SessionStore }, ['cache', 'RedisStore']],
    ['a cache that keeps no copies', { cache: new Copyless(durable) }, ['cache', 'copies']],
    ['a cache that isn’t shared', { cache: new MemoryStore() }, ['cache', 'singleProcess']],
    ['a cache that isn’t atomic between processes', { cache: new NotAtomic() }, ['cache', 'singleProcess']],
    ['a durable tier that is no store', { durable: {} as SessionStore }, ['durable']],
    ['a durable tier that acknowledges what it hasn’t written', { durable: behind }, ['durable']],
    ['a durable tier that isn’t shared', { durable: new MemoryStore() }, ['durable', 'singleProcess']],
    ['an unknown way to write', { write: 'later' as 'sync' }, ['write', "'sync' or 'async'"]],
    ['retries below none', { retries: -1 }, ['retries']],
    ['more retries than a request can wait for', { retries: 11 }, ['retries']],
    ['a copy that is never fresh', { freshFor: 0 }, ['freshFor']],
    ['a copy that is older before all processes have heard of it', { freshFor: 4_999 }, ['freshFor', "'5s'"]],
    ['no time for the cache', { cacheTimeout: 0 }, ['cacheTimeout']],
    ['more time for the cache than a write has', { cacheTimeout: 501 }, ['cacheTimeout', "'500ms'"]],
    ['no room for what is pending', { maxPending: 0 }, ['maxPending']],
    ['no time for the flush', { flushTimeout: 0 }, ['flushTimeout']],
    ['a wrong type', { singleProcess: 1 as unknown as boolean }, ['singleProcess']],
    ['a typo', { freshFro: '1s' } as Partial<TieredStoreOptions>, ['TieredStore.freshFro']],
  ])('%s', (_, options, named) => {
    const error = sessionErrorOf(() => new TieredStore({ cache, durable, ...options }));
    expect(error).toEqual(errorOf('INVALID_OPTION', ...named));
  });

  it('no options at all', () => {
    expect(sessionErrorOf(() => Reflect.construct(TieredStore, []))).toEqual(errorOf('INVALID_OPTION', 'TieredStore'));
  });
});

describe('a tiered store promises', () => {
  it.each<[string, Partial<TieredStoreOptions>, object]>([
    ['what the durable tier promises', {}, { shared: true, atomic: true, acknowledged: 'backend' }],
    ['that writes later', { write: 'async' }, { shared: true, atomic: true, acknowledged: 'behind' }],
    ['nothing to other processes if there are none', { singleProcess: true }, { shared: false }],
  ])('%s', (_, options, capabilities) => {
    const store = new TieredStore({ cache, durable: new SharedStore(new MemoryStore()), ...options });
    expect(store.capabilities).toMatchObject(capabilities);
    expect(store.copies).toBeUndefined();
  });

  it('takes any cache that keeps copies, any durable tier and any time if there is one process only', () => {
    const tiers = { cache: new MemoryStore(), durable: new MemoryStore() };
    expect(() => new TieredStore({ ...tiers, cacheTimeout: '5s', singleProcess: true })).not.toThrow();
  });
});

describe.each(['sync', 'async'] as const)('the tiers of a store that writes %s', (write) => {
  it('hear of each manager’s logger if they are to warn of what happens to sessions: copies may be evicted', () => {
    const heard: SessionStore[] = [];
    class Listening extends SharedCache {
      override start(): void {
        heard.push(this);
      }
    }
    const tiers = { cache: new Listening(), durable: new Listening() };
    const store = new TieredStore({ ...tiers, write });
    const logger = { debug: () => undefined, warn: () => undefined, error: () => undefined };
    store.start(logger);
    store.start(logger);
    expect(heard).toEqual([tiers.durable, tiers.durable]);
  });

  it('are closed with it, once', async () => {
    const tiers = { cache: new SharedCache(), durable: new SharedStore(new MemoryStore()) };
    const store = new TieredStore({ ...tiers, write });
    await Promise.all([store.close(), store.close()]);
    expect([tiers.cache.count('close'), tiers.durable.count('close')]).toEqual([1, 1]);
  });

  it('are both closed if one can’t be', async () => {
    const tiers = { cache: new SharedCache(), durable: new SharedStore(new MemoryStore()) };
    tiers.durable.intercept('close', () => Promise.reject(new Error('down')));
    await expect(new TieredStore({ ...tiers, write }).close()).rejects.toThrow('down');
    expect(tiers.cache.count('close')).toBe(1);
  });
});
