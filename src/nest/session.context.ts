/** The manager's verbs, bound to one request and its response. */
import type { SessionManager } from '../manager/session.manager.js';
import { SessionError } from '../session/session.error.js';
import type { RemovalReason } from '../session/session.events.js';
import type { Attributes, ConstAttributes, CreateSessionOptions } from '../session/session.options.js';
import { createSession, Session } from '../session/session.js';
import type { SessionScope } from './session.scope.js';

/** What `@SessCtx()` gives: login and logout without a response object. */
export class SessionContext<A extends object = Attributes, C extends object = ConstAttributes> {
  readonly #manager: SessionManager;
  readonly #request: object;
  readonly #response: object;
  #session: Session | undefined;

  constructor({ manager, request, response }: SessionScope, session: Session | undefined) {
    this.#manager = manager;
    this.#request = request;
    this.#response = response;
    this.#session = session;
  }

  /** The request's session as this context last saw it, `undefined` if there is none. */
  get session(): Session<A, C> | undefined {
    return this.#session as Session<A, C> | undefined;
  }

  /**
   * Stores a new session, then sets the cookie; see {@link SessionManager.add}, also for what it rejects with.
   * @param session - one that was created, or the options to create it with
   * @returns the session
   */
  async add(
    ...[session]: Partial<C> extends C
      ? [session?: Session<A, C> | CreateSessionOptions<A, C>]
      : [session: Session<A, C> | CreateSessionOptions<A, C>]
  ): Promise<Session<A, C>> {
    const added = session instanceof Session ? session : createAny(session ?? {});
    await this.#manager.add(added, this.#response);
    this.#session = added;
    return added as Session<A, C>;
  }

  /**
   * Removes the request's session and clears the cookie; see {@link SessionManager.remove}. Does nothing if there is none,
   * and none that the request's id led to until just now.
   */
  async remove(reason?: RemovalReason): Promise<void> {
    const session = await this.#manager.get(this.#request);
    if (session) await this.#manager.remove(session, this.#response, reason);
    else await this.#manager.removeSuccessor(this.#response, reason);
    this.#session = undefined;
  }

  /**
   * Gives the request's session a new id; see {@link SessionManager.rotate}.
   * @throws SessionError `SESSION_MISSING` if the request has none
   */
  async rotate(): Promise<void> {
    await this.#renew((session) => this.#manager.rotate(session, this.#response));
  }

  /**
   * To be called when the user has proven again who they are, by a password say: the session is fresh for `@RequireFresh`, and gets
   * a new id; see {@link SessionManager.reauthenticated}.
   * @throws SessionError `SESSION_MISSING` if the request has none
   */
  async reauthenticated(): Promise<void> {
    await this.#renew((session) => this.#manager.reauthenticated(session, this.#response));
  }

  async #renew(rotate: (session: Session) => Promise<void>): Promise<void> {
    const session = await this.#manager.get(this.#request);
    if (!session) throw new SessionError('SESSION_MISSING', 'There is no session to rotate: the request has none.');
    await rotate(session);
    this.#session = session;
  }
}

function createAny(options: object): Session {
  return createSession(options);
}
