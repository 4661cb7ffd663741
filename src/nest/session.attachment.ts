/** How the interceptor comes to the routes that use a session, and to no other. */
import { type Type, UseInterceptors } from '@nestjs/common';
import { INTERCEPTORS_METADATA, PARAMTYPES_METADATA } from '@nestjs/common/constants.js';
import { SessionInterceptor } from './session.interceptor.js';

/** For parameter decorators: attaches the interceptor to the method, and hides the parameter's type. */
export function attachToParameter(prototype: object, method: string | symbol | undefined, index: number): void {
  // Parameters of constructors take no part in requests.
  if (method === undefined) return;
  attachToMethod(Reflect.get(prototype, method) as object);
  hideType(prototype, method, index);
}

/** Attaches the interceptor to a route's method, unless it has it. */
export function attachToMethod(handler: object): void {
  if (!isAttachedTo(handler)) UseInterceptors(SessionInterceptor)({}, '', { value: handler });
}

/** Attaches the interceptor to all routes of a class, unless it has it. */
export function attachToClass(controller: Type): void {
  if (!isAttachedTo(controller)) UseInterceptors(SessionInterceptor)(controller);
}

/**
 * Attaches the interceptor to a method, or to a class, for good: Nest takes an instance as it is, without looking for it in a
 * module, so that it stays where the class is taken out.
 */
export function keepAttachedTo(target: object): void {
  const kept = interceptorsOf(target).map((one) => (one === SessionInterceptor ? new SessionInterceptor() : one));
  if (!kept.some(isOurs)) kept.push(new SessionInterceptor());
  Reflect.defineMetadata(INTERCEPTORS_METADATA, kept, target);
}

export function detachFrom(target: object): void {
  const others = interceptorsOf(target).filter((interceptor) => !isOurs(interceptor));
  Reflect.defineMetadata(INTERCEPTORS_METADATA, others, target);
}

/** Whether the interceptor is attached to a method, or to a class. */
export function isAttachedTo(target: object): boolean {
  return interceptorsOf(target).some(isOurs);
}

function interceptorsOf(target: object): readonly unknown[] {
  return (Reflect.getMetadata(INTERCEPTORS_METADATA, target) as readonly unknown[] | undefined) ?? [];
}

function isOurs(interceptor: unknown): boolean {
  if (interceptor instanceof SessionInterceptor) return true;
  return (
    typeof interceptor === 'function' &&
    (interceptor === SessionInterceptor || interceptor.prototype instanceof SessionInterceptor)
  );
}

/**
 * A `ValidationPipe` with `validateCustomDecorators` would make "no session" an empty object of the declared type. The
 * compiler has written the types when parameter decorators run.
 */
function hideType(prototype: object, method: string | symbol, index: number): void {
  const types = Reflect.getOwnMetadata(PARAMTYPES_METADATA, prototype, method) as unknown[] | undefined;
  if (types) Reflect.defineMetadata(PARAMTYPES_METADATA, types.with(index, Object), prototype, method);
}
