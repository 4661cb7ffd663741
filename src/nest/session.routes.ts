/** The start-up pass: every route that uses a session commits it, or the application doesn't start. */
import { Injectable, type Type } from '@nestjs/common';
import { PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { SessionError } from '../session/session.error.js';
import { attach, detachFromEvents, isAttachedTo, streamsEvents } from './session.attachment.js';
import { isSessionFactory } from './session.decorators.js';
import { SESSION_NAME } from './session.scope.js';

type Handler = (...args: unknown[]) => unknown;

/** Works when it is constructed: before that the controllers aren't known, after that their routes are built. */
@Injectable()
export class SessionRoutes {
  /** @throws SessionError `INTERCEPTOR_LOST`, naming the method and the fix */
  constructor(discovery: DiscoveryService, scanner: MetadataScanner) {
    for (const { metatype } of discovery.getControllers()) {
      if (!metatype) continue;
      const controller = metatype as Type;
      const prototype = controller.prototype as object;
      for (const name of scanner.getAllMethodNames(prototype)) {
        const handler = Reflect.get(prototype, name) as Handler;
        if (Reflect.hasMetadata(PATH_METADATA, handler)) settleRoute(controller, name, handler);
      }
    }
  }
}

function settleRoute(controller: Type, name: string, handler: Handler): void {
  if (streamsEvents(handler)) return detachFromEvents(handler);
  if (Reflect.hasMetadata(SESSION_NAME, controller)) attach(handler);
  if (isAttachedTo(handler) || isAttachedTo(controller) || !injectsSession(controller, name)) return;
  throw new SessionError(
    'INTERCEPTOR_LOST',
    `${controller.name}.${name} uses the session, but what it changes would not be committed: a decorator that replaces the ` +
      `method dropped its metadata, or an overriding method declares the route again. Put @UseSession() above ${name}.`,
  );
}

function injectsSession(controller: Type, name: string): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) as
    Record<string, { factory?: unknown }> | undefined;
  return Object.values(parameters ?? {}).some(({ factory }) => isSessionFactory(factory));
}
