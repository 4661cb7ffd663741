/** The start-up pass: every route that uses a session commits it, or the application doesn't start. */
import { Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { PATH_METADATA, ROUTE_ARGS_METADATA, SSE_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, HttpAdapterHost, MetadataScanner } from '@nestjs/core';
import { SessionError } from '../session/session.error.js';
import { attachToMethod, detachFrom, isAttachedTo } from './session.attachment.js';
import { isSessionFactory } from './session.decorators.js';
import { applicationOf, directoryOf, sessionNameOf } from './session.directory.js';
import { missingModule } from './session.scope.js';

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
  constructor(discovery: DiscoveryService, scanner: MetadataScanner, adapterHost: HttpAdapterHost) {
    this.#adapterHost = adapterHost;
    const controllers = discovery.getControllers().flatMap(({ metatype }) => (metatype ? [metatype as Type] : []));
    this.#sessionRoutes = controllers.flatMap((controller) => {
      const routes = routesOf(controller, scanner);
      spareEventStreams(controller, routes);
      return routes.filter(usesSession);
    });
    this.#sessionRoutes.forEach(checkCommitted);
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

function usesSession({ controller, name, handler }: Route): boolean {
  return isAttachedTo(handler) || isAttachedTo(controller) || injectsSession(controller, name);
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

function injectsSession(controller: Type, name: string): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) as
    Record<string, { factory?: unknown }> | undefined;
  return Object.values(parameters ?? {}).some(({ factory }) => isSessionFactory(factory));
}
