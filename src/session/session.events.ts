/** What happens to sessions, told to whoever listens. Events name a session by its handle, never by its id. */

import { isPromiseLike } from './awaitable.js';

/**
 * Why a session was removed: by its user; from the list of the principal's sessions; since the principal had too many; by a new
 * login; since the client couldn't be told of it.
 */
export type RemovalReason = 'logout' | 'revoked' | 'limit' | 'replaced' | 'untold' | (string & {});

/**
 * Why what a client presented as an id wasn't taken: no session has it; it has not the shape of one; its signature is wrong; its
 * session has got another one; or it was one of several that differ, of which the first that leads to a session counts.
 */
export type RejectionReason = 'unknown' | 'malformed' | 'forged' | 'reused' | 'ambiguous';

/** Which session, and whose, if that is known. */
export interface SessionSubject {
  readonly handle: string | undefined;
  readonly principal?: string | undefined;
}

/** One session; or, without a handle, all of the principal's but `except`, or one that was rotated while it was removed. */
export interface RemovedEvent extends SessionSubject {
  readonly type: 'removed';
  readonly reason: RemovalReason;
  readonly except?: string | undefined;
  /** Another process has removed it, and the store could tell. */
  readonly elsewhere?: true;
}

export type SessionEvent =
  | ({ readonly type: 'added' } & SessionSubject)
  /** It has another id: after `rotate`, `reauthenticated`, or by `renewInterval`. */
  | ({ readonly type: 'rotated'; readonly reason: RotationReason } & SessionSubject)
  | RemovedEvent
  /** A request came with the id of a session that had expired, and was found. */
  | { readonly type: 'expired'; readonly handle: string }
  /** A request's changes came too late: its session was removed, or expired, while it ran. */
  | { readonly type: 'discarded'; readonly handle: string }
  /** With the session that was meant, if that is known. */
  | ({ readonly type: 'rejected'; readonly reason: RejectionReason } & Partial<SessionSubject>)
  /** A record, or one attribute of it, can't be read. It counts as absent. */
  | { readonly type: 'undecodable'; readonly what: string };

export type RotationReason = 'rotated' | 'reauthenticated' | 'renewed';

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
