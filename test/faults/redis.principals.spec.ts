/** What only a Redis does to principals' sessions: loses their index, dies between revocation and clearing up, forgets scripts. */
import type { Key, SessionStore } from 'nestjs-http-session/core';
import { beforeEach, expect, it } from 'vitest';
import { describeWith } from '../support/backends.js';
import { RedisServer } from '../support/servers/redis.server.js';
import { recordOf } from '../unit/fixtures/record.js';
import { REDIS_CLIENTS, RedisStage } from './stages/redis.stage.js';
import { useStage } from './stages/use.stage.js';

const MINUTE = 60_000;
const NOW = Date.now();
const TAG = 'principal-of';
const NOBODY = 'nobody--here';
const MANY = 20;

let count = 0;
const newOp = () => `op${++count}`;
const newKey = (): Key => `${TAG}.digest${++count}`;
const newRecord = () =>
  recordOf({ created: NOW, accessed: NOW, timeout: 30 * MINUTE, principal: 'ann', handle: `handle${++count}` });
const renaming = () => ({ op: newOp(), now: NOW, forwardUntil: NOW + MINUTE, graceUntil: 0 });

for (const [name, open] of Object.entries(REDIS_CLIENTS)) {
  await describeWith(RedisServer, `A principal of a RedisStore by ${name}, whose Redis`, () => {
    const stageOf = useStage(() => RedisStage.start(open));
    const ask = (...command: string[]): Promise<unknown> => stageOf().server.ask(...command);
    const hashes = async () => (await stageOf().keys()).filter((place) => !place.endsWith(':i'));
    let store: SessionStore;
    let beside: SessionStore;

    beforeEach(async () => {
      await ask('FLUSHALL');
      store = stageOf().openStore();
      beside = stageOf().openStoreBeside();
      // Redis knows the scripts: their text isn't what is sent.
      await beside.removeAll(NOBODY, NOW);
      await beside.removeAll(NOBODY, NOW, `${NOBODY}.digest`);
      await answering();
    });

    /** The client may be getting over a connection that was lost. */
    async function answering(): Promise<void> {
      const answer = async () => {
        try {
          return (await store.list(NOBODY, NOW)).length;
        } catch {
          return undefined;
        }
      };
      await expect.poll(answer).toBe(0);
    }

    async function keepMany(): Promise<Key[]> {
      const keys = Array.from({ length: MANY }, newKey);
      for (const key of keys) expect(await beside.add(key, newRecord(), { op: newOp() })).toBe('added');
      return keys;
    }

    /** For every verb, in every process. */
    async function expectDead(keys: readonly Key[]): Promise<void> {
      for (const one of [store, beside]) {
        expect(await one.list(TAG, NOW)).toEqual([]);
        for (const key of keys) {
          expect(await one.get(key, NOW)).toBeUndefined();
          expect(await one.touch(key, NOW)).toBe(false);
          expect(await one.change(key, { set: new Map([['a', '1']]), unset: [], op: newOp() }, NOW)).toBe('gone');
          expect(await one.rename(key, newKey(), renaming())).toBe('gone');
        }
      }
    }

    it('loses the index: logged out everywhere, and a login brings nothing back', async () => {
      const keys = await keepMany();
      expect(await ask('DEL', `faults:{${TAG}}:i`)).toBe(1);
      await expectDead(keys);
      const key = newKey();
      expect(await store.add(key, newRecord(), { op: newOp(), limit: { max: 1, onMax: 'refuse' } })).toBe('added');
      expect((await beside.list(TAG, NOW)).map((one) => one.key)).toEqual([key]);
      for (const dead of keys) expect(await beside.get(dead, NOW)).toBeUndefined();
    });

    it('has done a revocation that nobody heard of: all are dead, and go at the end of their time to live', async () => {
      const keys = await keepMany();
      const lost = stageOf().proxy.loseReply(/evalsha/i);
      const revoked = Promise.allSettled([store.removeAll(TAG, NOW)]);
      await lost;
      expect((await revoked)[0].status).toBe(stageOf().resends ? 'fulfilled' : 'rejected');
      // As if the process had died there: nothing was cleared.
      expect(await hashes()).toHaveLength(MANY);
      for (const place of await hashes()) expect(Number(await ask('PTTL', place))).toBeGreaterThan(0);
      await answering();
      await expectDead(keys);
    });

    it.each(['all', 'all but one'])(
      'ends %s, and is gone when that is to be cleared up: it was done all the same',
      async (which) => {
        const keys = await keepMany();
        const spared = which === 'all' ? undefined : newKey();
        if (spared) await beside.add(spared, newRecord(), { op: newOp() });
        const lost = stageOf().proxy.loseReply(/unlink/i);
        const revoked = Promise.all([store.removeAll(TAG, NOW, spared), lost]);
        expect((await revoked)[0]).toBe(MANY);
        if (spared) {
          expect(await beside.get(spared, NOW)).toHaveProperty('record');
          expect(await beside.removeAll(TAG, NOW)).toBe(1);
        }
        await answering();
        await expectDead(keys);
      },
    );

    it.each(['refuse', 'remove-oldest'] as const)(
      'forgets its scripts again and again: the limit stays exact (%s)',
      async (onMax) => {
        const limit = { max: 5, onMax } as const;
        const records = Array.from({ length: 10 * MANY }, newRecord);
        let isOver = false;
        const flushing = (async () => {
          while (!isOver) await ask('SCRIPT', 'FLUSH');
        })();
        const answers = await Promise.all(
          records.map(async (record, index) =>
            (index % 2 === 0 ? store : beside).add(newKey(), record, { op: newOp(), limit }),
          ),
        );
        isOver = true;
        await flushing;
        const displaced = new Set(answers.flatMap((answer) => (typeof answer === 'object' ? answer.displaced : [])));
        const staying = records.filter(({ handle }, index) => answers[index] !== 'limit' && !displaced.has(handle));
        expect(staying).toHaveLength(5);
        const listed = (await beside.list(TAG, NOW)).map(({ outline }) => outline.handle);
        expect(listed.sort()).toEqual(staying.map(({ handle }) => handle).sort());
        expect(await hashes()).toHaveLength(5);
      },
    );
  });
}
