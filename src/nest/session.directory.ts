/**
 * The managers of one application, by name. Decorators have no dependency injection: they find the directory through the
 * request, which leads to its application on both platforms. So several applications in one process don't meet.
 */
import type { HttpAdapterHost } from '@nestjs/core';
import type { SessionManager } from '../manager/session.manager.js';
import { invalidOption, SessionError } from '../session/session.error.js';

export type SessionDirectory = Map<string, SessionManager>;

const DIRECTORY = Symbol('nestjs-http-session');

/** Makes a manager known to the application's requests. `application`: the instance of Express or Fastify. */
export function registerManager(application: object, name: string, manager: SessionManager): void {
  const directory: SessionDirectory = directoryOf(application) ?? new Map();
  if (directory.has(name)) {
    const message =
      `SessionModule.forRoot() is imported twice for the session "${name}". Import it once, in the root module: it is global. ` +
      "For a second kind of session give it a name: SessionModule.forRoot({ name: 'admin' }).";
    throw new SessionError('INVALID_OPTION', message);
  }
  for (const [other, { carriers }] of directory) {
    const shared = carriers.find((carrier) => manager.carriers.includes(carrier));
    if (shared === undefined) continue;
    throw invalidOption(
      'cookie.name',
      `the ${shared} of the session "${other}"`,
      `for the session "${name}" one of its own`,
    );
  }
  directory.set(name, manager);
  Object.defineProperty(application, DIRECTORY, { value: directory, configurable: true });
}

export function unregisterManager(application: object, name: string): void {
  directoryOf(application)?.delete(name);
}

/** The directory of the application that serves a request: Fastify links to it as `server`, Express as `app`. */
export function directoryOfRequest(request: object): SessionDirectory | undefined {
  return directoryOf(Reflect.get(request, 'server')) ?? directoryOf(Reflect.get(request, 'app'));
}

export function directoryOf(application: unknown): SessionDirectory | undefined {
  return isObject(application) ? (Reflect.get(application, DIRECTORY) as SessionDirectory | undefined) : undefined;
}

/** The instance of Express or Fastify; microservices and application contexts have none. */
export function applicationOf({ httpAdapter }: HttpAdapterHost): object | undefined {
  const instance: unknown = httpAdapter?.getInstance?.();
  return isObject(instance) ? instance : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
