/** A session in the memory store: the record that is kept is the very one that is handed out. */
import {
  contentChangedBy,
  deadlineOf,
  type Delta,
  type Key,
  rotatedAt,
  type SessionRecord,
} from '../session/session.record.js';
import { Expiring } from './expiring.js';
import { FrozenTexts } from './frozen.texts.js';
import { rememberOp } from './remembered.ops.js';
import type { RenameOptions } from './session.store.js';

/** What a write changes of a record. */
type FreshParts = Pick<SessionRecord, 'accessed' | 'version' | 'attrs'>;

/**
 * Nobody can change it: what others can reach is frozen, the rest is private. A session that changes gets another one. (So
 * `get` copies nothing. A class, since V8 keeps a frozen copy of an object as a dictionary, of twice the bytes.)
 */
export class MemorySession extends Expiring implements SessionRecord {
  /** First, to be in one line of the processor's cache with what says whether the session lives. */
  readonly attrs: FrozenTexts;
  readonly format: 1;
  readonly created: number;
  readonly accessed: number;
  readonly timeout: number;
  readonly touchInterval: number;
  readonly ends: number | null;
  readonly version: number;
  readonly persistent: boolean;
  // These are there only if they are in the record.
  declare readonly principal?: string;
  declare readonly labels?: string;
  declare readonly rotated?: number;
  declare readonly authenticated?: number;
  readonly handle: string;
  readonly seed: string;
  readonly consts: string;
  readonly #key: Key;
  readonly #ops: string;

  /**
   * @param ops - its last writes, see `remembered.ops.ts`
   * @param fresh - what is to be other than in the record (which a plain record with both would copy once more)
   */
  constructor(key: Key, record: SessionRecord, ops: string, fresh: FreshParts = record) {
    super();
    this.attrs = FrozenTexts.of(fresh.attrs);
    this.format = record.format;
    this.created = record.created;
    this.accessed = fresh.accessed;
    this.timeout = record.timeout;
    this.touchInterval = record.touchInterval;
    this.ends = record.ends;
    this.version = fresh.version;
    this.persistent = record.persistent;
    if (record.principal !== undefined) this.principal = record.principal;
    if (record.labels !== undefined) this.labels = record.labels;
    if (record.rotated !== undefined) this.rotated = record.rotated;
    if (record.authenticated !== undefined) this.authenticated = record.authenticated;
    this.handle = record.handle;
    this.seed = record.seed;
    this.consts = record.consts;
    this.#key = key;
    this.#ops = ops;
    Object.freeze(this);
  }

  get key(): Key {
    return this.#key;
  }

  get ops(): string {
    return this.#ops;
  }

  /** The session with an access at `now`. One that is recorded late never takes back a later one. */
  accessedAt(now: number): MemorySession {
    const { version, attrs } = this;
    return new MemorySession(this.#key, this, this.#ops, { accessed: Math.max(this.accessed, now), version, attrs });
  }

  /** The session with the changes of a delta, which is an access too. */
  changedBy(delta: Delta, now: number): MemorySession {
    const { version, attrs } = contentChangedBy(this, delta);
    const accessed = Math.max(this.accessed, now);
    return new MemorySession(this.#key, this, rememberOp(this.#ops, delta.op), { accessed, version, attrs });
  }

  /** The session under another key. */
  renamedTo(key: Key, { op, now, isAuthenticated = false }: RenameOptions): MemorySession {
    return new MemorySession(key, rotatedAt(this, now, isAuthenticated), rememberOp(this.#ops, op));
  }

  /** @param now - in milliseconds of the app's clock. The session has to be in its slot */
  isLive(now: number): boolean {
    return Expiring.isAhead(this, now) || now < deadlineOf(this);
  }
}
