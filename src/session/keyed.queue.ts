/** Runs the works of one key one after another, those of different keys side by side. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #isEverybodys: (error: unknown) => boolean;

  /** @param isEverybodys - whether a work's failure is that of all who waited for it, instead of their turn */
  constructor(isEverybodys: (error: unknown) => boolean = () => false) {
    this.#isEverybodys = isEverybodys;
  }

  /** Settles as `work` does, which starts once everything queued before it for `key` has settled. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const mine = before === undefined ? work() : before.then(work, (error: unknown) => this.#after(error, work));
    this.#tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    }
  }

  async #after<T>(error: unknown, work: () => Promise<T>): Promise<T> {
    if (this.#isEverybodys(error)) throw error;
    return work();
  }
}
