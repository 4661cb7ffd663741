/** What a session is created with. */
import { type Duration, toMilliseconds } from './duration.js';
import { checkInteger, checkOptionNames } from './options.check.js';
import { invalidOption } from './session.error.js';
import { MAX_ID_LENGTH, MIN_ID_LENGTH } from './session.id.js';

/** The default idle timeout. */
export const DEFAULT_TIMEOUT = '30m' satisfies Duration;

/**
 * Variable attributes of sessions that name no type of their own. An application may merge into it; better is to give
 * the type where the session is used: `Session<MyAttributes>`.
 */
export interface Attributes {
  // oxlint-disable-next-line typescript/no-explicit-any -- the point of an untyped session
  [name: string]: any;
}

/** Constant attributes of sessions that name no type of their own; see {@link Attributes}. */
export interface ConstAttributes {
  // oxlint-disable-next-line typescript/no-explicit-any -- the point of an untyped session
  [name: string]: any;
}

interface CommonOptions<A extends object> {
  /** The first variable attributes. */
  attrs?: Partial<A> | undefined;
  /** Idle timeout. @defaultValue the manager's, by default 30 minutes */
  timeout?: Duration | undefined;
  /** From creation to the absolute deadline; `false` for none. @defaultValue the manager's, by default 30 days */
  lifetime?: Duration | false | undefined;
  /**
   * Whether the client keeps the session when the browser is closed. `false` is a cookie without `Max-Age`, and stays
   * so over `rotate`. @defaultValue true
   */
  persistent?: boolean | undefined;
  /** Random bytes of the id's secret, 16 at least. @defaultValue the manager's, by default 18 */
  idLength?: number | undefined;
}

/** The options of `createSession`. `constAttrs` must be given if `C` has attributes that must be there. */
export type CreateSessionOptions<A extends object = Attributes, C extends object = ConstAttributes> = CommonOptions<A> &
  (Partial<C> extends C
    ? { /** The constant attributes. */ constAttrs?: C }
    : { /** The constant attributes. */ constAttrs: C });

/** {@link CreateSessionOptions}, checked and in milliseconds; `undefined` is left to the manager. */
export interface SessionBlueprint {
  readonly attrs: object;
  readonly constAttrs: object;
  readonly timeout: number | undefined;
  readonly lifetime: number | false | undefined;
  readonly persistent: boolean;
  readonly idLength: number | undefined;
}

const NAMES = ['attrs', 'constAttrs', 'timeout', 'lifetime', 'persistent', 'idLength'];

/** @throws SessionError `INVALID_OPTION` */
export function checkSessionOptions(options: CreateSessionOptions<object, object>): SessionBlueprint {
  checkOptionNames('createSession', options, NAMES);
  const { attrs = {}, constAttrs = {}, timeout, lifetime, persistent = true, idLength } = options;
  for (const [name, given] of Object.entries({ attrs, constAttrs })) {
    if (Object.prototype.toString.call(given) !== '[object Object]') {
      throw invalidOption(name, given, 'an object whose properties are the attributes');
    }
  }
  if (typeof persistent !== 'boolean') throw invalidOption('persistent', persistent, 'true or false');
  return {
    attrs,
    constAttrs,
    timeout: timeout === undefined ? undefined : toMilliseconds('timeout', timeout),
    lifetime: lifetime === undefined || lifetime === false ? lifetime : toMilliseconds('lifetime', lifetime),
    persistent,
    idLength: idLength === undefined ? undefined : checkInteger('idLength', idLength, MIN_ID_LENGTH, MAX_ID_LENGTH),
  };
}
