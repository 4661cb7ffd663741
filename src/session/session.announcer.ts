/** Says what happens to sessions: to the log, and to who listens. Names a session by its handle. */
import { type RemovedEvent, type RotationReason, type SessionEvent, SessionEvents } from './session.events.js';
import type { SessionLogger } from './session.logger.js';

/** Which session, and whose. */
export interface Announced {
  readonly handle: string;
  readonly principal?: string | undefined;
}

export class SessionAnnouncer {
  readonly events = new SessionEvents();
  readonly #logger: SessionLogger;

  constructor(logger: SessionLogger) {
    this.#logger = logger;
  }

  /** @param displaced - the handles of sessions of the same principal that had to go for it */
  added(session: Announced, displaced: readonly string[]): void {
    this.#tell(session.handle, { type: 'added', ...subjectOf(session) });
    for (const handle of displaced) this.removed({ ...subjectOf(session), handle, reason: 'limit' });
  }

  rotated(session: Announced, reason: RotationReason): void {
    this.#tell(session.handle, { type: 'rotated', reason, ...subjectOf(session) }, reason);
  }

  removed(removed: Omit<RemovedEvent, 'type' | 'elsewhere'>): void {
    const several = removed.principal === undefined ? '(rotated meanwhile)' : '(all, or all others, of a principal)';
    this.#tell(removed.handle ?? several, { type: 'removed', ...removed }, removed.reason);
  }

  /** An id was presented that its session doesn't have any more. */
  reused(session: Announced | undefined): void {
    this.events.emit({ type: 'rejected', reason: 'reused', ...(session && subjectOf(session)) });
  }

  undecodable(what: string): void {
    this.#logger.warn(`Of a stored session ${what} can't be read; it counts as absent.`);
    this.events.emit({ type: 'undecodable', what });
  }

  #tell(subject: string, event: SessionEvent, reason?: string): void {
    this.#logger.debug(`Session ${subject} ${event.type}${reason === undefined ? '' : ` (${reason})`}.`);
    this.events.emit(event);
  }
}

/** For an event: what isn't there isn't in it. */
export function subjectOf({ handle, principal }: Announced): { readonly handle: string; readonly principal?: string } {
  return { handle, ...(principal !== undefined && { principal }) };
}
