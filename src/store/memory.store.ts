/** Sessions in this process's memory: for one process, development and tests. Nothing survives a restart. */
import { setImmediate } from 'node:timers/promises';
import { type Duration, toTimerMilliseconds } from '../session/duration.js';
import { checkInteger, checkOptionNames } from '../session/options.check.js';
import { tagOf } from '../session/session.id.js';
import { type Changed, deadlineOf, type Delta, type Key, type SessionRecord } from '../session/session.record.js';
import type { SessionCopies } from './session.copies.js';
import { displacedBy } from './session.limit.js';
import { ExpirySlots } from './expiry.slots.js';
import { MemoryCopies } from './memory.copies.js';
import { MemoryForward } from './memory.forward.js';
import { MemoryPrincipals } from './memory.principals.js';
import { MemorySession } from './memory.session.js';
import { isRemembered } from './remembered.ops.js';
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
} from './session.store.js';
import { ShardedMap } from './sharded.map.js';

export interface MemoryStoreOptions {
  /** How often expired sessions are removed from memory. (They aren't served, removed or not.) @defaultValue '10s' */
  purgeInterval?: Duration | undefined;
  /**
   * Most sessions held. A new one is then refused, none is evicted; expired ones give way, within a second of their deadline.
   * @defaultValue no limit
   */
  maxSessions?: number | undefined;
}

/**
 * How long the purge works before it lets others in, and how much it does between two looks at the time. Short: a slice may be
 * held up itself, by V8 or the machine.
 */
const SLICE_MS = 0.5;
const BATCH = 100;

/** Keeps sessions in memory. */
export class MemoryStore extends SessionStore {
  readonly capabilities = { shared: false, atomic: true, acknowledged: 'backend' } as const;
  /** A key is in one of the two, if at all. */
  readonly #sessions = new ShardedMap<MemorySession>();
  readonly #forwards = new ShardedMap<MemoryForward>();
  readonly #expiries = new ExpirySlots<MemorySession | MemoryForward>();
  readonly #principals = new MemoryPrincipals();
  readonly #maxSessions: number;
  readonly #purgeInterval: number;
  /** Runs from the first session on. */
  #cleaner: NodeJS.Timeout | undefined;
  /** From this machine's clock to the app's, as last heard: the cleaner has no other way to know what time it is. */
  #clockOffset = 0;
  #purging: Promise<Purged> | undefined;
  #copies: MemoryCopies | undefined;

  /** @throws SessionError `INVALID_OPTION` */
  constructor(options: MemoryStoreOptions = {}) {
    super();
    checkOptionNames('MemoryStore', options, ['purgeInterval', 'maxSessions']);
    const { purgeInterval = '10s', maxSessions } = options;
    this.#maxSessions = maxSessions === undefined ? Infinity : checkInteger('maxSessions', maxSessions, 1);
    this.#purgeInterval = toTimerMilliseconds('purgeInterval', purgeInterval);
  }

  /** Sessions in memory, expired ones that weren't purged yet included. */
  get size(): number {
    return this.#sessions.size;
  }

  override get copies(): SessionCopies {
    this.#copies ??= new MemoryCopies();
    return this.#copies;
  }

  get(key: Key, now: number): Found {
    const session = this.#sessions.get(key);
    if (session) return session.isLive(now) ? { record: session } : { expired: session.handle };
    const forward = this.#forwards.get(key);
    if (!forward || now >= forward.forwardUntil) return undefined;
    return { successor: forward.successor, graceUntil: forward.graceUntil };
  }

  touch(key: Key, now: number): boolean {
    const session = this.#find(key, now);
    if (!session) return false;
    this.#hearClock(now);
    this.#replace(session, session.accessedAt(now));
    return true;
  }

