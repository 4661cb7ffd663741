import { type CanActivate, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';

const ALLOW_ANONYMOUS = 'nestjs-http-session:allow-anonymous';

/**
 * Lets requests without a session pass `SessionGuard`: for the login page, when the guard is an `APP_GUARD`. On a class it is for
 * the routes that don't have the guard themselves.
 */
export function AllowAnonymous(): ClassDecorator & MethodDecorator {
  return SetMetadata(ALLOW_ANONYMOUS, true);
}

/** Whether a route's mark is as near to it as its guard, or nearer. */
export function allowsAnonymous(context: ExecutionContext, guard: CanActivate): boolean {
  const handler = context.getHandler();
  if (Reflect.getMetadata(ALLOW_ANONYMOUS, handler) === true) return true;
  return Reflect.getMetadata(ALLOW_ANONYMOUS, context.getClass()) === true && !hasGuard(handler, guard);
}

function hasGuard(handler: object, guard: CanActivate): boolean {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, handler) as readonly unknown[] | undefined) ?? [];
  return guards.includes(guard) || guards.includes(guard.constructor);
}
