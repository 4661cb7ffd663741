/** Where requests wait until the test lets them go on. */
export class WorkerGate {
  #arrived: () => void = () => undefined;
  #open: () => void = () => undefined;
  /** Resolves when as many wait as are expected. */
  readonly reached = new Promise<void>((resolve) => (this.#arrived = resolve));
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));
  #missing: number;

  /** @param calls - how many are expected */
  constructor(calls: number) {
    this.#missing = calls;
  }

  pass(): Promise<void> {
    if (--this.#missing === 0) this.#arrived();
    return this.#opened;
  }

  /** Lets everybody through, those that come later too. */
  release(): void {
    this.#open();
  }
}
