/** The principal's view of sessions: list and revoke them, from any process. Knows no HTTP. */
import { SessionError, sessionGone } from '../session/session.error.js';
import { tagOf, tagOfPrincipal } from '../session/session.id.js';
import { checkPrincipal, parseLabels } from '../session/session.options.js';
import { deadlineOf } from '../session/session.record.js';
import { type AnySession, stateOf } from '../session/session.js';
import { StoredState } from '../session/stored.state.js';
import type { ListedSession } from '../store/session.store.js';
import type { StoreAccess } from '../store/store.access.js';

/** A session, as its principal may see it. */
export interface SessionInfo {
  /** Names it: what `revoke` takes. Neither the id nor what the store finds it by, so that a page may show it. */
  readonly handle: string;
  readonly created: Date;
  /** The last recorded access: accesses are recorded at most once per touch interval. */
  readonly accessed: Date;
  readonly expires: Date;
  /** Whether it is the session that was given to `sessionsOf`. */
  readonly isCurrent: boolean;
  /** As given to `createSession`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Whose store access a registry shares: `HttpSessionManager` has it. */
export interface RegistrySource {
  readonly access: StoreAccess;
}

/**
 * Lists and revokes the sessions of a principal, over all processes that share the store. What a session was created with as
 * `principal` is what is asked for here.
 *
 * Its methods reject with SessionError `INVALID_OPTION` for what can't be a principal, and with `STORE_FAILED` or `STORE_TIMEOUT`
 * if the store fails.
 */
export class PrincipalRegistry {
  readonly #access: StoreAccess;

  /** @param manager - of the sessions: a `HttpSessionManager` */
  constructor({ access }: RegistrySource) {
    this.#access = access;
  }

  /**
   * The live sessions of a principal, those accessed last first.
   *
   * @param current - the request's session, to be marked
   */
  async sessionsOf(principal: string, current?: AnySession): Promise<SessionInfo[]> {
    const listed = await this.#list(this.#tagOf(principal));
    return listed
      .map(({ outline }) => ({
        handle: outline.handle,
        created: new Date(outline.created),
        accessed: new Date(outline.accessed),
        expires: new Date(deadlineOf(outline)),
        isCurrent: outline.handle === current?.handle,
        labels: parseLabels(outline.labels),
      }))
      .sort((a, b) => b.accessed.getTime() - a.accessed.getTime() || b.created.getTime() - a.created.getTime());
  }

  /**
   * Ends one session of a principal for good.
   * @returns whether the principal had one of that handle
   */
  async revoke(principal: string, handle: string): Promise<boolean> {
    const { store, gate, announcer } = this.#access;
    const listed = await this.#list(this.#tagOf(principal));
    const found = listed.find(({ outline }) => outline.handle === handle);
    if (!found || !(await gate.run(() => store.remove(found.key)))) return false;
    announcer.removed({ handle, principal, reason: 'revoked' });
    return true;
  }

  /**
   * Ends all sessions of a session's principal but that one: 'log out my other devices'.
   *
   * @returns how many were ended
   * @throws SessionError `SESSION_GONE` if the session itself was removed or has expired, and then none is ended;
   * `PRINCIPAL_MISSING` if it has no principal, `SESSION_NOT_ADDED` if it isn't stored
   */
  async revokeOthers(session: AnySession): Promise<number> {
    const { store, gate, clock, announcer } = this.#access;
    const state = stateOf(session);
    if (!(state instanceof StoredState)) throw notAdded();
    const { key, handle, principal } = state;
    if (principal === undefined) throw principalMissing();
    const ended = await gate.run(() => store.removeAll(tagOf(key), clock(), key));
    if (ended === 'gone') throw sessionGone();
    if (ended > 0) announcer.removed({ handle: undefined, principal, except: handle, reason: 'revoked' });
    return ended;
  }

  /**
   * Ends all sessions of a principal: every one whose `add` resolved before this call, also what is being rotated meanwhile.
   * @returns how many were ended
   */
  async revokeAll(principal: string): Promise<number> {
    const { store, gate, clock, announcer } = this.#access;
    const ended = await gate.run(() => store.removeAll(this.#tagOf(principal), clock()));
    if (ended === 'gone' || ended === 0) return 0;
    announcer.removed({ handle: undefined, principal, reason: 'revoked' });
    return ended;
  }

  #tagOf(principal: string): string {
    return tagOfPrincipal(this.#access.sessionName, checkPrincipal(principal));
  }

  async #list(tag: string): Promise<readonly ListedSession[]> {
    const { store, gate, clock } = this.#access;
    return gate.run(() => store.list(tag, clock()));
  }
}

function notAdded(): SessionError {
  return new SessionError('SESSION_NOT_ADDED', "This session isn't stored yet, so it has no others beside it.");
}

function principalMissing(): SessionError {
  return new SessionError(
    'PRINCIPAL_MISSING',
    "This session is nobody's: give createSession a principal, such as the user's id, when they log in.",
  );
}
