/** What the store finds in Redis that it didn't write just so: older and newer formats, and what others have left. */
import type { SessionRecord } from 'nestjs-http-session/core';
import { type RedisClient, RedisStore } from 'nestjs-http-session/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tagOf } from '../../../../src/session/session.id.js';
import { Backend, describeWith } from '../../../support/backends.js';
import { StoreAndRedis } from './redis.fixture.js';

const MINUTE = 60_000;
const NOW = 1_795_416_923_123;

/** Of format 1, as its first version wrote it. It must load for ever: never change it. */
const GOLDEN_HASH = {
  '#': '[1,1795416000000,1800000,60000,1798008000000,true,',
  n: '"aHandle","aSeed",null]',
  c: '{"userName":"\\"ann\\""}',
  a: '1795416900000',
  v: '7',
  o: 'op4 op3 op2 op1',
  p: 'op0',
  '=count': '1',
  '=__proto__': '"just a name"',
  '=': '"no name"',
};

const GOLDEN_RECORD: SessionRecord = {
  format: 1,
  created: 1_795_416_000_000,
  accessed: 1_795_416_900_000,
  timeout: 30 * MINUTE,
  touchInterval: MINUTE,
  ends: 1_798_008_000_000,
  version: 7,
  persistent: true,
  handle: 'aHandle',
  seed: 'aSeed',
  consts: '{"userName":"\\"ann\\""}',
  attrs: new Map([
    ['count', '1'],
    ['__proto__', '"just a name"'],
    ['', '"no name"'],
  ]),
};

type Hash = Readonly<Record<string, string>>;

/** Beside it, of a principal's session that was rotated. */
const GOLDEN_OWNER: Hash = {
  w: 'ann "the" {user} 😀',
  l: '{"device":"a \\"phone\\""}',
  r: '1795416600000',
  t: '1795416500000',
};

const GOLDEN_OWNED: SessionRecord = {
  ...GOLDEN_RECORD,
  principal: 'ann "the" {user} 😀',
  labels: '{"device":"a \\"phone\\""}',
  rotated: 1_795_416_600_000,
  authenticated: 1_795_416_500_000,
};

/** The golden hash with these fields instead of its own. */
function hashWith(fields: Hash): Hash {
  return { ...GOLDEN_HASH, ...fields };
}

/** The golden hash without this field. */
function hashWithout(field: string): Hash {
  return Object.fromEntries(Object.entries(GOLDEN_HASH).filter(([name]) => name !== field));
}

const BROKEN: Record<string, Hash> = {
  'a head that was cut off': hashWith({ '#': '[1,17954160' }),
  'a head that is no list': hashWith({ '#': 'hello', n: '"world"' }),
  'an empty head': hashWith({ '#': '', n: '' }),
  'a newer format': hashWith({ '#': '[2,1795416000000,1800000,60000,1798008000000,true,' }),
  'a newer format of another shape': hashWith({ '#': '[2,{}', n: ']' }),
  'no head': hashWithout('#'),
  'a head without its names': hashWithout('n'),
  'names that were cut off': hashWith({ n: '"aHandle","aSe' }),
  'no constant attributes': hashWithout('c'),
  'no access': hashWithout('a'),
  'an access that is no time': hashWith({ a: 'yesterday' }),
  'no version': hashWithout('v'),
  'a version that is no number': hashWith({ v: '' }),
  'attributes only': { '=count': '1' },
  'fields of somebody else': { name: 'ann', age: '7' },
  'a forward without an end': { '>': 'abcd.somewhere' },
  'a forward with an end that is no time': { '>': 'abcd.somewhere', f: 'soon', g: '0' },
};

/** A client like those of ioredis, whose replies are all this one. */
function clientReplying(reply: unknown): RedisClient {
  return {
    isCluster: false,
    options: {},
    call: () => Promise.resolve(reply),
    pipeline: () => expect.fail('nothing is to be pipelined'),
  };
}

describe('A hash is read whatever the client makes of a map:', () => {
  it.each<[string, (entries: [string, string][]) => unknown]>([
    ['fields and values in turn', (entries) => entries.flat()],
    ['a list of pairs', (entries) => entries],
    ['an object', (entries) => Object.fromEntries(entries)],
    ['a Map', (entries) => new Map(entries)],
  ])('%s', async (_, replyOf) => {
    const get = (hash: Hash) => new RedisStore(clientReplying(replyOf(Object.entries(hash)))).get('abcd.key', NOW);
    expect(await get(GOLDEN_HASH)).toEqual({ record: GOLDEN_RECORD });
    expect(await get({})).toBeUndefined();
  });
});

