/** The Manager player: finds the session of a request, tells the client about one through the response. */
import type { Awaitable } from '../session/awaitable.js';
import type { Duration } from '../session/duration.js';
import { SessionError } from '../session/session.error.js';
import type { RemovalReason } from '../session/session.events.js';
import type { Attributes, ConstAttributes } from '../session/session.options.js';
import type { AnySession, Session } from '../session/session.js';
import type { Purged } from '../store/session.store.js';

export interface GetOptions {
  /** Overrides the manager's option for this call. */
  onStoreError?: 'fail' | 'anonymous' | undefined;
}

export interface ManagerPurgeOptions {
  /** Most sessions removed in one step. @defaultValue 100 */
  batchSize?: number | undefined;
  /** How long the purge may take. @defaultValue '8m' */
  deadline?: Duration | undefined;
}

/**
 * The contract of managers. `request` and `response` are what a handler or a middleware got, of Express, Fastify or
 * `node:http`; whichever of them is given, the same request means the same session object.
 */
export abstract class SessionManager {
  /**
   * The request's session, `undefined` if there is none: no id, an unknown one, an expired or a removed session. Loads once a
   * request, however often it is called, and never sets or clears a cookie.
   *
   * @throws SessionError `STORE_FAILED` or `STORE_TIMEOUT` if the store fails (with `onStoreError: 'anonymous'` the answer is
   * `undefined` instead); `UNKNOWN_EXCHANGE`
   */
  abstract get<A extends object = Attributes, C extends object = ConstAttributes>(
    request: unknown,
    options?: GetOptions,
  ): Promise<Session<A, C> | undefined>;

  /**
   * As `get`, for a handler that is about to run; at once if there is nothing to wait for: Nest then needs no turn of its own for a
   * parameter. What decorators load by. In a manager of your own it calls `get`.
   *
   * @throws SessionError what `get` rejects with, at once or by the promise
   */
  load(request: unknown, _response: unknown): Awaitable<Session | undefined> {
    return this.get(request);
  }

  /**
   * Stores a new session, then tells the client about it. A live session of the request is removed once the new one is
   * stored; an id that the client brought is never taken over.
   *
   * @throws SessionError and tells the client nothing: `STORE_FAILED`, `STORE_TIMEOUT`, `STORE_FULL`; `HEADERS_SENT`;
   * `ATTRIBUTE_REFUSED`, `ATTRIBUTES_TOO_LARGE`; `SESSION_ALREADY_ADDED`
   */
  abstract add(session: AnySession, response: unknown): Promise<void>;

  /**
   * Removes a session for good, then tells the client to forget it. Does so too if the session is gone already. After the
   * headers went out the session is removed all the same, just the client isn't told.
   *
   * @param reason - for the event. Default: 'logout'
   * @throws SessionError `STORE_FAILED` or `STORE_TIMEOUT`
   */
  abstract remove(session: AnySession, response: unknown, reason?: RemovalReason): Promise<void>;

  /**
   * For a logout that finds no session, since its id was rotated while it was on its way: removes the successor, whose id the
   * client is about to hear of, and tells the client to forget it. Does nothing if there is none.
   *
   * @param reason - for the event. Default: 'logout'
   * @throws SessionError `STORE_FAILED` or `STORE_TIMEOUT`
   */
  async removeSuccessor(_response: unknown, _reason?: RemovalReason): Promise<void> {}

  /**
   * Gives the session a new id, for a change of privileges. The data stay; the old id is dead at once. Of parallel
   * rotations of one session, one id survives.
   *
   * @throws SessionError `SESSION_GONE`, `SESSION_NOT_ADDED`, `HEADERS_SENT`, `STORE_FAILED`, `STORE_TIMEOUT`
   */
  abstract rotate(session: AnySession, response: unknown): Promise<void>;

  /**
   * Says that the session's user has just been authenticated again: it is fresh for `@RequireFresh`, and gets a new id, as by
   * `rotate`. In a manager of your own it is `rotate`, unless you write it anew.
   *
   * @throws SessionError what `rotate` rejects with
   */
  reauthenticated(session: AnySession, response: unknown): Promise<void> {
    return this.rotate(session, response);
  }

  /**
   * Removes expired sessions from the store, for stores that don't do so by themselves, or a cron job.
   * @throws SessionError `STORE_FAILED`; what was removed before stays removed
   */
  abstract purge(options?: ManagerPurgeOptions): Promise<Purged>;

  /** Writes what is on its way and closes the store. Once or many times. */
  abstract close(): Promise<void>;

  /**
   * Announces that somebody waits for this request's handler. What it returns is to be called when the handler is done, and
   * awaited before the response is sent: it commits, see `commit`.
   *
   * @param _isAnsweredByHandler - the handler sends the response itself, maybe before it is done: no id is renewed with that
   */
  attend(
    request: unknown,
    response: unknown,
    _isAnsweredByHandler?: boolean,
  ): (handlerFailed: boolean) => Awaitable<void> {
    return (handlerFailed) => this.commit(request, response, handlerFailed);
  }

  /**
   * Commits what nobody committed yet, just before the response is sent. On Fastify it is called for every reply, also to requests
   * that have no session: in a manager of your own it loads one for each of them, unless you write it anew.
   *
   * @param isError - whether an error is about to be answered. If the handler failed, its error is answered, also if the commit
   * fails. (Fastify tells by the status, of 400 or more, of a handler that was reached.)
   */
  commit(request: unknown, _response: unknown, isError: boolean): Awaitable<void> {
    return this.#save(request, isError);
  }

  async #save(request: unknown, isError: boolean): Promise<void> {
    try {
      await (await this.get(request, { onStoreError: 'anonymous' }))?.save();
    } catch (error) {
      const isGone = error instanceof SessionError && error.code === 'SESSION_GONE';
      if (!isError && !isGone) throw error;
    }
  }

  /** Commits what nobody committed when the response is over. Nobody waits for it: failures are logged. */
  commitLate(_request: unknown): void {}

  /** What its transports occupy: two sessions of one application never share it. */
  get carriers(): readonly string[] {
    return [];
  }
}
