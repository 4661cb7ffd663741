/**
 * Copies of another store's sessions: what a store offers that can be the cache of a `TieredStore`. Who may fill an empty
 * place is settled by a ticket, so that a copy which was read before a write never comes to lie there after it, not even
 * when the cache lost everything in between.
 */
import type { Awaitable } from '../session/awaitable.js';
import type { Key, SessionRecord } from '../session/session.record.js';

/** A session as the other store had it, good until `trustedUntil`, in milliseconds of the app's clock. */
export interface SessionCopy {
  readonly record: SessionRecord;
  readonly trustedUntil: number;
}

/** How long a ticket lies: who takes longer to fill a place leaves it empty. */
export const TICKET_MS = 10_000;

export interface SessionCopies {
  /**
   * The copy under a key, trusted at `now`. If nothing is there, leaves `ticket`: from here until `drop`, its holder may
   * fill the place. (If another ticket lies there, that one stays.)
   */
  take(key: Key, ticket: string, now: number): Awaitable<SessionCopy | undefined>;

  /** Puts a copy in the place of the ticket. Without it, nothing happens. */
  fill(key: Key, ticket: string, copy: SessionCopy, now: number): Awaitable<void>;

  /**
   * Removes copies and tickets of every key that has this key's tag: of a session that was renamed, nobody knows under which
   * of its keys the copy lies.
   */
  drop(key: Key): Awaitable<void>;
}
