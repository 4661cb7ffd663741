/** A queue that works may enter again for their own key, without waiting for themselves. */
import { describe, expect, it } from 'vitest';
import { ReentrantQueue } from '../../../src/session/reentrant.queue.js';
import { isSettled, turns } from '../fixtures/turns.js';

/** A gate that is shut until it is opened. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('a reentrant queue', () => {
  it('runs works of one key one after another', async () => {
    const queue = new ReentrantQueue();
    const { open, opened } = gate();
    const order: string[] = [];
    const first = queue.run('a', async () => {
      await opened;
      order.push('first');
    });
    const second = queue.run('a', async () => void order.push('second'));
    await expect(isSettled(second)).resolves.toBe(false);
    open();
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('runs at once what a work does for its own key, however deep', async () => {
    const queue = new ReentrantQueue();
    const nested = queue.run('a', () =>
      queue.run('a', async () => (await turns(), queue.run('a', async () => 'deep'))),
    );
    await expect(nested).resolves.toBe('deep');
  });

  it('runs at once what a work does for its own key inside of a work for another', async () => {
    const queue = new ReentrantQueue();
    const nested = queue.run('a', async () => {
      await turns(1);
      return queue.run('b', () => queue.run('a', async () => 'deep'));
    });
    await expect(nested).resolves.toBe('deep');
  });

  it('lets nobody else in meanwhile', async () => {
    const queue = new ReentrantQueue();
    const { open, opened } = gate();
    const first = queue.run('a', () => queue.run('a', () => opened));
    const other = queue.run('a', async () => 'other');
    await expect(isSettled(other)).resolves.toBe(false);
    open();
    await Promise.all([first, other]);
  });

  it('queues a work for another key that is busy', async () => {
    const queue = new ReentrantQueue();
    const { open, opened } = gate();
    const busy = queue.run('b', () => opened);
    const nested = queue.run('a', () => queue.run('b', async () => 'in turn'));
    await expect(isSettled(nested)).resolves.toBe(false);
    open();
    await busy;
    await expect(nested).resolves.toBe('in turn');
  });

  it('queues what a work left behind once that work is over', async () => {
    const queue = new ReentrantQueue();
    const { open, opened } = gate();
    let leftBehind: Promise<string> | undefined;
    const start = gate();
    await queue.run('a', async () => {
      leftBehind = start.opened.then(() => queue.run('a', async () => 'late'));
    });
    const next = queue.run('a', () => opened);
    start.open();
    if (!leftBehind) throw new Error('nothing was left behind');
    await expect(isSettled(leftBehind)).resolves.toBe(false);
    open();
    await next;
    await expect(leftBehind).resolves.toBe('late');
  });

  it('goes on after a work that failed', async () => {
    const queue = new ReentrantQueue();
    await expect(queue.run('a', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await expect(queue.run('a', async () => 'next')).resolves.toBe('next');
  });
});
