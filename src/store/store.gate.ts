/**
 * Every call of the store goes through here: it ends within `storeTimeout`, and its failures are ours to tell, without
 * what a driver puts into its errors (commands, statements, values).
 */
import { type Awaitable, isPromiseLike } from '../session/awaitable.js';
import { SessionError } from '../session/session.error.js';
import type { SessionLogger } from '../session/session.logger.js';

/** After so many timeouts in a row the store isn't asked any more, … */
const TIMEOUTS_TO_OPEN = 5;
/** … but for one call in this time, which finds out whether it is back. */
const PROBE_INTERVAL_MS = 1_000;

/** A timer that is so late tells of a process that stood still: what it had no time to hear gets as much time. */
const STALL_MS = 50;
/** Of a store that does some things and not others (Redis without memory, a replica) recovery isn't told with each answer. */
const QUIET_MS = 1_000;

interface Waiting {
  readonly until: number;
  expire(): void;
}

export class StoreGate {
  readonly #subject: string;
  readonly #timeoutMs: number;
  readonly #logger: SessionLogger;
  /** In the order of their deadlines, since all may take equally long: one timer does for all. */
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #timeoutsInARow = 0;
  #nextProbe = 0;
  #failing = false;
  #failedAt = 0;
  #closed = false;

  /** @param subject - what messages call the store */
  constructor(timeoutMs: number, logger: SessionLogger, subject = 'session store') {
    this.#subject = subject;
    this.#timeoutMs = timeoutMs;
    this.#logger = logger;
  }

  /**
   * What `call` answers: at once if the store answers at once.
   * @throws SessionError `STORE_FAILED`, `STORE_TIMEOUT` or `MANAGER_CLOSED`, at once or by the promise
   */
  run<T>(call: () => Awaitable<T>): Awaitable<T> {
    this.#admit();
    try {
      const answer = call();
      if (isPromiseLike(answer)) return this.#bounded(answer);
      this.#succeeded();
      return answer;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** What `call` answers, however long that takes: for work that is none of a request. */
  async runUnbounded<T>(call: () => Awaitable<T>): Promise<T> {
    this.#checkOpen();
    return this.#translated(call);
  }

  /** The last call; from now on every other one is refused. */
  close(call: () => Awaitable<void>): Promise<void> {
    this.#closed = true;
    return this.#translated(call);
  }

  async #translated<T>(call: () => Awaitable<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new SessionError('MANAGER_CLOSED', 'The session manager was closed.');
  }

  #admit(): void {
    this.#checkOpen();
    if (this.#timeoutsInARow < TIMEOUTS_TO_OPEN) return;
    const now = performance.now();
    if (now < this.#nextProbe) {
      throw new SessionError(
        'STORE_FAILED',
        `The ${this.#subject} isn't asked: it didn't answer ${this.#timeoutsInARow} times in a row.`,
      );
    }
    this.#nextProbe = now + PROBE_INTERVAL_MS;
  }

  #bounded<T>(answer: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { until: performance.now() + this.#timeoutMs, expire: () => reject(this.#timedOut()) };
      this.#waiting.add(waiting);
      if (!this.#timer) this.#timer = this.#startTimer(this.#timeoutMs);
      answer.then(
        (value) => {
          if (!this.#waiting.delete(waiting)) return this.#answeredLate();
          this.#succeeded();
          resolve(value);
        },
        (error: unknown) => {
          if (this.#waiting.delete(waiting)) reject(this.#failed(error));
        },
      );
    });
  }

  #startTimer(inMs: number, isGrace = false): NodeJS.Timeout {
    const due = performance.now() + inMs;
    return setTimeout(() => {
      const now = performance.now();
      if (!isGrace && now - due > STALL_MS) {
        this.#timer = this.#startTimer(STALL_MS, true);
        return;
      }
      for (const waiting of this.#waiting) {
        if (waiting.until > now) break;
        this.#waiting.delete(waiting);
        waiting.expire();
      }
      const [next] = this.#waiting;
      this.#timer = next && this.#startTimer(Math.ceil(next.until - now));
    }, inMs).unref();
  }

  #succeeded(): void {
    this.#timeoutsInARow = 0;
    if (!this.#failing || performance.now() - this.#failedAt < QUIET_MS) return;
    this.#failing = false;
    this.#logger.warn(`The ${this.#subject} answers again.`);
  }

  /** Slow is as bad as down, but worth asking again. */
  #answeredLate(): void {
    this.#nextProbe = 0;
  }

  #timedOut(): SessionError {
    this.#timeoutsInARow++;
    this.#nextProbe = performance.now() + PROBE_INTERVAL_MS;
    return this.#report(
      new SessionError(
        'STORE_TIMEOUT',
        `The ${this.#subject} didn't answer within ${this.#timeoutMs} ms; what it was asked may have happened.`,
      ),
    );
  }

  #failed(error: unknown): SessionError {
    this.#timeoutsInARow = 0;
    return this.#report(
      error instanceof SessionError
        ? error
        : new SessionError('STORE_FAILED', `The ${this.#subject} failed (${nameOf(error)}).`),
    );
  }

  /** Once when it begins, not once a request. */
  #report(error: SessionError): SessionError {
    if (!this.#failing) this.#logger.error(error.message);
    this.#failing = true;
    this.#failedAt = performance.now();
    return error;
  }
}

/** Class and code of a driver's error, if they are words; all else of it may carry what was to be stored. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const words = [error.name, Reflect.get(error, 'code') as unknown].filter(isWord);
  return words.length === 0 ? 'Error' : words.join(' ');
}

function isWord(text: unknown): text is string {
  return typeof text === 'string' && /^\w{1,40}$/.test(text);
}
