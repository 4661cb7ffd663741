/** What Redis keeps of principals: the index that says which sessions live, for how long, and what the store makes of half of it. */
import { setImmediate } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Key, SessionRecord } from 'nestjs-http-session/core';
import { type RedisClient, RedisStore } from 'nestjs-http-session/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Backend, describeWith } from '../../../support/backends.js';
import { recordOf } from '../../fixtures/record.js';
import { StoreAndRedis } from './redis.fixture.js';

const MINUTE = 60_000;
const NOW = Date.now();
/** What a machine may need between a call and the look at its trace. */
const AMPLE = 10_000;

let count = 0;
const newTag = () => `p${String(++count).padStart(11, '0')}`;
const newOp = () => `op${++count}`;
const newRecord = (given: Partial<SessionRecord> = {}) =>
  recordOf({ created: NOW, accessed: NOW, timeout: 30 * MINUTE, principal: 'ann', handle: `h${++count}`, ...given });
const setting = (name: string, text: string) => ({ set: new Map([[name, text]]), unset: [], op: newOp() });
const renaming = () => ({ op: newOp(), now: NOW, forwardUntil: NOW + MINUTE, graceUntil: 0 });

await describeWith(Backend.REDIS, 'A principal in Redis', () => {
  let redis: StoreAndRedis;
  let store: RedisStore;
  let client: Redis;
  let tag: string;

  beforeAll(async () => {
    redis = await StoreAndRedis.open(Backend.REDIS.url);
    store = redis.store;
    client = new Redis(Backend.REDIS.url);
  });

  afterAll(async () => {
    client.disconnect();
    await redis.close();
  });

  beforeEach(() => {
    tag = newTag();
  });

  const newKey = (): Key => `${tag}.digest${++count}`;
  const index = () => redis.placeOf(`${tag}.i`);
  const digestOf = (key: Key) => key.slice(tag.length + 1);
  const exists = async (key: Key) => (await redis.ask('EXISTS', redis.placeOf(key))) === 1;
  const evict = (key: Key) => redis.ask('UNLINK', redis.placeOf(key));

  async function keep(given: Partial<SessionRecord> = {}): Promise<Key> {
    const key = newKey();
    expect(await store.add(key, newRecord(given), { op: newOp() })).toBe('added');
    return key;
  }

  async function handles(now = NOW): Promise<string[]> {
    return (await store.list(tag, now)).map(({ outline }) => outline.handle).sort();
  }

  /** Which digests are listed until when, from now. */
  async function listed(): Promise<Record<string, number>> {
    const reply = (await redis.ask('ZRANGE', index(), '0', '-1', 'WITHSCORES')) as string[];
    const pairs = reply.flatMap((digest, at) => (at % 2 === 0 ? [[digest, Number(reply[at + 1]) - NOW] as const] : []));
    return Object.fromEntries(pairs);
  }

  describe('has an index', () => {
    it('of all sessions by their deadlines, which move with each access, and over a rename', async () => {
      const [idle, touched, changed, renamed] = [
        await keep(),
        await keep(),
        await keep({ ends: NOW + MINUTE }),
        await keep(),
      ];
      await store.touch(touched, NOW + MINUTE);
      await store.change(changed, setting('count', '2'), NOW + 10);
      await store.touch(renamed, NOW + 2 * MINUTE);
      const to = newKey();
      await store.rename(renamed, to, renaming());
      // Late ones take nothing back.
      await store.touch(touched, NOW - MINUTE);
      await store.change(touched, setting('count', '2'), NOW);
      expect(await listed()).toEqual({
        [digestOf(idle)]: 30 * MINUTE,
        [digestOf(touched)]: 31 * MINUTE,
        [digestOf(changed)]: MINUTE,
        [digestOf(to)]: 32 * MINUTE,
      });
    });

    async function expectTimeToLive(expected: number): Promise<void> {
      const millis = Number(await redis.ask('PTTL', index()));
      expect(millis).toBeLessThanOrEqual(expected);
      expect(millis).toBeGreaterThan(expected - AMPLE);
    }

    it('that stays until a minute after the last deadline', async () => {
      const long = await keep({ timeout: 40 * MINUTE });
      const short = await keep();
      await expectTimeToLive(41 * MINUTE);
      await store.remove(long);
      await store.touch(short, NOW + MINUTE);
      // A process whose clock is ahead:
      await store.change(short, setting('count', '2'), NOW + 29 * MINUTE);
      await expectTimeToLive(41 * MINUTE);
      await redis.ask('PEXPIRE', index(), '1000');
      await store.touch(short, NOW + 29 * MINUTE);
      await expectTimeToLive(31 * MINUTE);
      await redis.ask('PEXPIRE', index(), '1000');
      const to = newKey();
      await store.rename(short, to, { ...renaming(), now: NOW + 29 * MINUTE });
      await expectTimeToLive(31 * MINUTE);
      await keep({ timeout: 50 * MINUTE });
      await expectTimeToLive(51 * MINUTE);
      expect(await store.removeAll(tag, NOW + 29 * MINUTE, to)).toBe(1);
      await expectTimeToLive(51 * MINUTE);
      await store.remove(to);
      expect(await redis.ask('EXISTS', index())).toBe(0);
    });

    it('that stays as long, when its only session is renamed', async () => {
      const key = await keep();
      await store.rename(key, newKey(), { ...renaming(), now: NOW + 20 * MINUTE });
      await expectTimeToLive(31 * MINUTE);
    });

    it('of which a login clears what ended more than a minute ago', async () => {
      const [old, late] = [await keep(), await keep({ timeout: 31 * MINUTE })];
      await redis.ask('PEXPIRE', index(), String(90 * MINUTE));
      await keep({ created: NOW + 31 * MINUTE, accessed: NOW + 31 * MINUTE });
      expect(await listed()).toMatchObject({
        [digestOf(old)]: expect.any(Number),
        [digestOf(late)]: expect.any(Number),
      });
      const last = await keep({ created: NOW + 31 * MINUTE + 1, accessed: NOW + 31 * MINUTE + 1 });
      expect(Object.keys(await listed())).not.toContain(digestOf(old));
      expect(Object.keys(await listed())).toEqual(expect.arrayContaining([digestOf(late), digestOf(last)]));
    });

    it('and whoever has no principal has none', async () => {
      const key = `abcd.digest${++count}`;
      await store.add(key, recordOf({ created: NOW, accessed: NOW, timeout: 30 * MINUTE }), { op: newOp() });
      await store.touch(key, NOW);
      expect(await redis.ask('EXISTS', redis.placeOf('abcd.i'))).toBe(0);
    });

    it('beside which copies of another store’s sessions may lie', async () => {
      const { copies } = store;
      const key = await keep();
      await copies.take(key, 'ticket', NOW);
      await copies.fill(key, 'ticket', { record: newRecord(), trustedUntil: NOW + MINUTE }, NOW);
      await copies.drop(key);
      expect(await store.get(key, NOW)).toHaveProperty('record');
      await copies.take(key, 'ticket', NOW);
      expect(await store.removeAll(tag, NOW)).toBe(1);
      expect(await redis.ask('EXISTS', redis.placeOf(`${tag}.copies`))).toBe(1);
    });
  });

  describe('whose index is lost', () => {
    it('is logged out everywhere, and never in again', async () => {
      const key = await keep();
      const rotated = await keep();
      const second = newKey();
      await store.rename(rotated, second, renaming());
      await redis.ask('DEL', index());
      const stay = await keep();
      for (const dead of [key, rotated, second]) {
        const found = await store.get(dead, NOW);
        expect(found === undefined || 'successor' in found).toBe(true);
        expect(await store.touch(dead, NOW)).toBe(false);
        expect(await store.change(dead, setting('count', '2'), NOW)).toBe('gone');
        expect(await store.rename(dead, newKey(), renaming())).toBe('gone');
        expect(await store.removeAll(tag, NOW, dead)).toBe('gone');
      }
      expect((await store.list(tag, NOW)).map((one) => one.key)).toEqual([stay]);
      expect(await store.get(stay, NOW)).toHaveProperty('record');
    });

    it('leaves what a remove still frees, as none', async () => {
      const key = await keep();
      await redis.ask('DEL', index());
      expect(await store.remove(key)).toBe(false);
      expect(await exists(key)).toBe(false);
    });

    it('has no session either that only some verb was to find expired', async () => {
      const key = await keep();
      const { handle } = (await store.list(tag, NOW))[0]?.outline ?? {};
      expect(await store.get(key, NOW + 30 * MINUTE)).toEqual({ expired: handle });
      await redis.ask('DEL', index());
      expect(await store.get(key, NOW + 30 * MINUTE)).toBeUndefined();
    });

    it('fails, and writes nothing, if there is something else in its place', async () => {
      await redis.ask('SET', index(), 'text');
      const key = newKey();
      await expect(store.add(key, newRecord(), { op: newOp() })).rejects.toMatchObject({ code: 'WRONGTYPE' });
      expect(await exists(key)).toBe(false);
    });
  });

  describe('whose sessions are lost', () => {
    it.each(['refuse', 'remove-oldest'] as const)(
      'has room for others (%s), and they are listed no more',
      async (onMax) => {
        const lost = [await keep(), await keep()];
        const stays = await keep();
        for (const key of lost) await evict(key);
        const limit = { max: 2, onMax };
        const added = newKey();
        expect(await store.add(added, newRecord(), { op: newOp(), limit })).toBe('added');
        expect(Object.keys(await listed()).sort()).toEqual([stays, added].map(digestOf).sort());
      },
    );

    it('lists the others', async () => {
      const [gone, foreign, newer, forward] = [await keep(), await keep(), await keep(), await keep()];
      await keep({ handle: 'stays' });
      await evict(gone);
      await evict(foreign);
      await redis.ask('SET', redis.placeOf(foreign), 'text');
      await redis.ask('HSET', redis.placeOf(newer), '#', '[2,{}');
      await redis.ask('HSET', redis.placeOf(forward), '>', gone, 'f', String(NOW + MINUTE), 'g', '0');
      expect(await handles()).toEqual(['stays']);
    });

    it('makes room first by a session that can’t be read, of which nobody is told', async () => {
      const newer = await keep();
      await keep({ handle: 'older', created: NOW - MINUTE });
      await redis.ask('HSET', redis.placeOf(newer), '#', '[2,"later",');
      const limit = { max: 2, onMax: 'remove-oldest' } as const;
      expect(await store.add(newKey(), newRecord({ handle: 'new' }), { op: newOp(), limit })).toBe('added');
      expect(await exists(newer)).toBe(false);
      expect(await handles()).toEqual(['new', 'older']);
    });
  });

  describe('with a limit', () => {
    it.each(['refuse', 'remove-oldest'] as const)(
      'has room (%s) where a session is replaced that was rotated meanwhile',
      async (onMax) => {
        const [old, other] = [await keep({ created: NOW - MINUTE }), await keep()];
        const [second, third] = [newKey(), newKey()];
        await store.rename(old, second, renaming());
        await store.rename(second, third, renaming());
        const key = newKey();
        const options = { op: newOp(), replaces: old, limit: { max: 2, onMax } };
        expect(await store.add(key, newRecord(), options)).toBe('added');
        expect(Object.keys(await listed()).sort()).toEqual([other, key].map(digestOf).sort());
        expect(await exists(third)).toBe(false);
        // Done already, when it comes again.
        expect(await store.add(key, newRecord(), options)).toBe('added');
      },
    );

    it('is not refused what is to replace the one session there is, of another principal', async () => {
      const otherTag = newTag();
      const other = `${otherTag}.digest`;
      await store.add(other, newRecord({ principal: 'bob' }), { op: newOp() });
      const limit = { max: 1, onMax: 'refuse' } as const;
      expect(await store.add(newKey(), newRecord(), { op: newOp(), replaces: other, limit })).toBe('added');
      expect(await redis.ask('EXISTS', redis.placeOf(`${otherTag}.i`))).toBe(0);
      expect(await store.get(other, NOW)).toBeUndefined();
    });

    it('tells what went for a session that replaces a rotated one of another principal', async () => {
      const otherTag = newTag();
      const [other, rotated] = [`${otherTag}.one`, `${otherTag}.two`];
      await store.add(other, newRecord({ principal: 'bob' }), { op: newOp() });
      await store.rename(other, rotated, renaming());
      await keep({ handle: 'first' });
      const limit = { max: 1, onMax: 'remove-oldest' } as const;
      const added = await store.add(newKey(), newRecord(), { op: newOp(), replaces: other, limit });
      expect(added).toEqual({ displaced: ['first'] });
      expect(await store.get(rotated, NOW)).toBeUndefined();
    });
  });

  describe('whose session is renamed', () => {
    type Call = (command: string, send: () => Promise<unknown>) => Promise<unknown>;

    /** A store by a client like those of ioredis, whose commands go out when the test sends them. */
    function storeCalling(call: Call): RedisStore {
      const intercepted: RedisClient = {
        isCluster: false,
        options: {},
        pipeline: () => expect.fail('nothing is to be pipelined'),
        call: (command, args) => call(command, () => client.call(command, args)),
      };
      return new RedisStore(intercepted, { keyPrefix: redis.prefix });
    }

    /** Renames before the first of such commands. */
    function storeRenaming(before: string, rename: () => Promise<unknown>): RedisStore {
      let renamed: Promise<unknown> | undefined;
      return storeCalling(async (command, send) => {
        if (command === before) await (renamed ??= rename());
        return send();
      });
    }

    it('between the answers of a get by two connections, is found where it is then', async () => {
      const [key, to] = [await keep(), newKey()];
      let read: Promise<unknown> | undefined;
      let renamed: Promise<unknown> | undefined;
      const slow = storeCalling(async (command, send) => {
        if (command === 'hgetall') return (read = send());
        await setImmediate();
        await read;
        await (renamed ??= store.rename(key, to, renaming()));
        return send();
      });
      expect(await slow.get(key, NOW)).toEqual({ successor: to, graceUntil: 0 });
    });

    it('to a key that is just asked for, is found', async () => {
      const [key, to] = [await keep(), newKey()];
      const slow = storeRenaming('hgetall', async () => store.rename(key, to, renaming()));
      expect(await slow.get(to, NOW)).toHaveProperty('record');
    });

    it('while a list is made, is listed where it is then', async () => {
      const [key, second, third] = [await keep(), newKey(), newKey()];
      const slow = storeRenaming('hmget', async () => {
        await store.rename(key, second, renaming());
        await store.rename(second, third, renaming());
      });
      expect((await slow.list(tag, NOW)).map((one) => one.key)).toEqual([third]);
    });
  });

  describe('with thousands of sessions', () => {
    const MANY = 10_000;

    async function keepMany(): Promise<Key[]> {
      const keys = Array.from({ length: MANY }, newKey);
      await Promise.all(keys.map((key) => store.add(key, newRecord(), { op: newOp() })));
      return keys;
    }

    it('lists and loses them all', async () => {
      const keys = await keepMany();
      expect((await store.list(tag, NOW)).map((one) => one.key).sort()).toEqual(keys.toSorted());
      expect(await store.removeAll(tag, NOW, keys[7])).toBe(MANY - 1);
      expect((await store.list(tag, NOW)).map((one) => one.key)).toEqual([keys[7]]);
      expect(await redis.ask('EXISTS', ...keys.map((key) => redis.placeOf(key)))).toBe(1);
    });

    it('loses all but a few to a limit', async () => {
      await keepMany();
      await redis.ask(
        'UNLINK',
        ...Object.keys(await listed())
          .slice(0, 2_500)
          .map((digest) => redis.placeOf(`${tag}.${digest}`)),
      );
      const limit = { max: 5, onMax: 'remove-oldest' } as const;
      const added = await store.add(newKey(), newRecord({ created: NOW + 1 }), { op: newOp(), limit });
      expect(new Set((added as { displaced: string[] }).displaced).size).toBe(7_496);
      expect(Object.keys(await listed())).toHaveLength(5);
    });
  });
});
