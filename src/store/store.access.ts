/** The way to the store of one kind of session: for the manager, and for who works on the same sessions beside it. */
import type { Awaitable } from '../session/awaitable.js';
import type { RemovedEvent, SessionEvents } from '../session/session.events.js';
import type { SessionLogger } from '../session/session.logger.js';
import type { SessionStore } from './session.store.js';

export interface StoreAccess {
  /** Part of every key. */
  readonly sessionName: string;
  readonly store: SessionStore;
  /** Every call of the store goes through it: it ends in time, and its failures are SessionErrors. */
  readonly gate: { run<T>(call: () => Awaitable<T>): Awaitable<T> };
  readonly announcer: {
    readonly events: SessionEvents;
    removed(removed: Omit<RemovedEvent, 'type' | 'elsewhere'>): void;
  };
  readonly logger: SessionLogger;
  /** The app's clock. */
  readonly clock: () => number;
}
