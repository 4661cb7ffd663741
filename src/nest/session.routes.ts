/** The start-up pass: every route that uses a session commits it, or the application doesn't start. */
import { Injectable, Logger, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { PATH_METADATA, SSE_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, HttpAdapterHost, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { SessionError } from '../session/session.error.js';
import { attachToMethod, detachFrom, isAttachedTo } from './session.attachment.js';
import { injectsAnotherSession, parametersOf, sendsResponse } from './route.parameters.js';
import { isSessionFactory } from './session.decorators.js';
import { applicationOf, directoryOf, sessionNameOf } from './session.directory.js';
import { spareInterceptor } from './session.hooks.js';
import { missingModule } from './session.scope.js';

const WARNED = 'nestjs-http-session:warned';

interface Route {
  readonly controller: Type;
  readonly name: string;
  readonly handler: object;
}

/** Works when it is constructed: before that the controllers aren't known, after that their routes are built. */
@Injectable()
export class SessionRoutes implements OnApplicationBootstrap {
  readonly #sessionRoutes: readonly Route[];
  readonly #adapterHost: HttpAdapterHost;

  /** @throws SessionError `INTERCEPTOR_LOST`, naming the method and the fix */
  constructor(
    discovery: DiscoveryService,
    scanner: MetadataScanner,
    adapterHost: HttpAdapterHost,
    modules: ModulesContainer,
  ) {
    this.#adapterHost = adapterHost;
    const controllers = discovery.getControllers().flatMap(({ metatype }) => (metatype ? [metatype as Type] : []));
    const routes = controllers.flatMap((controller) => {
      const ofController = routesOf(controller, scanner);
      spareEventStreams(controller, ofController);
      return ofController;
    });
    warnOfAnotherSession(routes, modules);
    this.#sessionRoutes = routes.filter(usesSession);
    this.#sessionRoutes.forEach(checkCommitted);
    const kept = this.#sessionRoutes.filter(needsInterceptor).map(attachedOf);
    spareInterceptor(adapterHost, modules, kept);
  }

  /** @throws SessionError `MODULE_MISSING`, naming the method and the session that no module registers */
  onApplicationBootstrap(): void {
    const application = applicationOf(this.#adapterHost);
    if (!application) return;
    const known = directoryOf(application);
    for (const { controller, name, handler } of this.#sessionRoutes) {
      const session = sessionNameOf(controller, handler);
      if (!known?.has(session)) throw missingModule(`${controller.name}.${name}`, session);
    }
  }
}

function routesOf(controller: Type, scanner: MetadataScanner): Route[] {
  const prototype = controller.prototype as object;
  return scanner
    .getAllMethodNames(prototype)
    .map((name) => ({ controller, name, handler: Reflect.get(prototype, name) as object }))
    .filter(({ handler }) => Reflect.hasMetadata(PATH_METADATA, handler));
}

/** Before the headers of an event stream nothing may wait: its changes need `save()`. The class's other routes keep theirs. */
function spareEventStreams(controller: Type, routes: readonly Route[]): void {
  const streams = routes.filter(({ handler }) => streamsEvents(handler));
  streams.forEach(({ handler }) => detachFrom(handler));
  if (streams.length === 0 || !isAttachedTo(controller)) return;
  detachFrom(controller);
  for (const { handler } of routes) if (!streamsEvents(handler)) attachToMethod(handler);
}

/** Who comes from express-session takes its decorator, and finds nothing. */
function warnOfAnotherSession(routes: readonly Route[], application: object): void {
  // There is a pass for each `SessionModule`.
  if (Reflect.hasMetadata(WARNED, application)) return;
  Reflect.defineMetadata(WARNED, true, application);
  const mistaken = routes.filter(({ controller, name }) => injectsAnotherSession(controller, name));
  if (mistaken.length === 0) return;
  const names = mistaken.map(({ controller, name }) => `${controller.name}.${name}`);
  new Logger('SessionModule').warn(
    `@Session() of @nestjs/common gives what express-session has put into a request: ${names.join(', ')}. ` +
      'The session of this library is injected by @Sess() of nestjs-http-session.',
  );
}

function usesSession(route: Route): boolean {
  return isAttachedTo(route.handler) || isAttachedTo(route.controller) || injectsSession(route);
}

function checkCommitted({ controller, name, handler }: Route): void {
  if (streamsEvents(handler) || isAttachedTo(handler) || isAttachedTo(controller)) return;
  throw new SessionError(
    'INTERCEPTOR_LOST',
    `${controller.name}.${name} uses the session, but what it changes would not be committed: a decorator that replaces the ` +
      `method dropped its metadata, or an overriding method declares the route again. Put @UseSession() above ${name}.`,
  );
}

function streamsEvents(handler: object): boolean {
  return Boolean(Reflect.getMetadata(SSE_METADATA, handler));
}

function injectsSession({ controller, name }: Route): boolean {
  return Object.values(parametersOf(controller, name)).some(({ factory }) => isSessionFactory(factory));
}

/**
 * Whether hooks don't do: nothing tells them that the handler is reached if no decorator injects the session, and a handler that
 * has the response, or calls the next one, may go on when that is over.
 */
function needsInterceptor(route: Route): boolean {
  return !streamsEvents(route.handler) && (!injectsSession(route) || sendsResponse(route.controller, route.name));
}

/** What the interceptor is attached to. A method may be another class's too, which inherits it. */
function attachedOf({ controller, handler }: Route): object {
  return isAttachedTo(handler) ? handler : controller;
}