await describeWith(Backend.REDIS, 'In Redis,', () => {
  let redis: StoreAndRedis;
  let keys = 0;

  beforeAll(async () => {
    redis = await StoreAndRedis.open(Backend.REDIS.url);
  });

  afterAll(() => redis.close());

  const newKey = () => `abcd.${++keys}`;

  /** A key under which there is a hash. */
  async function put(hash: Hash): Promise<string> {
    const key = newKey();
    await redis.ask('HSET', redis.placeOf(key), ...Object.entries(hash).flat());
    return key;
  }

  describe('a record of format 1', () => {
    it('loads', async () => {
      const key = await put(GOLDEN_HASH);
      expect(await redis.store.get(key, NOW)).toEqual({ record: GOLDEN_RECORD });
    });

    it('takes what every method does to it', async () => {
      const { store } = redis;
      const key = await put(GOLDEN_HASH);
      expect(await store.touch(key, NOW)).toBe(true);
      const delta = { set: new Map([['count', '2']]), unset: [''], ifVersion: 7, op: 'op5' };
      expect(await store.change(key, delta, NOW)).toEqual({ version: 8 });
      const to = newKey();
      const options = { op: 'op6', now: NOW, forwardUntil: NOW + MINUTE, graceUntil: 0 };
      expect(await store.rename(key, to, options)).toBe('done');
      const attrs = new Map([...GOLDEN_RECORD.attrs, ['count', '2']]);
      attrs.delete('');
      const record = { ...GOLDEN_RECORD, accessed: NOW, version: 8, rotated: NOW, attrs };
      expect(await store.get(to, NOW)).toEqual({ record });
      expect(await store.remove(key)).toBe(true);
    });

    it('remembers its last eight writes, whatever they are', async () => {
      const key = await put(GOLDEN_HASH);
      for (const op of ['op0', 'op1', 'op2', 'op3', 'op4']) {
        const delta = { set: new Map([['count', op]]), unset: [], op };
        expect(await redis.store.change(key, delta, NOW)).toEqual({ version: 7 });
      }
      const delta = { set: new Map(), unset: [], op: 'op' };
      expect(await redis.store.change(key, delta, NOW)).toEqual({ version: 8 });
    });

    it('is still written as its first version wrote it', async () => {
      const key = newKey();
      await redis.store.add(key, GOLDEN_RECORD, { op: 'op1' });
      expect(await redis.hash(key)).toEqual({ ...hashWithout('p'), o: 'op1' });
    });

    it('may have fields that a later version put there', async () => {
      const key = await put(hashWith({ x: '1', '@index': 'later' }));
      expect(await redis.store.get(key, NOW)).toEqual({ record: GOLDEN_RECORD });
      expect(await redis.store.change(key, { set: new Map(), unset: [], op: 'new' }, NOW)).toEqual({ version: 8 });
      expect(await redis.hash(key)).toMatchObject({ x: '1', '@index': 'later' });
    });
  });

  it('a rotation or authentication without a readable time never was, to anybody', async () => {
    const key = await put(hashWith({ r: 'yesterday', t: '' }));
    expect(await redis.store.get(key, NOW)).toStrictEqual({ record: GOLDEN_RECORD });
    expect(await redis.store.touch(key, NOW)).toBe(true);
  });

  describe("a principal's record of format 1", () => {
    const newListedKey = () => `principal123.${++keys}`;
    const index = () => redis.placeOf('principal123.i');

    it('loads, as long as the index lists it', async () => {
      const key = newListedKey();
      await redis.ask('HSET', redis.placeOf(key), ...Object.entries(hashWith(GOLDEN_OWNER)).flat());
      await redis.ask('ZADD', index(), '1795418760000', key.slice(13));
      expect(await redis.store.get(key, NOW)).toEqual({ record: GOLDEN_OWNED });
      const { handle, labels, created, accessed, timeout, touchInterval, ends } = GOLDEN_OWNED;
      const outline = { handle, labels, created, accessed, timeout, touchInterval, ends };
      expect(await redis.store.list('principal123', NOW)).toEqual([{ key, outline: expect.objectContaining(outline) }]);
      await redis.ask('ZREM', index(), key.slice(13));
      expect(await redis.store.get(key, NOW)).toBeUndefined();
    });

    it('is still written and listed as its first version wrote it', async () => {
      const key = newListedKey();
      await redis.store.add(key, GOLDEN_OWNED, { op: 'op1' });
      expect(await redis.hash(key)).toEqual({ ...hashWithout('p'), ...GOLDEN_OWNER, o: 'op1' });
      expect(await redis.ask('ZRANGE', index(), '0', '-1', 'WITHSCORES')).toEqual([key.slice(13), '1795418760000']);
    });

    it('has each of its parts only if there is one', async () => {
      for (const field of ['l', 'r', 't'] as const) {
        const key = newListedKey();
        const { [field]: _, ...others } = GOLDEN_OWNER;
        await redis.ask('HSET', redis.placeOf(key), ...Object.entries(hashWith(others)).flat());
        await redis.ask('ZADD', index(), '1795418760000', key.slice(13));
        const part = { l: 'labels', r: 'rotated', t: 'authenticated' }[field];
        const expected = Object.fromEntries(Object.entries(GOLDEN_OWNED).filter(([name]) => name !== part));
        expect(await redis.store.get(key, NOW)).toStrictEqual({ record: expected });
      }
    });
  });

  it('a forward of format 1 leads to its successor', async () => {
    const successor = await put(GOLDEN_HASH);
    const key = await put({ '>': successor, f: String(NOW + MINUTE), g: String(NOW + 9), o: 'op4 op3 op2 op1' });
    expect(await redis.store.get(key, NOW)).toEqual({ successor, graceUntil: NOW + 9 });
    expect(await redis.store.touch(key, NOW)).toBe(true);
    expect(await redis.store.remove(key)).toBe(true);
    expect(await redis.store.get(successor, NOW)).toBeUndefined();
  });

  describe.each(Object.entries(BROKEN))('%s', (_name, hash) => {
    it('is told as broken, without what is there', async () => {
      const key = await put(hash);
      const found = await redis.store.get(key, NOW);
      expect(found).toEqual({ broken: expect.stringMatching(/^it (is|has|s) ?\w*|^its format is 2$/) });
      expect(JSON.stringify(found)).not.toMatch(/ann|yesterday|soon|somewhere|1795/);
    });

    it('is no session to anybody, and stays as it is', async () => {
      const { store } = redis;
      const key = await put(hash);
      const before = await redis.hash(key);
      expect(await store.touch(key, NOW)).toBe(false);
      expect(await store.change(key, { set: new Map([['count', '2']]), unset: [], op: 'new' }, NOW)).toBe('gone');
      const to = newKey();
      const options = { op: 'new', now: NOW, forwardUntil: NOW + MINUTE, graceUntil: 0 };
      expect(await store.rename(key, to, options)).toBe('gone');
      expect(await store.add(key, GOLDEN_RECORD, { op: 'new' })).toBe('exists');
      expect(await redis.hash(key)).toEqual(before);
      expect(await redis.hash(to)).toEqual({});
    });
  });

  describe.each([
    ['a string', ['SET', 'text']],
    ['a list', ['RPUSH', 'text']],
  ])('%s where a session would be', (_name, [command = '', value = '']) => {
    async function putText(): Promise<string> {
      const key = newKey();
      await redis.ask(command, redis.placeOf(key), value);
      return key;
    }

    it('is told as broken, and is no session to anybody', async () => {
      const { store } = redis;
      const key = await putText();
      expect(await store.get(key, NOW)).toEqual({ broken: 'it is no hash' });
      expect(await store.touch(key, NOW)).toBe(false);
      expect(await store.change(key, { set: new Map(), unset: [], op: 'new' }, NOW)).toBe('gone');
      const options = { op: 'new', now: NOW, forwardUntil: NOW + MINUTE, graceUntil: 0 };
      expect(await store.rename(key, newKey(), options)).toBe('gone');
      const living = await put(GOLDEN_HASH);
      expect(await store.rename(living, key, options)).toBe('exists');
      expect(await store.add(key, GOLDEN_RECORD, { op: 'new' })).toBe('exists');
      expect(await redis.ask('TYPE', redis.placeOf(key))).not.toBe('none');
    });

    it('goes when it is removed', async () => {
      const key = await putText();
      expect(await redis.store.remove(key)).toBe(true);
      expect(await redis.store.get(key, NOW)).toBeUndefined();
    });
  });

  it('a logout ends a session that only a newer version can read', async () => {
    const key = await put(hashWith({ '#': '[2,1795416000000,1800000,60000,1798008000000,true,' }));
    expect(await redis.store.remove(key)).toBe(true);
    expect(await redis.hash(key)).toEqual({});
  });

  it('forwards that lead in a circle lead nowhere', async () => {
    const key = newKey();
    const other = await put({ '>': key, f: String(NOW + MINUTE), g: '0' });
    await redis.ask('HSET', redis.placeOf(key), '>', other, 'f', String(NOW + MINUTE), 'g', '0');
    expect(await redis.store.touch(key, NOW)).toBe(false);
    expect(await redis.store.remove(key)).toBe(false);
  });

  it('a copy that can’t be read is none', async () => {
    const { copies } = redis.store;
    const key = newKey();
    const place = redis.placeOf(`${tagOf(key)}.copies`);
    await redis.ask('HSET', place, key, `${NOW + MINUTE} [2,"newer"]`);
    expect(await copies.take(key, 'ticket', NOW)).toBeUndefined();
    expect(await redis.ask('HGET', place, key)).toContain('newer');
    await copies.drop(key);
    expect(await redis.ask('EXISTS', place)).toBe(0);
  });
});
