/** Time that stands still until it is told to go on: tests of deadlines need no sleeping. */
import { type Duration, toMilliseconds } from '../session/duration.js';

export class TestClock {
  #time: number;

  /** @param time - milliseconds since 1970 to start from. Default: now, so that a backend's own expiry isn't ahead */
  constructor(time: number = Date.now()) {
    this.#time = time;
  }

  /** The time, in milliseconds since 1970. Bound: give it as the option `clock` of a manager. */
  readonly now = (): number => this.#time;

  /** Goes on by a span, at least a millisecond. */
  advance(by: Duration): void {
    this.#time += toMilliseconds('by', by);
  }

  /** Goes to an instant, back too. */
  set(time: number | Date): void {
    this.#time = Number(time);
  }
}
