/** Purges now and then, one purge at a time, and not when all other processes do. */
import { LONGEST_TIMER } from '../../session/duration.js';
import type { SessionLogger } from '../../session/session.logger.js';

export class PurgeTimer {
  readonly #intervalMs: number;
  readonly #purge: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #purging: Promise<void> | undefined;
  #failing = false;
  #stopped = false;

  constructor(intervalMs: number, purge: () => Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#purge = purge;
  }

  /** Once or many times. */
  start(logger: SessionLogger): void {
    if (this.#timer || this.#stopped) return;
    // Half an interval to one and a half.
    const pause = Math.min(this.#intervalMs * (0.5 + Math.random()), LONGEST_TIMER);
    this.#timer = setTimeout(() => {
      this.#purging = this.#run(logger).finally(() => {
        this.#timer = undefined;
        this.start(logger);
      });
    }, pause).unref();
  }

  /** Resolves when no purge is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#purging;
  }

  /** Says once that it fails, not every time. */
  async #run(logger: SessionLogger): Promise<void> {
    try {
      await this.#purge();
      this.#failing = false;
    } catch {
      if (!this.#failing) logger.warn('Expired sessions could not be purged; it is tried again at the next interval.');
      this.#failing = true;
    }
  }
}
