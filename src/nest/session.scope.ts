/** From Nest's execution context to the manager that is meant. */
import type { ExecutionContext } from '@nestjs/common';
import { DEFAULT_SESSION_NAME } from '../manager/http-session.manager.js';
import type { SessionManager } from '../manager/session.manager.js';
import { SessionError } from '../session/session.error.js';
import { directoryOfRequest } from './session.directory.js';

/** Metadata of classes and methods: the name of the session they use. */
export const SESSION_NAME = 'nestjs-http-session:name';

export interface SessionScope {
  readonly manager: SessionManager;
  readonly request: object;
  readonly response: object;
}

/** @throws SessionError `CONTEXT_UNSUPPORTED` outside HTTP, `MODULE_MISSING` if no such session is registered */
export function scopeOf(context: ExecutionContext): SessionScope {
  if (context.getType() !== 'http') {
    throw new SessionError(
      'CONTEXT_UNSUPPORTED',
      `Sessions need an HTTP request; this is a context of type "${context.getType()}".`,
    );
  }
  const http = context.switchToHttp();
  const request: object = http.getRequest();
  const name = sessionNameOf(context.getClass(), context.getHandler());
  const manager = directoryOfRequest(request)?.get(name);
  if (!manager) throw missingModule(`${context.getClass().name}.${context.getHandler().name}`, name);
  return { manager, request, response: http.getResponse() };
}

/** The method's own name for the session it uses, else its class's. */
export function sessionNameOf(controller: object, handler: object): string {
  const own: unknown = Reflect.getMetadata(SESSION_NAME, handler);
  const name = own ?? (Reflect.getMetadata(SESSION_NAME, controller) as unknown);
  return typeof name === 'string' ? name : DEFAULT_SESSION_NAME;
}

export function missingModule(route: string, name: string): SessionError {
  const options = name === DEFAULT_SESSION_NAME ? '' : `{ name: ${JSON.stringify(name)} }`;
  return new SessionError(
    'MODULE_MISSING',
    `${route} uses the session "${name}", which isn't registered: import SessionModule.forRoot(${options}).`,
  );
}
