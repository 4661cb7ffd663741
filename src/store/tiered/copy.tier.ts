/** The cache, as the tier above the durable one: bounded in time, and never missed when it fails. */
import type { Awaitable } from '../../session/awaitable.js';
import { randomText } from '../../session/random.text.js';
import { SessionError } from '../../session/session.error.js';
import type { SessionLogger } from '../../session/session.logger.js';
import { copyOf, type Key, type SessionRecord } from '../../session/session.record.js';
import type { SessionCopies } from '../session.copies.js';
import { StoreGate } from '../store.gate.js';
import { CopyTrust } from './copy.trust.js';
import { Pause } from './pause.js';
import type { TieredSettings } from './tiered.options.js';

/** A copy that may be served, or the right to bring one. `undefined`: neither. */
export type Taken = { readonly record: SessionRecord } | { readonly ticket: string } | undefined;

/** Before the first of several tries; doubled before each other one. */
const FIRST_PAUSE_MS = 10;

export class CopyTier {
  readonly #copies: SessionCopies;
  readonly #gate: StoreGate;
  readonly #trust: CopyTrust;
  readonly #freshFor: number;
  readonly #retries: number;
  readonly #ticketPrefix = randomText(12);
  #tickets = 0;

  constructor(settings: TieredSettings, logger: SessionLogger) {
    this.#copies = settings.copies;
    this.#gate = new StoreGate(settings.cacheTimeout, logger, 'cache of the session store');
    this.#trust = new CopyTrust(settings);
    this.#freshFor = settings.freshFor;
    this.#retries = settings.retries;
  }

  async take(key: Key, now: number): Promise<Taken> {
    if (this.#trust.isSuspended) return undefined;
    const looked = this.#trust.look(now);
    const ticket = this.#ticketPrefix + (++this.#tickets).toString(36);
    try {
      const copy = await this.#gate.run(() => this.#copies.take(key, ticket, now));
      await looked;
      if (!this.#trust.holds) return undefined;
      return copy ? { record: copy.record } : { ticket };
    } catch {
      return undefined;
    }
  }

  /**
   * Brings a copy, while the caller goes on. That it fails harms nobody.
   *
   * @param readAt - before the record was read
   */
  bring(key: Key, ticket: string, record: SessionRecord, readAt: number): void {
    // The caller goes on with the record.
    const copy = { record: copyOf(record), trustedUntil: readAt + this.#freshFor };
    void this.#tolerated(() => this.#copies.fill(key, ticket, copy, readAt));
  }

  /** Resolves when no process serves a copy that is older than this call, of any key of the session. */
  async drop(key: Key): Promise<void> {
    if (this.#trust.isSuspendedEverywhere) return;
    try {
      await this.#dropPersistently(key);
    } catch {
      await this.#trust.suspend();
    }
  }

  /** As {@link drop}, but a copy that can't be dropped may be served on. */
  async dropIfPossible(key: Key): Promise<void> {
    if (!this.#trust.isSuspendedEverywhere) await this.#tolerated(() => this.#copies.drop(key));
  }

  async #dropPersistently(key: Key): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#gate.run(() => this.#copies.drop(key));
      } catch (error) {
        // Who doesn't answer won't do so in a moment, and a request waits.
        const isSlow = error instanceof SessionError && error.code === 'STORE_TIMEOUT';
        if (isSlow || failures === this.#retries) throw error;
        await new Pause(FIRST_PAUSE_MS * 2 ** failures).over;
      }
    }
  }

  async #tolerated(call: () => Awaitable<void>): Promise<void> {
    try {
      await this.#gate.run(call);
    } catch {
      // The gate has said so.
    }
  }
}
