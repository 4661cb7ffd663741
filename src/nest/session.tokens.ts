/** The DI tokens of stores, managers and registries, by the session's name. */
import { Inject, type InjectionToken } from '@nestjs/common';
import { DEFAULT_SESSION_NAME } from '../manager/http-session.manager.js';
import { SessionManager } from '../manager/session.manager.js';
import { SessionRegistry } from '../registry/session.registry.js';
import { SessionStore } from '../store/session.store.js';

/** The token of a session's store: to inject it, or to override it in tests. */
export function getSessionStoreToken(name: string = DEFAULT_SESSION_NAME): InjectionToken<SessionStore> {
  return name === DEFAULT_SESSION_NAME ? SessionStore : `SessionStore(${name})`;
}

/** The token of a session's manager: to inject it, or to override it in tests. */
export function getSessionManagerToken(name: string = DEFAULT_SESSION_NAME): InjectionToken<SessionManager> {
  return name === DEFAULT_SESSION_NAME ? SessionManager : `SessionManager(${name})`;
}

/** The token of a session's registry. (A manager of your own that isn't a `HttpSessionManager` has none: `undefined` is injected.) */
export function getSessionRegistryToken(name: string = DEFAULT_SESSION_NAME): InjectionToken<SessionRegistry> {
  return name === DEFAULT_SESSION_NAME ? SessionRegistry : `SessionRegistry(${name})`;
}

/** Injects the manager of a named session. The default one is injected by its type, {@link SessionManager}. */
export function InjectSessionManager(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSessionManagerToken(name));
}

/** Injects the registry of a named session. The default one is injected by its type, {@link SessionRegistry}. */
export function InjectSessionRegistry(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSessionRegistryToken(name));
}
