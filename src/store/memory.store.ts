/** Sessions in this process's memory: for one process, development and tests. Nothing survives a restart. */
import { setImmediate } from 'node:timers/promises';
import { type Duration, toTimerMilliseconds } from '../session/duration.js';
import { checkInteger, checkOptionNames } from '../session/options.check.js';
import {
  accessedAt,
  type Changed,
  changedBy,
  copyOf,
  type Delta,
  isLive,
  type Key,
  type SessionRecord,
} from '../session/session.record.js';
import { MemoryCopies } from './memory.copies.js';
import { isForward, type Kept, type KeptSession, MemoryShard } from './memory.shard.js';
import { isRemembered, rememberOp } from './remembered.ops.js';
import {
  type Added,
  type AddOptions,
  type Found,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  SessionStore,
} from './session.store.js';

export interface MemoryStoreOptions {
  /** How often expired sessions are removed from memory. (They aren't served, removed or not.) @defaultValue '10s' */
  purgeInterval?: Duration | undefined;
  /**
   * Most sessions held. A new one is then refused, none is evicted; expired ones give way, within a second of their deadline.
   * @defaultValue no limit
   */
  maxSessions?: number | undefined;
}

/** A power of two. At a million sessions a shard has 16,000, and a step over one stays under a millisecond. */
const SHARDS = 64;
/** How long the purge works before it lets others in, and how much it does between two looks at the time. */
const SLICE_MS = 1;
const BATCH = 100;

/** Keeps sessions in memory. */
export class MemoryStore extends SessionStore {
  readonly capabilities = { shared: false, atomic: true, acknowledged: 'backend' } as const;
  readonly #shards = Array.from({ length: SHARDS }, () => new MemoryShard());
  readonly #maxSessions: number;
  readonly #purgeInterval: number;
  /** Runs from the first session on. */
  #cleaner: NodeJS.Timeout | undefined;
  #size = 0;
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
    return this.#size;
  }

  override get copies(): MemoryCopies {
    this.#copies ??= new MemoryCopies();
    return this.#copies;
  }

  get(key: Key, now: number): Found {
    const kept = this.#shardOf(key).get(key);
    if (!kept) return undefined;
    if (isForward(kept)) {
      return now < kept.forwardUntil ? { successor: kept.successor, graceUntil: kept.graceUntil } : undefined;
    }
    return isLive(kept.record, now) ? { record: copyOf(kept.record) } : undefined;
  }

  touch(key: Key, now: number): boolean {
    const session = this.#find(key, now);
    if (!session) return false;
    this.#replace(session, accessedAt(session.record, now), now);
    return true;
  }

  add(key: Key, record: SessionRecord, { op, replaces }: AddOptions): Added {
    const shard = this.#shardOf(key);
    const kept = shard.get(key);
    if (kept) return wasWrittenBy(kept, op) ? 'added' : 'exists';
    if (this.#size >= this.#maxSessions && !this.#makeRoom(record.created, replaces)) return 'full';
    this.#hearClock(record.created);
    if (!this.#cleaner) this.#cleaner = setInterval(() => void this.#clean(), this.#purgeInterval).unref();
    shard.set({ key, record: copyOf(record), ops: op });
    this.#size++;
    if (replaces !== undefined) this.remove(replaces);
    return 'added';
  }

  change(key: Key, delta: Delta, now: number): Changed {
    const session = this.#find(key, now);
    if (!session) return 'gone';
    const { record } = session;
    if (isRemembered(session.ops, delta.op)) return { version: record.version };
    if (delta.ifVersion !== undefined && delta.ifVersion !== record.version) return { conflict: copyOf(record) };
    const changed = changedBy(accessedAt(record, now), delta);
    this.#replace(session, changed, now);
    session.ops = rememberOp(session.ops, delta.op);
    return { version: changed.version };
  }

  rename(from: Key, to: Key, { op, now, forwardUntil, graceUntil }: RenameOptions): Renamed {
    const target = this.#shardOf(to).get(to);
    if (target) return wasWrittenBy(target, op) ? 'done' : 'exists';
    const session = this.#find(from, now);
    if (!session) return 'gone';
    this.#shardOf(to).set({ key: to, record: session.record, ops: rememberOp(session.ops, op) });
    this.#shardOf(session.key).set({ key: session.key, successor: to, forwardUntil, graceUntil });
    return 'done';
  }

  remove(key: Key): boolean {
    // At the start of time nothing has expired: what is there is removed, whatever its deadline.
    const session = this.#find(key, -Infinity);
    if (!session) return false;
    this.#shardOf(session.key).delete(session.key);
    this.#size--;
    return true;
  }

  async purge({ now, batchSize, deadline }: PurgeOptions): Promise<Purged> {
    const limit = Math.min(batchSize, BATCH);
    const started = performance.now();
    let sliceStarted = started;
    let removed = 0;
    for (const shard of this.#shards) {
      let batch;
      do {
        batch = this.#purgeShard(shard, now, limit);
        removed += batch.sessions;
        if (performance.now() - sliceStarted < SLICE_MS) continue;
        if (performance.now() - started >= deadline) return { completed: false, removed };
        await setImmediate();
        sliceStarted = performance.now();
      } while (batch.removed === limit);
    }
    return { completed: true, removed };
  }

  /** Stops the cleaner. The sessions stay as long as the store is referenced. */
  close(): void {
    clearInterval(this.#cleaner);
  }

  #shardOf(key: Key): MemoryShard {
    // The digest's last characters are as good as random (the very last one holds four bits only).
    const number = key.charCodeAt(key.length - 2) * 31 + key.charCodeAt(key.length - 3);
    return this.#shards[number & (SHARDS - 1)] as MemoryShard;
  }

  /** The live session of a key, or the one that key forwards to. */
  #find(key: Key, now: number): KeptSession | undefined {
    let kept = this.#shardOf(key).get(key);
    while (kept && isForward(kept)) {
      kept = now < kept.forwardUntil ? this.#shardOf(kept.successor).get(kept.successor) : undefined;
    }
    return kept && isLive(kept.record, now) ? kept : undefined;
  }

  #replace(session: KeptSession, record: SessionRecord, now: number): void {
    this.#hearClock(now);
    this.#shardOf(session.key).replaceRecord(session, record);
  }

  #hearClock(now: number): void {
    this.#clockOffset = now - Date.now();
  }

  /** Full: expired sessions give way, and the one to be replaced; living ones don't. */
  #makeRoom(now: number, replaced: Key | undefined): boolean {
    if (replaced !== undefined && this.#find(replaced, -Infinity)) return true;
    return this.#shards.some((shard) => {
      for (;;) {
        const { removed, sessions } = this.#purgeShard(shard, now, BATCH);
        // Forwards take no session's place.
        if (sessions > 0 || removed < BATCH) return sessions > 0;
      }
    });
  }

  #purgeShard(shard: MemoryShard, now: number, limit: number): { removed: number; sessions: number } {
    const purged = shard.purge(now, limit);
    this.#size -= purged.sessions;
    return purged;
  }

  async #clean(): Promise<void> {
    if (this.#purging) return;
    this.#purging = this.purge({ now: Date.now() + this.#clockOffset, batchSize: BATCH, deadline: Infinity });
    await this.#purging;
    this.#purging = undefined;
  }
}

function wasWrittenBy(kept: Kept, op: string): boolean {
  return !isForward(kept) && isRemembered(kept.ops, op);
}
