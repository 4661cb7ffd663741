/** What happens to sessions, told to whoever listens. Events name a session by its handle, never by its id. */

import { isPromiseLike } from './awaitable.js';

/** Why a session was removed: by the user, by a new login, or since the client couldn't be told of it. */
export type RemovalReason = 'logout' | 'replaced' | 'untold' | (string & {});

/** Why what a client presented as an id wasn't taken. */
export type RejectionReason = 'unknown' | 'malformed' | 'forged';

export type SessionEvent =
  | { readonly type: 'added' | 'rotated'; readonly handle: string }
  | { readonly type: 'removed'; readonly handle: string | undefined; readonly reason: RemovalReason }
  /** A request's changes came too late: its session was removed, or expired, while it ran. */
  | { readonly type: 'discarded'; readonly handle: string }
  | { readonly type: 'rejected'; readonly reason: RejectionReason }
  /** A record, or one attribute of it, can't be read. It counts as absent. */
  | { readonly type: 'undecodable'; readonly what: string };

export type SessionEventListener = (event: SessionEvent) => void;

/** A typed stream of events. A listener that throws harms nobody. */
export class SessionEvents {
  readonly #listeners = new Set<SessionEventListener>();

  /** Calls `listener` for each event, until the returned function is called. */
  subscribe(listener: SessionEventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: SessionEvent): void {
    // Who subscribes while this is told hears of the next one.
    const listeners = [...this.#listeners];
    for (const listener of listeners) {
      try {
        const done: unknown = listener(event);
        if (isPromiseLike(done)) done.then(undefined, ignore);
      } catch {
        // The listener's own problem: a request must not fail for it.
      }
    }
  }
}

function ignore(): void {}
