/**
 * A store whose touches and plain changes resolve before they are written. What a session has pending goes out at once
 * and in order, one write at a time; what comes meanwhile is the next write. So there is nothing to wait for when the
 * store is fast, and few writes when it is slow.
 */
import type { Awaitable } from '../../session/awaitable.js';
import { SessionError } from '../../session/session.error.js';
import type { SessionLogger } from '../../session/session.logger.js';
import { tagOf } from '../../session/session.id.js';
import type { Changed, Delta, Key, SessionRecord } from '../../session/session.record.js';
import {
  type Added,
  type AddOptions,
  type Found,
  type ListedSession,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  SessionStore,
  type StoreCapabilities,
} from '../session.store.js';
import { StoreGate } from '../store.gate.js';
import type { FollowedSession } from './followed.session.js';
import { FollowedSessions } from './followed.sessions.js';
import { Pause } from './pause.js';
import type { PendingWrite } from './pending.write.js';
import type { TieredSettings } from './tiered.options.js';

/** A write that takes longer is sent again: its op tells if it arrived. */
const WRITE_TIMEOUT_MS = 10_000;
/** Between two tries: before the second one, doubled before each other, and in the long run. */
const FIRST_PAUSE_MS = 50;
const LONG_PAUSE_MS = 5_000;
/** Between two tries while the store is being closed. */
const CLOSING_PAUSE_MS = 100;
/** Sessions that are followed at least, so that few changes have to wait for want of knowledge. */
const MIN_FOLLOWED = 10_000;

export class WriteBehindStore extends SessionStore {
  readonly #inner: SessionStore;
  readonly #logger: SessionLogger;
  readonly #gate: StoreGate;
  readonly #retries: number;
  readonly #maxPending: number;
  readonly #flushTimeout: number;
  readonly #sessions: FollowedSessions;
  /** Those with something pending. */
  readonly #pending = new Set<FollowedSession>();
  /** Counts reads, renames and removals of this process, to tell which of them overtook which. */
  #turn = 0;
  #removedAt = 0;
  #isClosing = false;
  #isAbandoned = false;

  constructor(inner: SessionStore, settings: TieredSettings, logger: SessionLogger) {
    super();
    this.#inner = inner;
    this.#logger = logger;
    this.#gate = new StoreGate(WRITE_TIMEOUT_MS, logger, 'durable session store');
    this.#retries = settings.retries;
    this.#maxPending = settings.maxPending;
    this.#flushTimeout = settings.flushTimeout;
    this.#sessions = new FollowedSessions(Math.max(MIN_FOLLOWED, 2 * settings.maxPending));
  }

  get capabilities(): StoreCapabilities {
    return { ...this.#inner.capabilities, acknowledged: 'behind' };
  }

  override start(logger: SessionLogger): void {
    this.#inner.start(logger);
  }

  async get(key: Key, now: number): Promise<Found> {
    const session = this.#sessions.find(key);
    const overlay = session?.overlay();
    const asked = ++this.#turn;
    const found = await this.#inner.get(key, now);
    if (found && 'record' in found) {
      if (overlay) return { record: overlay(found.record) };
      // Some session was removed while this one was read. Maybe this one.
      if (asked < this.#removedAt && !this.#sessions.ofHandle(found.record.handle)) return found;
      const followed = this.#sessions.follow(key, found.record, asked);
      if (followed.isIdle) followed.learn(found.record);
      // Renamed by another process, and changed here under its former key.
      else if (!session) return this.get(key, now);
      return found;
    }
    // It may be a pending access that keeps the session alive.
    const isAbsent = !found || 'expired' in found;
    return overlay && session && isAbsent ? this.#inOrder(session, () => this.#inner.get(key, now)) : found;
  }

  async touch(key: Key, now: number): Promise<boolean> {
    const session = this.#sessionFor(key, now);
    if (session) {
      session.touch(now);
      this.#flush(session);
      return true;
    }
    return this.#inOrder(this.#sessions.find(key), () => this.#inner.touch(key, now));
  }

  async add(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    // What is pending may keep sessions alive, that count.
    if (options.limit) await this.#settleAll(tagOf(key));
    const added = await this.#inner.add(key, record, options);
    if (added !== 'added' && typeof added !== 'object') return added;
    this.#sessions.follow(key, record, ++this.#turn);
    if (options.replaces !== undefined) this.#forget(this.#sessions.find(options.replaces));
    if (added !== 'added') this.#forget(...added.displaced.map((handle) => this.#sessions.ofHandle(handle)));
    return added;
  }

  async change(key: Key, delta: Delta, now: number): Promise<Changed> {
    const session = delta.ifVersion === undefined && this.#sessionFor(key, now);
    if (session) {
      const version = session.change(delta, now);
      this.#flush(session);
      return { version };
    }
    const known = this.#sessions.find(key);
    const changed = await this.#inOrder(known, () => this.#inner.change(key, delta, now));
    if (changed !== 'gone' && 'version' in changed) known?.learnChange(changed.version, delta.op);
    return changed;
  }

  async rename(from: Key, to: Key, options: RenameOptions): Promise<Renamed> {
    const session = this.#sessions.find(from);
    const renamed = await this.#inOrder(session, () => this.#inner.rename(from, to, options));
    if (renamed === 'done' && session) this.#sessions.moved(session, to, ++this.#turn);
    return renamed;
  }

  async remove(key: Key): Promise<boolean> {
    const removed = await this.#inner.remove(key);
    this.#forget(this.#sessions.find(key));
    return removed;
  }

  async list(tag: string, now: number): Promise<readonly ListedSession[]> {
    // What is pending keeps sessions alive, and has their last accesses.
    await this.#settleAll(tag);
    return this.#inner.list(tag, now);
  }

  async removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    const known = this.#sessions.ofTag(tag);
    // Whoever spares a session has read it here: if something of it is pending, it is known by that key.
    const spared = except === undefined ? undefined : this.#sessions.find(except);
    const ended = await this.#inOrder(spared, () => this.#inner.removeAll(tag, now, except));
    if (ended === 'gone') return ended;
    // Of what came meanwhile nobody knows: it isn't taken for known, but what is pending of it is still written.
    const met = this.#sessions.ofTag(tag).filter((session) => session.isIdle);
    this.#forget(...[...known, ...met].filter((session) => session !== spared));
    return ended;
  }

  async purge(options: PurgeOptions): Promise<Purged> {
    // What is pending may keep sessions alive.
    await this.#settleAll();
    return this.#inner.purge(options);
  }

  /** Writes what is pending, for as long as `flushTimeout` says. Rejects if something is left then. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#flushAll();
    const lost = this.#pending.size;
    this.#isAbandoned = true;
    for (const session of this.#pending) session.wake();
    await this.#inner.close();
    if (lost === 0) return;
    const message = `The durable session store couldn't be written to: the last changes of ${lost} sessions are lost.`;
    this.#logger.error(message);
    throw new SessionError('STORE_FAILED', message);
  }

  /** The session of a key, if its changes can be taken for done. */
  #sessionFor(key: Key, now: number): FollowedSession | undefined {
    const session = this.#sessions.find(key);
    // From a former key a session is found for some time only: the store knows how long.
    if (!session || session.key !== key || !session.isLive(now) || this.#isClosing) return undefined;
    return !session.isIdle || this.#pending.size < this.#maxPending ? session : undefined;
  }

  /** Sessions are gone, whether they were known or not. */
  #forget(...sessions: readonly (FollowedSession | undefined)[]): void {
    this.#removedAt = ++this.#turn;
    for (const session of sessions) {
      if (!session) continue;
      this.#sessions.forget(session);
      this.#pending.delete(session);
    }
  }

