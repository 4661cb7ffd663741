/** A part of the memory store: small enough that growing, shrinking and purging it never takes long. */
import { deadlineOf, type Key, type SessionRecord } from '../session/session.record.js';
import { ExpirySlots } from './expiry.slots.js';

/** A session, and its last writes. The record is replaced, never changed. */
export interface KeptSession {
  readonly key: Key;
  record: SessionRecord;
  ops: string;
}

/** What a renamed session leaves behind. */
export interface KeptForward {
  readonly key: Key;
  readonly successor: Key;
  readonly forwardUntil: number;
  readonly graceUntil: number;
}

export type Kept = KeptSession | KeptForward;

export class MemoryShard {
  readonly #kept = new Map<Key, Kept>();
  readonly #expiries = new ExpirySlots<Kept>();

  get(key: Key): Kept | undefined {
    return this.#kept.get(key);
  }

  set(kept: Kept): void {
    this.delete(kept.key);
    this.#kept.set(kept.key, kept);
    this.#expiries.add(kept, expiryOf(kept));
  }

  replaceRecord(session: KeptSession, record: SessionRecord): void {
    this.#expiries.move(session, deadlineOf(session.record), deadlineOf(record));
    session.record = record;
  }

  delete(key: Key): void {
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#kept.delete(key);
    this.#expiries.delete(kept, expiryOf(kept));
  }

  /** Removes up to `limit` of what has expired. Fewer: that was all. */
  purge(now: number, limit: number): { readonly removed: number; readonly sessions: number } {
    let sessions = 0;
    const removed = this.#expiries.takeDue(now, limit, (kept) => {
      this.#kept.delete(kept.key);
      if (!isForward(kept)) sessions++;
    });
    return { removed, sessions };
  }
}

export function isForward(kept: Kept): kept is KeptForward {
  return 'successor' in kept;
}

function expiryOf(kept: Kept): number {
  return isForward(kept) ? kept.forwardUntil : deadlineOf(kept.record);
}
