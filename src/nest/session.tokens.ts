/** The DI tokens of stores and managers, by the session's name. */
import { Inject, type InjectionToken } from '@nestjs/common';
import { DEFAULT_SESSION_NAME } from '../manager/http-session.manager.js';
import { SessionManager } from '../manager/session.manager.js';
import { SessionStore } from '../store/session.store.js';

/** The token of a session's store: to inject it, or to override it in tests. */
export function getSessionStoreToken(name: string = DEFAULT_SESSION_NAME): InjectionToken<SessionStore> {
  return name === DEFAULT_SESSION_NAME ? SessionStore : `SessionStore(${name})`;
}

/** The token of a session's manager: to inject it, or to override it in tests. */
export function getSessionManagerToken(name: string = DEFAULT_SESSION_NAME): InjectionToken<SessionManager> {
  return name === DEFAULT_SESSION_NAME ? SessionManager : `SessionManager(${name})`;
}

/** Injects the manager of a named session. The default one is injected by its type, {@link SessionManager}. */
export function InjectSessionManager(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSessionManagerToken(name));
}
