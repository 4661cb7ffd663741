import { AsyncLocalStorage } from 'node:async_hooks';
import { KeyedQueue } from './keyed.queue.js';

/** A turn that is being taken: what runs on behalf of it needn't queue again. */
interface Turn {
  readonly key: string;
  readonly outer: Turn | undefined;
  over: boolean;
}

/** A {@link KeyedQueue} in which work may queue for its own key again: it runs at once, instead of waiting for itself. */
export class ReentrantQueue {
  readonly #queue = new KeyedQueue();
  readonly #turns = new AsyncLocalStorage<Turn>();

  /** As {@link KeyedQueue.run}. `isNested`: the work runs within other work of its key. */
  run<T>(key: string, work: (isNested: boolean) => Promise<T>): Promise<T> {
    const outer = this.#turns.getStore();
    if (isHeld(outer, key)) return work(true);
    return this.#queue.run(key, async () => {
      const turn: Turn = { key, outer, over: false };
      try {
        return await this.#turns.run(turn, work, false);
      } finally {
        turn.over = true;
      }
    });
  }
}

function isHeld(turn: Turn | undefined, key: string): boolean {
  for (let t = turn; t !== undefined; t = t.outer) if (t.key === key && !t.over) return true;
  return false;
}
