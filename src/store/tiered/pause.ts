/** A time to wait, which can be cut short. */
export class Pause {
  readonly over: Promise<void>;
  #end: () => void = () => undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.over = new Promise((resolve) => (this.#end = resolve));
    this.#timer = setTimeout(this.#end, ms);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#end();
  }

  /** A process that has nothing else to do ends. */
  unref(): this {
    this.#timer.unref();
    return this;
  }
}