  add(key: Key, record: SessionRecord, { op, replaces, limit }: AddOptions): Added {
    const taken = this.#sessions.get(key);
    if (taken) return isRemembered(taken.ops, op) ? 'added' : 'exists';
    if (this.#forwards.get(key)) return 'exists';
    const replaced = replaces === undefined ? undefined : this.#find(replaces, -Infinity);
    const displaced = limit ? displacedBy(limit, this.list(tagOf(key), record.created), replaced?.key) : [];
    if (displaced === 'limit') return 'limit';
    if (this.size >= this.#maxSessions && !this.#makeRoom(record.created, replaced ?? displaced[0])) return 'full';
    this.#hearClock(record.created);
    if (!this.#cleaner) this.#cleaner = setInterval(() => void this.#clean(), this.#purgeInterval).unref();
    this.#put(new MemorySession(key, record, op));
    if (replaced) this.#drop(replaced);
    for (const one of displaced) this.remove(one.key);
    return displaced.length === 0 ? 'added' : { displaced: displaced.map(({ outline }) => outline.handle) };
  }

  change(key: Key, delta: Delta, now: number): Changed {
    const session = this.#find(key, now);
    if (!session) return 'gone';
    if (isRemembered(session.ops, delta.op)) return { version: session.version };
    if (delta.ifVersion !== undefined && delta.ifVersion !== session.version) return { conflict: session };
    this.#hearClock(now);
    const changed = session.changedBy(delta, now);
    this.#replace(session, changed);
    return { version: changed.version };
  }

  rename(from: Key, to: Key, options: RenameOptions): Renamed {
    const taken = this.#sessions.get(to);
    if (taken) return isRemembered(taken.ops, options.op) ? 'done' : 'exists';
    if (this.#forwards.get(to)) return 'exists';
    const session = this.#find(from, options.now);
    if (!session || (options.follows === false && session.key !== from)) return 'gone';
    this.#drop(session);
    this.#put(session.renamedTo(to, options));
    const forward = new MemoryForward(session.key, to, options);
    this.#forwards.set(forward.key, forward);
    this.#expiries.add(forward, forward.forwardUntil);
    return 'done';
  }

  remove(key: Key): boolean {
    // At the start of time nothing has expired: what is there is removed, whatever its deadline.
    const session = this.#find(key, -Infinity);
    if (!session) return false;
    this.#drop(session);
    return true;
  }

  list(tag: string, now: number): ListedSession[] {
    const listed: ListedSession[] = [];
    for (const key of this.#principals.keysOf(tag)) {
      const session = this.#sessions.get(key);
      if (session?.isLive(now)) listed.push({ key, outline: session });
    }
    return listed;
  }

  removeAll(tag: string, now: number, except?: Key): number | 'gone' {
    const spared = except === undefined ? undefined : this.#find(except, now);
    if (except !== undefined && !spared) return 'gone';
    let live = 0;
    for (const key of this.#principals.keysOf(tag)) {
      const session = this.#sessions.get(key);
      if (!session || session === spared) continue;
      if (session.isLive(now)) live++;
      this.#drop(session);
    }
    return live;
  }

  async purge({ now, batchSize, deadline }: PurgeOptions): Promise<Purged> {
    const limit = Math.min(batchSize, BATCH);
    const started = performance.now();
    let sliceStarted = started;
    let removed = 0;
    for (;;) {
      const batch = this.#purgeBatch(now, limit);
      removed += batch.sessions;
      if (batch.taken < limit) return { completed: true, removed };
      if (performance.now() - sliceStarted < SLICE_MS) continue;
      if (performance.now() - started >= deadline) return { completed: false, removed };
      await setImmediate();
      sliceStarted = performance.now();
    }
  }

  /** Stops the cleaner. The sessions stay as long as the store is referenced. */
  close(): void {
    clearInterval(this.#cleaner);
  }

  /** The live session of a key, or the one that key forwards to. */
  #find(key: Key, now: number): MemorySession | undefined {
    let last = key;
    for (let forward = this.#forwards.get(key); forward; forward = this.#forwards.get(last)) {
      if (now >= forward.forwardUntil) return undefined;
      last = forward.successor;
    }
    const session = this.#sessions.get(last);
    return session?.isLive(now) ? session : undefined;
  }

  #put(session: MemorySession): void {
    this.#sessions.set(session.key, session);
    this.#expiries.add(session, deadlineOf(session));
    if (session.principal !== undefined) this.#principals.add(session.key);
  }

  #drop(session: MemorySession): void {
    this.#expiries.delete(session);
    this.#forget(session);
  }

  #forget({ key, principal }: MemorySession): void {
    this.#sessions.delete(key);
    if (principal !== undefined) this.#principals.delete(key);
  }

  #replace(session: MemorySession, next: MemorySession): void {
    this.#expiries.delete(session);
    this.#put(next);
  }

  #hearClock(now: number): void {
    this.#clockOffset = now - Date.now();
  }

  /** Full: expired sessions give way, and the one to be replaced; living ones don't. */
  #makeRoom(now: number, replaced: object | undefined): boolean {
    if (replaced) return true;
    for (;;) {
      const { taken, sessions } = this.#purgeBatch(now, BATCH);
      // Forwards take no session's place.
      if (sessions > 0 || taken < BATCH) return sessions > 0;
    }
  }

  #purgeBatch(now: number, limit: number): { taken: number; sessions: number } {
    const before = this.size;
    const taken = this.#expiries.takeDue(now, limit, (expired) => {
      if (expired instanceof MemorySession) this.#forget(expired);
      else this.#forwards.delete(expired.key);
    });
    return { taken, sessions: before - this.size };
  }

  async #clean(): Promise<void> {
    if (this.#purging) return;
    this.#purging = this.purge({ now: Date.now() + this.#clockOffset, batchSize: BATCH, deadline: Infinity });
    await this.#purging;
    this.#purging = undefined;
  }
}
