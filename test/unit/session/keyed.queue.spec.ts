/** Works of one key run one after another, those of different keys side by side. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { KeyedQueue } from '../../../src/session/keyed.queue.js';
import { SeededRandom } from '../fixtures/seeded.random.js';
import { isSettled, turns, unhandledRejections } from '../fixtures/turns.js';

/** A work that lasts until it is told to end. */
function heldWork<T>(result: T) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const work = { runs: 0, end, run: () => (work.runs++, ended.then(() => result)) };
  return work;
}

describe('a queue by keys', () => {
  it('starts the first work at once', () => {
    const work = heldWork(1);
    void new KeyedQueue().run('a', work.run);
    expect(work.runs).toBe(1);
  });

  it('starts the next work of a key when the one before is done', async () => {
    const queue = new KeyedQueue();
    const [first, second] = [heldWork(1), heldWork(2)];
    const results = [queue.run('a', first.run), queue.run('a', second.run)];
    await turns();
    expect(second.runs).toBe(0);
    first.end();
    await turns();
    expect(second.runs).toBe(1);
    second.end();
    await expect(Promise.all(results)).resolves.toEqual([1, 2]);
  });

  it('does not hold up works of other keys', async () => {
    const queue = new KeyedQueue();
    const [first, other] = [heldWork(1), heldWork(2)];
    void queue.run('a', first.run);
    const done = queue.run('b', other.run);
    other.end();
    await expect(done).resolves.toBe(2);
    first.end();
  });

  it('goes on after a work that failed, which is its own caller’s to hear of', async () => {
    const queue = new KeyedQueue();
    const failure = new Error('failed');
    const unhandled = await unhandledRejections(async () => {
      const failed = queue.run('a', () => Promise.reject(failure));
      const next = queue.run('a', async () => 'next');
      await expect(failed).rejects.toBe(failure);
      await expect(next).resolves.toBe('next');
    });
    expect(unhandled).toEqual([]);
  });

  it('takes a work that throws at once for one that failed', async () => {
    const queue = new KeyedQueue();
    const failed = queue.run('a', () => {
      throw new Error('at once');
    });
    await expect(failed).rejects.toThrow('at once');
    await expect(queue.run('a', async () => 'next')).resolves.toBe('next');
  });

  it('keeps the order of the calls, whatever each takes', async () => {
    const queue = new KeyedQueue();
    const random = new SeededRandom(1);
    const finished: number[] = [];
    await Promise.all(
      Array.from({ length: 200 }, (_, call) =>
        queue.run('a', async () => {
          await turns(random.below(3));
          finished.push(call);
        }),
      ),
    );
    expect(finished).toEqual(Array.from({ length: 200 }, (_, call) => call));
  });

  it('starts at once again when everything before is done', async () => {
    const queue = new KeyedQueue();
    await queue.run('a', async () => 1);
    const work = heldWork(2);
    const done = queue.run('a', work.run);
    expect(work.runs).toBe(1);
    work.end();
    await expect(isSettled(done)).resolves.toBe(true);
  });
});

it('a failure that is everybody’s ends all that wait behind it, and none that comes later', async () => {
  const queue = new KeyedQueue((error) => error instanceof RangeError);
  const started: string[] = [];
  const work = (name: string, failure?: Error) => async () => {
    started.push(name);
    await setImmediate();
    if (failure) throw failure;
    return name;
  };
  const failure = new RangeError('everybody’s');
  const outcomes = Promise.allSettled([
    queue.run('key', work('first', new TypeError('its own'))),
    queue.run('key', work('second', failure)),
    queue.run('key', work('third')),
    queue.run('key', work('fourth')),
    queue.run('other key', work('other')),
  ]);
  const reasons = (await outcomes).map((outcome) => (outcome.status === 'rejected' ? outcome.reason : outcome.value));
  expect(reasons).toEqual([expect.any(TypeError), failure, failure, failure, 'other']);
  expect(started.toSorted()).toEqual(['first', 'other', 'second']);
  expect(await queue.run('key', work('later'))).toBe('later');
});
