/**
 * What Fastify offers in the place of an interceptor: hooks that see every reply, whoever sends it, and hold its first byte back.
 * Where an application has them, no interceptor has to run. (Measured: that halves what a route that reads a session costs, since
 * what Nest itself does for the first interceptor of a route costs as much as all else.)
 */
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { SessionManager } from '../manager/session.manager.js';
import { type Awaitable, isPromiseLike } from '../session/awaitable.js';
import { applicationOf } from './session.directory.js';
import { SessionInterceptor } from './session.interceptor.js';

/** The part of a Fastify instance that is used. */
export interface FastifyLike {
  addHook(name: 'onSend', hook: OnSend): void;
  addHook(name: 'onResponse', hook: (request: unknown, reply: unknown, done: () => void) => void): void;
}

type OnSend = (
  request: unknown,
  reply: { readonly statusCode: number },
  payload: unknown,
  done: (error?: unknown) => void,
) => void;

export function isFastify(application: object | undefined): application is FastifyLike {
  return application !== undefined && 'addHook' in application && typeof application.addHook === 'function';
}

/** Lets a manager commit before each reply, and what is left when it is over. */
export function commitByHooks(application: FastifyLike, manager: SessionManager): void {
  application.addHook('onSend', (request, reply, _payload, done) => {
    let committed: Awaitable<void>;
    try {
      committed = manager.commit(request, reply, reply.statusCode >= 400);
    } catch (error) {
      done(error);
      return;
    }
    if (isPromiseLike(committed)) committed.then(() => done(), done);
    else done();
  });
  // What went past the first one: event streams, hijacked replies, middleware that answers by itself.
  application.addHook('onResponse', (request, _reply, done) => {
    manager.commitLate(request);
    done();
  });
}

/**
 * Takes the interceptor out of an application on Fastify, as soon as that is known, and before its routes are built: Nest leaves
 * out an enhancer that a module doesn't have. One that a test has put in its place stays.
 */
export function spareInterceptor(adapterHost: HttpAdapterHost, modules: ModulesContainer): void {
  const spare = () => {
    if (!isFastify(applicationOf(adapterHost))) return;
    for (const { injectables } of modules.values()) {
      if (injectables.get(SessionInterceptor)?.metatype === SessionInterceptor) injectables.delete(SessionInterceptor);
    }
  };
  // (Nest 11 doesn't tell when a testing module gets its adapter: there the interceptor stays, and does no harm.)
  if (adapterHost.httpAdapter as unknown) spare();
  else (adapterHost.init$ as HttpAdapterHost['init$'] | undefined)?.subscribe(spare);
}
