/** What Nest knows of the parameters of a route's method. */
import type { Type } from '@nestjs/common';
import { RESPONSE_PASSTHROUGH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';

/** `RouteParamtypes.RESPONSE` and `NEXT`, which Nest doesn't export under one name in all its versions. */
const RESPONSE_OR_NEXT = /^[12]:/;
/** `RouteParamtypes.SESSION`. */
const SESSION = '7:';

/** By the type of a parameter, which Nest numbers, and its place. */
export function parametersOf(controller: Type, method: string): Record<string, { readonly factory?: unknown }> {
  return (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) ?? {}) as Record<string, { factory?: unknown }>;
}

/** Whether a method answers by itself, or calls the next handler: `@Res()`, `@Next()`. */
export function sendsResponse(controller: Type, method: string): boolean {
  if (Reflect.getMetadata(RESPONSE_PASSTHROUGH_METADATA, controller, method) === true) return false;
  return Object.keys(parametersOf(controller, method)).some((key) => RESPONSE_OR_NEXT.test(key));
}

/** Whether it takes `@Session()` of `@nestjs/common`. */
export function injectsAnotherSession(controller: Type, method: string): boolean {
  return Object.keys(parametersOf(controller, method)).some((key) => key.startsWith(SESSION));
}
