/** A moment whose age is told right even if the machine slept since, when one of its clocks stood still, or was set. */
export class Moment {
  readonly #steady = performance.now();
  readonly #wall = Date.now();

  /** Milliseconds since, by the clock that went on faster: what must not be too old is rather taken for too old. */
  get age(): number {
    return Math.max(performance.now() - this.#steady, Date.now() - this.#wall);
  }
}
