import { KeyvAdapter, createCache } from 'cache-manager';
import { Keyv, type KeyvOptions } from 'keyv';
import { CacheStore, type SessionCache } from 'nestjs-http-session/cache';
import { gzipSync, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { recordOf } from '../../fixtures/record.js';
import { SlowAdapter } from './slow.adapter.js';

const KEY = 'tag.key';
const MINUTE = 60_000;

function cacheOver(store: unknown, options: KeyvOptions = {}): SessionCache {
  return createCache({ stores: [new Keyv({ store, throwOnErrors: true, ...options })] });
}

afterEach(() => vi.useRealTimers());

describe('CacheStore refuses', () => {
  it.each<[string, () => SessionCache]>([
    ['what is no cache', () => ({}) as SessionCache],
    ['nothing', () => undefined as unknown as SessionCache],
    ['a cache without a store', () => ({ stores: [] })],
    ['a cache of several stores', () => createCache({ stores: [new Keyv(), new Keyv()] })],
    ['a store that is no Keyv', () => ({ stores: [new SlowAdapter()] }) as unknown as SessionCache],
    ['a Keyv that swallows errors', () => cacheOver(new SlowAdapter(), { throwOnErrors: false })],
    ['an adapter that swallows errors', () => cacheOver(Object.assign(new SlowAdapter(), { throwOnErrors: false }))],
  ])('%s', (_what, cacheOf) => {
    expect(() => new CacheStore(cacheOf())).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('a Keyv that swallows errors with a message that says how to do it', () => {
    const cache = cacheOver(new SlowAdapter(), { throwOnErrors: false });
    expect(() => new CacheStore(cache)).toThrow('new Keyv({ store, throwOnErrors: true })');
  });

  it.each([{ prefix: 'a' }, { keyPrefix: 1 }, { shared: 'yes' }, null])('the options %j', (options) => {
    expect(() => new CacheStore(createCache(), options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });
});

describe('CacheStore', () => {
  it('is shared unless the Keyv is over a Map, or it is told otherwise', () => {
    const sharedOf = (cache: SessionCache, shared?: boolean) => new CacheStore(cache, { shared }).capabilities.shared;
    expect(sharedOf(createCache())).toBe(false);
    expect(sharedOf(cacheOver(new SlowAdapter()))).toBe(true);
    expect(sharedOf(cacheOver(new SlowAdapter()), false)).toBe(false);
  });

  it('keeps nothing but texts, under its prefix', async () => {
    const cache = createCache();
    await new CacheStore(cache, { keyPrefix: 'mine:' }).add(KEY, recordOf({ accessed: Date.now() }), { op: 'op' });
    expect(typeof (await cache.get(`mine:${KEY}`))).toBe('string');
  });

  it('keeps a session a minute beyond its deadline, whatever the default of the cache is', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    const keyv = new Keyv({ ttl: 5 });
    const store = new CacheStore(createCache({ stores: [keyv], ttl: 5 }));
    const expires = async () => (await keyv.getRaw(`session:${KEY}`))?.expires;
    await store.add(KEY, recordOf({ accessed: 1_000_000, timeout: 10 * MINUTE }), { op: 'op' });
    expect(await expires()).toBe(1_000_000 + 11 * MINUTE);
    vi.setSystemTime(1_000_000 + MINUTE);
    await store.touch(KEY, 1_000_000 + MINUTE);
    expect(await expires()).toBe(1_000_000 + 12 * MINUTE);
  });

  it('keeps it as long when the clock of the app is another one', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    const keyv = new Keyv();
    const store = new CacheStore(createCache({ stores: [keyv] }));
    await store.add(KEY, recordOf({ accessed: 5, timeout: 10 * MINUTE }), { op: 'op' });
    await store.touch(KEY, 6);
    expect((await keyv.getRaw(`session:${KEY}`))?.expires).toBe(1_000_000 + 11 * MINUTE);
  });

  it.each<[string, KeyvOptions]>([
    ['serialises with functions of its own', { serialize: JSON.stringify, deserialize: JSON.parse }],
    [
      'compresses',
      {
        compression: {
          compress: async (value: string) => gzipSync(value).toString('base64'),
          decompress: async (value: string) => gunzipSync(Buffer.from(value, 'base64')).toString(),
        },
      },
    ],
    ['has a namespace', { namespace: 'a:b' }],
    ['puts no namespace before its keys', { namespace: 'a', useKeyPrefix: false }],
  ])('works with a Keyv that %s', async (_what, options) => {
    const store = new CacheStore(cacheOver(new SlowAdapter(), options));
    const record = recordOf({ accessed: Date.now(), attrs: new Map([['a', '":b"']]) });
    await store.add(KEY, record, { op: 'op' });
    expect(await store.get(KEY, Date.now())).toEqual({ record });
  });

  it('works with an adapter of older versions of cache-manager', async () => {
    const values = new Map<string, unknown>();
    const older = new KeyvAdapter({
      name: 'older',
      get: async (key) => values.get(key),
      set: async (key, value: unknown) => values.set(key, value),
      del: async (key) => void values.delete(key),
      mget: async () => [],
      mset: async () => undefined,
      mdel: async () => undefined,
      ttl: async () => 0,
      keys: async () => [],
    });
    const store = new CacheStore(cacheOver(older));
    const record = recordOf({ accessed: Date.now() });
    await store.add(KEY, record, { op: 'op' });
    expect(await store.get(KEY, Date.now())).toEqual({ record });
    expect(await store.remove(KEY)).toBe(true);
    expect(await store.get(KEY, Date.now())).toBeUndefined();
  });

  it.each([
    ['text that is no JSON', '{"value":"[\\"sess'],
    ['a text of somebody else', '{"value":"hello"}'],
    ['an object', '{"value":{"a":1}}'],
    ['nothing at all', '{"value":null}'],
  ])('reads %s as broken, and leaves it until it is removed', async (_what, text) => {
    const adapter = new SlowAdapter();
    const store = new CacheStore(cacheOver(adapter, { useKeyPrefix: false }));
    adapter.values.set(`session:${KEY}`, text);
    expect(await store.get(KEY, 0)).toEqual({ broken: expect.any(String) });
    expect(await store.touch(KEY, 0)).toBe(false);
    expect(await store.change(KEY, { set: new Map(), unset: [], op: 'op' }, 0)).toBe('gone');
    expect(await store.add(KEY, recordOf(), { op: 'op' })).toBe('exists');
    expect(adapter.values.get(`session:${KEY}`)).toBe(text);
    expect(await store.remove(KEY)).toBe(true);
    expect(adapter.values.has(`session:${KEY}`)).toBe(false);
  });

  it('loses no change of one session that comes under several keys at once', async () => {
    const store = new CacheStore(cacheOver(new SlowAdapter()));
    const [old, fresh] = ['a.old', 'a.fresh'];
    await store.add(old, recordOf(), { op: 'add' });
    await store.rename(old, fresh, { op: 'rename', now: 0, forwardUntil: MINUTE, graceUntil: 0 });
    const names = Array.from({ length: 20 }, (_, index) => `attr-${index}`);
    await Promise.all(
      names.map((name, index) =>
        store.change(index % 2 === 0 ? old : fresh, { set: new Map([[name, '1']]), unset: [], op: name }, 0),
      ),
    );
    const found = await store.get(fresh, 0);
    expect(found).toMatchObject({ record: { version: 21, attrs: new Map(names.map((name) => [name, '1'])) } });
  });

  it('leaves it to Keyv to remove what has expired', async () => {
    const store = new CacheStore(createCache());
    expect(await store.purge({ now: 0, batchSize: 100, deadline: 1_000 })).toEqual({ completed: true, removed: 0 });
  });
});

describe('A dead backend is an error for CacheStore, not an empty cache:', () => {
  const renaming = { op: 'op', now: 0, forwardUntil: 1, graceUntil: 0 };
  const verbs: Record<string, (store: CacheStore) => Promise<unknown>> = {
    get: (store) => store.get(KEY, 0),
    touch: (store) => store.touch(KEY, 1),
    add: (store) => store.add('tag.another', recordOf(), { op: 'op' }),
    change: (store) => store.change(KEY, { set: new Map(), unset: [], op: 'op' }, 0),
    rename: (store) => store.rename(KEY, 'tag.another', renaming),
    remove: (store) => store.remove(KEY),
  };

  const down = new Error('down');
  const failures: Record<string, (adapter: SlowAdapter) => Promise<never>> = {
    throws: () => {
      throw down;
    },
    rejects: () => Promise.reject(down),
    'rejects and tells by an event': (adapter) => {
      adapter.tell(down);
      return Promise.reject(down);
    },
  };

  describe.each(Object.entries(failures))('an adapter that %s', (_how, failing) => {
    it.each(Object.entries(verbs))('%s rejects', async (_verb, call) => {
      const adapter = new SlowAdapter();
      const store = new CacheStore(cacheOver(adapter));
      await store.add(KEY, recordOf(), { op: 'first' });
      const fail = () => failing(adapter);
      Object.assign(adapter, { get: fail, set: fail, delete: fail });
      await expect(call(store)).rejects.toThrow('down');
    });

    it.each(['touch', 'add', 'change', 'rename', 'remove'])(
      '%s rejects when it can be read but not written',
      async (verb) => {
        const adapter = new SlowAdapter();
        const store = new CacheStore(cacheOver(adapter));
        await store.add(KEY, recordOf(), { op: 'first' });
        const fail = () => failing(adapter);
        Object.assign(adapter, { set: fail, delete: fail });
        await expect(verbs[verb]?.(store)).rejects.toThrow('down');
      },
    );
  });

  it('an adapter that says it did not write', async () => {
    const adapter = Object.assign(new SlowAdapter(), { set: () => Promise.resolve(false) });
    const store = new CacheStore(cacheOver(adapter));
    await expect(verbs['add']?.(store)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});
