/**
 * The managers of one application, by name. Decorators have no dependency injection: they find the directory through the
 * request, which leads to its application on both platforms. So several applications in one process don't meet.
 */
import type { HttpAdapterHost } from '@nestjs/core';
import { DEFAULT_SESSION_NAME } from '../manager/http-session.manager.js';
import type { SessionManager } from '../manager/session.manager.js';
import { invalidOption, SessionError } from '../session/session.error.js';

const DIRECTORY = Symbol('nestjs-http-session');
/** The same in every copy of this library, of which each has managers of its own. */
const ANY_DIRECTORY = Symbol.for('nestjs-http-session');

/** The metadata of classes and methods that names the session they use. */
export const SESSION_NAME = 'nestjs-http-session:name';

export class SessionDirectory {
  readonly #managers = new Map<string, SessionManager>();
  /** By handler and class, found out once: metadata cost more to read than all else that leads to a manager. */
  #ofRoutes = new WeakMap<object, Map<object, SessionManager>>();

  get entries(): Iterable<readonly [name: string, manager: SessionManager]> {
    return this.#managers;
  }

  has(name: string): boolean {
    return this.#managers.has(name);
  }

  set(name: string, manager: SessionManager): void {
    this.#managers.set(name, manager);
  }

  delete(name: string): void {
    this.#managers.delete(name);
    this.#ofRoutes = new WeakMap();
  }

  /** The manager of the session that a route uses. */
  managerOf(controller: object, handler: object): SessionManager | undefined {
    return this.#ofRoutes.get(handler)?.get(controller) ?? this.#findManager(controller, handler);
  }

  #findManager(controller: object, handler: object): SessionManager | undefined {
    const manager = this.#managers.get(sessionNameOf(controller, handler));
    if (!manager) return undefined;
    const ofHandler = this.#ofRoutes.get(handler) ?? new Map<object, SessionManager>();
    this.#ofRoutes.set(handler, ofHandler.set(controller, manager));
    return manager;
  }
}

/** The method's own name for the session it uses, else its class's. */
export function sessionNameOf(controller: object, handler: object): string {
  const own: unknown = Reflect.getMetadata(SESSION_NAME, handler);
  const name = own ?? (Reflect.getMetadata(SESSION_NAME, controller) as unknown);
  return typeof name === 'string' ? name : DEFAULT_SESSION_NAME;
}

/** Makes a manager known to the application's requests. `application`: the instance of Express or Fastify. */
export function registerManager(application: object, name: string, manager: SessionManager): void {
  const directory = directoryOf(application) ?? new SessionDirectory();
  if (directory.has(name)) {
    const message =
      `SessionModule.forRoot() is imported twice for the session "${name}". Import it once, in the root module: it is global. ` +
      "For a second kind of session give it a name: SessionModule.forRoot({ name: 'admin' }).";
    throw new SessionError('INVALID_OPTION', message);
  }
  for (const [other, { carriers }] of directory.entries) {
    const shared = carriers.find((carrier) => manager.carriers.includes(carrier));
    if (shared === undefined) continue;
    throw invalidOption(
      'cookie.name',
      `the ${shared} of the session "${other}"`,
      `for the session "${name}" one of its own`,
    );
  }
  directory.set(name, manager);
  for (const key of [DIRECTORY, ANY_DIRECTORY]) {
    Object.defineProperty(application, key, { value: directory, configurable: true });
  }
}

export function unregisterManager(application: object, name: string): void {
  directoryOf(application)?.delete(name);
}

/** The directory of the application that serves a request: Fastify links to it as `server`, Express as `app`. */
export function directoryOfRequest(request: RequestOfApplication): SessionDirectory | undefined {
  return directoryOf(request.app) ?? directoryOf(request.server);
}

/** Whether another copy of this library, installed beside this one, has managers for the application. */
export function isServedByAnotherCopy(application: unknown): boolean {
  return isObject(application) && ANY_DIRECTORY in application && !directoryOf(application);
}

interface RequestOfApplication {
  readonly server?: unknown;
  readonly app?: unknown;
}

export function directoryOf(application: unknown): SessionDirectory | undefined {
  return isObject(application) ? (application as { [DIRECTORY]?: SessionDirectory })[DIRECTORY] : undefined;
}

/** The instance of Express or Fastify; microservices and application contexts have none. */
export function applicationOf({ httpAdapter }: HttpAdapterHost): object | undefined {
  const instance: unknown = httpAdapter?.getInstance?.();
  return isObject(instance) ? instance : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
