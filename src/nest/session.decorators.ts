/** What handlers get of a session. All of them load through the request's one memo, and attach the interceptor. */
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { andThen, type Awaitable } from '../session/awaitable.js';
import type { Session } from '../session/session.js';
import { attachToParameter } from './session.attachment.js';
import { SessionContext } from './session.context.js';
import { scopeOf, type SessionScope } from './session.scope.js';

/** A pipe, or its class. */
export type ParameterPipe = Type<PipeTransform> | PipeTransform;

type Factory = (data: unknown, context: ExecutionContext) => unknown;

const factories = new WeakSet<object>();

/** Whether a parameter's factory is one of ours: that's how routes that use a session are told. */
export function isSessionFactory(factory: unknown): boolean {
  return typeof factory === 'function' && factories.has(factory);
}

function sessionDecorator(factory: Factory) {
  factories.add(factory);
  return createParamDecorator(factory, [attachToParameter]);
}

/** What `use` makes of the request's session: at once, if that is there at once. */
function withSession<T>(
  context: ExecutionContext,
  use: (session: Session | undefined, scope: SessionScope) => T,
): Awaitable<T> {
  const scope = scopeOf(context);
  return andThen(scope.manager.load(scope.request, scope.response), (session) => use(session, scope));
}

const InjectSession = sessionDecorator((_, context) => withSession(context, (session) => session));

const InjectAttribute = sessionDecorator((name, context) =>
  withSession(context, (session): unknown => (name === undefined ? session?.attrs() : session?.attr(name as string))),
);

const InjectConstAttribute = sessionDecorator((name, context) =>
  withSession(context, (session): unknown =>
    name === undefined ? session?.constAttrs() : session?.constAttr(name as string),
  ),
);

const InjectContext = sessionDecorator((_, context) =>
  withSession(context, (session, scope) => new SessionContext(scope, session)),
);

/** The request's session, `undefined` if there is none: never on a route with `SessionGuard`. */
export function Sess(...pipes: ParameterPipe[]): ParameterDecorator {
  return InjectSession(...pipes);
}

/** One variable attribute of the request's session, or all of them; `undefined` if there is no session, or no attribute. */
export function SessAttr(name?: string, ...pipes: ParameterPipe[]): ParameterDecorator {
  return InjectAttribute(name, ...pipes);
}

/** One constant attribute of the request's session, or all of them; `undefined` if there is no session, or no attribute. */
export function SessConstAttr(name?: string, ...pipes: ParameterPipe[]): ParameterDecorator {
  return InjectConstAttribute(name, ...pipes);
}

/** The manager's verbs, bound to this request: {@link SessionContext}. */
export function SessCtx(...pipes: ParameterPipe[]): ParameterDecorator {
  return InjectContext(...pipes);
}
