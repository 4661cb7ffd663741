/** What handlers get of a session. All of them load through the request's one memo, and attach the interceptor. */
import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { Session } from '../session/session.js';
import { attachToParameter } from './session.attachment.js';
import { SessionContext } from './session.context.js';
import { scopeOf } from './session.scope.js';

type Pipe = Type<PipeTransform> | PipeTransform;
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

function loadSession(context: ExecutionContext): Promise<Session | undefined> {
  const { manager, request } = scopeOf(context);
  return manager.get(request);
}

const InjectSession = sessionDecorator((_, context) => loadSession(context));

const InjectAttribute = sessionDecorator(async (name, context) => {
  const session = await loadSession(context);
  return name === undefined ? session?.attrs() : session?.attr(name as string);
});

const InjectConstAttribute = sessionDecorator(async (name, context) => {
  const session = await loadSession(context);
  return name === undefined ? session?.constAttrs() : session?.constAttr(name as string);
});

const InjectContext = sessionDecorator(async (_, context) => {
  const scope = scopeOf(context);
  return new SessionContext(scope, await scope.manager.get(scope.request));
});

/** The request's session, `undefined` if there is none: never on a route with `SessionGuard`. */
export function Sess(...pipes: Pipe[]): ParameterDecorator {
  return InjectSession(...pipes);
}

/** One variable attribute of the request's session, or all of them; `undefined` if there is no session, or no attribute. */
export function SessAttr(name?: string, ...pipes: Pipe[]): ParameterDecorator {
  return InjectAttribute(name, ...pipes);
}

/** One constant attribute of the request's session, or all of them; `undefined` if there is no session, or no attribute. */
export function SessConstAttr(name?: string, ...pipes: Pipe[]): ParameterDecorator {
  return InjectConstAttribute(name, ...pipes);
}

/** The manager's verbs, bound to this request: {@link SessionContext}. */
export function SessCtx(...pipes: Pipe[]): ParameterDecorator {
  return InjectContext(...pipes);
}
