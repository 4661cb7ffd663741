/**
 * What Fastify offers in the place of an interceptor: hooks that see every reply, whoever sends it, and hold its first byte back.
 * Where an application has them, no interceptor has to run. (Measured: that halves what a route that reads a session costs, since
 * what Nest itself does for the first interceptor of a route costs as much as all else.)
 */
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { SessionManager } from '../manager/session.manager.js';
import { type Awaitable, isPromiseLike } from '../session/awaitable.js';
import { applicationOf } from './session.directory.js';
import { keepAttachedTo } from './session.attachment.js';
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
    // What goes on in `done` may throw, and nobody else would hear of that.
    if (isPromiseLike(committed)) committed.then(() => done()).then(undefined, done);
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
 *
 * @param kept - handlers and classes that are to have it all the same
 */
export function spareInterceptor(
  adapterHost: HttpAdapterHost,
  modules: ModulesContainer,
  kept: readonly object[],
): void {
  const spare = () => {
    if (!isFastify(applicationOf(adapterHost))) return;
    kept.forEach(keepAttachedTo);
    for (const module of modules.values()) spareIn(module);
  };
  // (Nest 11 doesn't tell when a testing module gets its adapter: there the interceptor stays, and does no harm.)
  if (adapterHost.httpAdapter as unknown) spare();
  else (adapterHost.init$ as HttpAdapterHost['init$'] | undefined)?.subscribe(spare);
}

type NestModuleRef = ModulesContainer extends Map<string, infer Module> ? Module : never;

function spareIn({ injectables, controllers, providers }: NestModuleRef): void {
  const interceptor = injectables.get(SessionInterceptor);
  if (interceptor?.metatype !== SessionInterceptor) return;
  injectables.delete(SessionInterceptor);
  // Modules are still being instantiated, maybe: who uses it must not wait for it.
  for (const user of [...controllers.values(), ...providers.values()]) {
    const enhancers = user.getEnhancersMetadata() as unknown[] | undefined;
    // It is there once for each route.
    enhancers?.splice(0, enhancers.length, ...enhancers.filter((enhancer) => enhancer !== interceptor));
  }
}
