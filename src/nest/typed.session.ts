/** Decorators, a guard and a constructor that know one application's attributes. */
import type { SessionContext } from './session.context.js';
import { createSession, type Session } from '../session/session.js';
import type { CreateSessionOptions } from '../session/session.options.js';
import type { StorableAttributes } from '../session/storable.js';
import { type ParameterPipe, Sess, SessAttr, SessConstAttr, SessCtx } from './session.decorators.js';
import { SessionGuard } from './session.guard.js';

/** A parameter decorator for parameters that take `Value`. For another one, no index is right: so the compiler shows both types. */
export type TypedParameterDecorator<Value> = <Target extends object, Key extends keyof Target, Index extends number>(
  target: Target,
  key: Key,
  index: Index &
    (Target[Key] extends (...args: infer Parameters) => unknown
      ? [Value] extends [Parameters[Index & keyof Parameters]]
        ? unknown
        : { readonly injected: Value; readonly declared: Parameters[Index & keyof Parameters] }
      : never),
) => void;

/** What {@link typedSession} gives. With pipes nothing is known of a parameter's type: they may make anything of it. */
export interface TypedSession<A extends object, C extends object> {
  Sess(): TypedParameterDecorator<Session<A, C> | undefined>;
  Sess(...pipes: [ParameterPipe, ...ParameterPipe[]]): ParameterDecorator;
  SessAttr<K extends keyof A & string>(name: K): TypedParameterDecorator<A[K] | undefined>;
  SessAttr(name: keyof A & string, ...pipes: [ParameterPipe, ...ParameterPipe[]]): ParameterDecorator;
  SessAttr(): TypedParameterDecorator<Partial<A> | undefined>;
  SessConstAttr<K extends keyof C & string>(name: K): TypedParameterDecorator<C[K] | undefined>;
  SessConstAttr(name: keyof C & string, ...pipes: [ParameterPipe, ...ParameterPipe[]]): ParameterDecorator;
  SessConstAttr(): TypedParameterDecorator<C | undefined>;
  SessCtx(): TypedParameterDecorator<SessionContext<A, C>>;
  SessCtx(...pipes: [ParameterPipe, ...ParameterPipe[]]): ParameterDecorator;
  /** As {@link SessionGuard.where}. */
  where(accepts: (session: Session<A, C>) => boolean | Promise<boolean>): SessionGuard;
  /** As {@link createSession}. */
  createSession(
    ...[options]: Partial<C> extends C ? [options?: CreateSessionOptions<A, C>] : [options: CreateSessionOptions<A, C>]
  ): Session<A, C>;
}

/** What may be told of behind a guard: `undefined` is left out. */
export interface GuardedSession<A extends object, C extends object> {
  Sess(): TypedParameterDecorator<Session<A, C>>;
  SessConstAttr<K extends keyof C & string>(name: K): TypedParameterDecorator<C[K]>;
}

/**
 * The decorators for sessions of these attributes: names are completed and checked, and a parameter whose type doesn't take what is
 * injected is an error of the compiler. At run time they are the ones that this library exports.
 *
 * ```ts
 * export const cart = typedSession<{ items: string[] }, { userName: string }>();
 *
 * class CartController {
 *   @Get() items(@cart.SessAttr('items') items: string[] = []) { … }
 * }
 * ```
 *
 * `guarded` has those whose value is there on every route behind `SessionGuard`.
 *
 * @typeParam A - the variable attributes; one that can't be stored is an error of the compiler
 * @typeParam C - the constant attributes
 */
export function typedSession<
  A extends object & StorableAttributes<A>,
  C extends object & StorableAttributes<C> = object,
>(): TypedSession<A, C> & { readonly guarded: GuardedSession<A, C> } {
  return TYPED as unknown as TypedSession<A, C> & { readonly guarded: GuardedSession<A, C> };
}

/** The types are all that is added. */
const TYPED = {
  Sess,
  SessAttr,
  SessConstAttr,
  SessCtx,
  createSession,
  where: (...args: Parameters<typeof SessionGuard.where>) => SessionGuard.where(...args),
  guarded: { Sess, SessConstAttr },
};
