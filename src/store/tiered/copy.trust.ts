/**
 * Whether copies may be served: settled by all processes together. Who wrote to a session and can't drop its copy,
 * since the cache doesn't answer, makes all of them do without copies until those that were there are too old to be
 * served.
 *
 * They hear of it through the durable tier, by a record whose version grows. Who serves copies has looked there within
 * the last half second. So who made it grow waits for that long, and then nobody serves what was copied before. As long
 * as that lasts, nobody has to be told again, nor to wait.
 */
import { SessionError } from '../../session/session.error.js';
import { randomText } from '../../session/random.text.js';
import { keyOf } from '../../session/session.id.js';
import { SILENT } from '../../session/session.logger.js';
import type { SessionRecord } from '../../session/session.record.js';
import type { SessionStore } from '../session.store.js';
import { StoreGate } from '../store.gate.js';
import { Moment } from './moment.js';
import { Pause } from './pause.js';
import type { TieredSettings } from './tiered.options.js';

/** How long a look at the record counts, and so how long one may take. */
const LOOK_MS = 500;
/** What that time of two machines may differ by. */
const DRIFT_MS = 20;
/** How long a step of telling the others may take. */
const TELL_MS = 10_000;
/** What the clocks of two machines may differ by, for a process that starts. */
const SKEW_MS = 5 * 60_000;

const OP_BYTES = 9;
const HUNDRED_YEARS = 100 * 365 * 24 * 3_600_000;

export class CopyTrust {
  /** `undefined`: there are no other processes. */
  readonly #durable: SessionStore | undefined;
  readonly #freshFor: number;
  // One call that is never answered stands in nobody's way. Failures are heard of by who asks for the session itself.
  readonly #looks = new StoreGate(LOOK_MS, SILENT);
  readonly #tells = new StoreGate(TELL_MS, SILENT, 'durable session store');
  readonly #key = keyOf('nestjs-http-session/tiered', 'tier.suspensions');
  /** From this machine's clock to the app's, as last heard. */
  #clockOffset = 0;
  #lookedAt: Moment | undefined;
  #looking: Promise<void> | undefined;
  #seen: number | undefined;
  /** By the clock that never jumps: while the machine sleeps, it lasts on. */
  #suspendedUntil = -Infinity;
  /** When the others were told, as far as they have all heard. */
  #toldAt: Moment | undefined;
  #telling: Promise<void> | undefined;

  constructor({ cache, durable, singleProcess, freshFor }: TieredSettings) {
    this.#durable = singleProcess ? undefined : durable;
    this.#freshFor = freshFor;
    // What the process before this one couldn't drop may still lie there, and it had nobody to tell.
    if (singleProcess && cache.capabilities.shared) this.#suspendedUntil = performance.now() + freshFor;
  }

  get #now(): number {
    return Date.now() + this.#clockOffset;
  }

  /** Whether copies may be served, by a look that is recent enough. */
  get holds(): boolean {
    return !this.isSuspended && (!this.#durable || ageOf(this.#lookedAt) < LOOK_MS);
  }

  /** Whether copies aren't served here for some time. */
  get isSuspended(): boolean {
    return performance.now() < this.#suspendedUntil;
  }

  /**
   * Whether nobody will serve what is copied now, so that it needn't be dropped. Who heard of it suspends for twice as
   * long as a copy is trusted: there is time to tell of the next suspension.
   */
  get isSuspendedEverywhere(): boolean {
    return ageOf(this.#toldAt) < this.#freshFor / 2;
  }

  /** Looks if that is due. Resolves when the last look is recent enough, or failed. */
  async look(now: number): Promise<void> {
    this.#clockOffset = now - Date.now();
    const durable = this.#durable;
    if (!durable) return;
    const age = ageOf(this.#lookedAt);
    if (age >= LOOK_MS) await this.#lookAt(durable);
    else if (age >= LOOK_MS / 2) void this.#lookAt(durable);
  }

  /** Resolves when nobody serves what was copied before any more. Rejects if the durable tier fails. */
  async suspend(): Promise<void> {
    this.#suspendHere();
    // What is being told already may have begun too long ago.
    await this.#telling;
    if (this.isSuspendedEverywhere) return;
    this.#telling ??= this.#tell().finally(() => (this.#telling = undefined));
    await this.#telling;
  }

  #suspendHere(): void {
    this.#suspendedUntil = performance.now() + 2 * this.#freshFor;
  }

  async #tell(): Promise<void> {
    const started = new Moment();
    if (this.#durable) {
      await this.#growRecord(this.#durable);
      // Unless all have heard of the last one, and suspend until they have heard of this one.
      const isSeamless = ageOf(this.#toldAt) < 2 * this.#freshFor - LOOK_MS - DRIFT_MS;
      if (!isSeamless) await new Pause(LOOK_MS + DRIFT_MS).over;
    }
    this.#toldAt = started;
  }

  /** Never rejects: where the durable tier fails, no copy is served. */
  #lookAt(durable: SessionStore): Promise<void> {
    this.#looking ??= this.#read(durable)
      .catch(() => undefined)
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #read(durable: SessionStore): Promise<void> {
    const started = new Moment();
    const found = await this.#looks.run(() => durable.get(this.#key, this.#now));
    if (found && !('record' in found)) return;
    const version = found?.record.version ?? 0;
    if (version !== this.#seen && this.#isNews(found?.record)) this.#suspendHere();
    this.#seen = version;
    this.#lookedAt = started;
  }

  /** A process that starts has missed nothing that lately grew. */
  #isNews(record: SessionRecord | undefined): boolean {
    if (this.#seen !== undefined) return true;
    return record !== undefined && this.#now - record.accessed < 2 * this.#freshFor + SKEW_MS;
  }

  async #growRecord(durable: SessionStore): Promise<void> {
    if (await this.#hasGrown(durable)) return;
    // The first suspension ever. The record stays.
    const add = () => durable.add(this.#key, newRecord(this.#now), { op: randomText(OP_BYTES) });
    const added = await this.#tells.run(add);
    if (added === 'added' || (added === 'exists' && (await this.#hasGrown(durable)))) return;
    throw new SessionError('STORE_FAILED', 'The durable session store has no room to say that copies are outdated.');
  }

  async #hasGrown(durable: SessionStore): Promise<boolean> {
    const delta = { set: new Map<string, string>(), unset: [], op: randomText(OP_BYTES) };
    return (await this.#tells.run(() => durable.change(this.#key, delta, this.#now))) !== 'gone';
  }
}

function ageOf(moment: Moment | undefined): number {
  return moment?.age ?? Infinity;
}

function newRecord(now: number): SessionRecord {
  return {
    format: 1,
    created: now,
    accessed: now,
    timeout: HUNDRED_YEARS,
    touchInterval: 0,
    ends: null,
    // Unlike that of a record that was there and was deleted.
    version: now,
    persistent: false,
    handle: 'tiered-store',
    seed: '',
    consts: '{}',
    attrs: new Map(),
  };
}
