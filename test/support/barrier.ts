/** Lets tests decide who goes first: no race is left to luck. */

/** A place where one side waits until the other lets it through. */
export class Barrier {
  #arrive: () => void = () => undefined;
  #open: () => void = () => undefined;
  /** Resolves when somebody has come. */
  readonly reached = new Promise<void>((resolve) => (this.#arrive = resolve));
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  /** Waits here until the barrier is open. */
  pass(): Promise<void> {
    this.#arrive();
    return this.#opened;
  }

  /** Lets everybody through, those that come later too. */
  open(): void {
    this.#open();
  }
}

/** A place where everybody waits until `count` are there. */
export class Meeting {
  readonly #barrier = new Barrier();
  #missing: number;

  constructor(count: number) {
    this.#missing = count;
  }

  join(): Promise<void> {
    this.#missing--;
    if (this.#missing === 0) this.#barrier.open();
    return this.#barrier.pass();
  }
}
