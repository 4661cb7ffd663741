/** Copies in memory, beyond what all copies have in common: who is dropped with whom, and that nothing piles up. */
import { MemoryStore, type SessionCopies } from 'nestjs-http-session';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordOf } from '../fixtures/record.js';

const NOW = 1_700_000_000_000;
const FOREVER = Infinity;

let copies: SessionCopies;

beforeEach(() => {
  ({ copies } = new MemoryStore());
});

async function putCopy(key: string, trustedUntil = NOW + 30_000): Promise<void> {
  await copies.take(key, `ticket of ${key}`, NOW);
  await copies.fill(key, `ticket of ${key}`, { record: recordOf(), trustedUntil }, NOW);
}

describe('drop', () => {
  it('drops the copies of all keys with the same tag, since a session keeps its tag and changes its key', async () => {
    await putCopy('abcd.old');
    await putCopy('abcd.new');
    await copies.drop('abcd.old');
    expect(await copies.take('abcd.new', 'another', NOW)).toBeUndefined();
  });

  it('drops the tickets of all keys with the same tag', async () => {
    await copies.take('abcd.new', 'ticket', NOW);
    await copies.drop('abcd.old');
    await copies.fill('abcd.new', 'ticket', { record: recordOf(), trustedUntil: NOW + 30_000 }, NOW);
    expect(await copies.take('abcd.new', 'another', NOW)).toBeUndefined();
  });

  it('leaves other tags alone', async () => {
    await putCopy('abcd.key');
    await copies.drop('abce.key');
    expect(await copies.take('abcd.key', 'another', NOW)).toMatchObject({ record: { version: 1 } });
  });
});

describe('a ticket', () => {
  it('lies for 10 seconds, and gives way to the next one then', async () => {
    await copies.take('abcd.key', 'first', NOW);
    await copies.take('abcd.key', 'second', NOW + 9_999);
    await copies.fill('abcd.key', 'second', { record: recordOf(), trustedUntil: FOREVER }, NOW);
    expect(await copies.take('abcd.key', 'third', NOW + 10_000)).toBeUndefined();
    await copies.fill('abcd.key', 'first', { record: recordOf(), trustedUntil: FOREVER }, NOW);
    expect(await copies.take('abcd.key', 'fourth', NOW + 10_001)).toBeUndefined();
    await copies.fill('abcd.key', 'third', { record: recordOf(), trustedUntil: FOREVER }, NOW);
    expect(await copies.take('abcd.key', 'fifth', NOW + 10_002)).toBeDefined();
  });
});

describe('what is outdated', () => {
  it('is cleared while others come', async () => {
    // Who asks with an earlier time sees what is still in memory.
    for (let count = 0; count < 100; count++) await putCopy(`${String(count).padStart(4, '0')}.key`);
    for (let count = 0; count < 100; count++) await copies.take(`new${count}.key`, 'ticket', NOW + 60_000);
    const left = [];
    for (let count = 0; count < 100; count++) {
      if (await copies.take(`${String(count).padStart(4, '0')}.key`, 'ticket', NOW)) left.push(count);
    }
    expect(left).toEqual([]);
  });
});