  /** Does what can't be done before all that is pending of the session is written. */
  async #inOrder<T>(session: FollowedSession | undefined, work: () => Awaitable<T>): Promise<T> {
    if (session) await this.#settle(session);
    return work();
  }

  /** Those of a tag, or of all. */
  async #settleAll(tag?: string): Promise<void> {
    const sessions = [...this.#pending].filter(({ key }) => tag === undefined || tagOf(key) === tag);
    await Promise.all(sessions.map((session) => this.#settle(session)));
  }

  #settle(session: FollowedSession): Promise<void> {
    const settled = session.settled();
    session.wake();
    return settled;
  }

  /** Tries until nothing is pending, or the time is up. */
  async #flushAll(): Promise<void> {
    let isTimeUp = false;
    const time = new Pause(this.#flushTimeout);
    const timeUp = time.over.then(() => (isTimeUp = true));
    while (this.#pending.size > 0 && !isTimeUp) {
      const flushed = Promise.all([...this.#pending].map((session) => this.#settle(session)));
      await Promise.race([flushed.catch(() => new Pause(CLOSING_PAUSE_MS).over), timeUp]);
    }
    time.end();
  }

  #flush(session: FollowedSession): void {
    if (session.isFlushing) return;
    session.isFlushing = true;
    this.#pending.add(session);
    void this.#writeAll(session);
  }

  async #writeAll(session: FollowedSession): Promise<void> {
    let failures = 0;
    for (let write = session.next; write && !this.#isAbandoned; write = session.next) {
      try {
        await this.#write(session, write);
        failures = 0;
      } catch (error) {
        failures++;
        session.failed(error);
        if (!this.#isAbandoned) await this.#pause(session, failures);
      }
    }
    this.#pending.delete(session);
    session.isFlushing = false;
  }

  async #write(session: FollowedSession, write: PendingWrite): Promise<void> {
    const { key } = session;
    write.isSent = true;
    const answer = await this.#gate.run<Changed | boolean>(() =>
      write.steps === 0 ? this.#inner.touch(key, write.now) : this.#inner.change(key, write.delta, write.now),
    );
    if (typeof answer === 'object') session.written('version' in answer ? answer.version : undefined);
    else if (answer === true) session.written(undefined);
    else this.#lost(session);
  }

  /** Removed by another process, or expired. */
  #lost(session: FollowedSession): void {
    this.#forget(session);
    this.#logger.debug(`Session ${session.handle} was gone before its last changes were written.`);
  }

  async #pause(session: FollowedSession, failures: number): Promise<void> {
    const isNew = failures <= this.#retries;
    const pause = new Pause(isNew ? FIRST_PAUSE_MS * 2 ** (failures - 1) : LONG_PAUSE_MS).unref();
    session.wake = () => pause.end();
    await pause.over;
  }
}
