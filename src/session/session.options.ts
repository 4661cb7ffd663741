/** What a session is created with. */
import { type Duration, toMilliseconds } from './duration.js';
import { checkInteger, checkOptionNames } from './options.check.js';
import { invalidOption, SessionError } from './session.error.js';
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

/** The options of `createSession`. `constAttrs` must be given if `C` has attributes that must be there. */
export type CreateSessionOptions<A extends object = Attributes, C extends object = ConstAttributes> = {
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
  /**
   * Whose session it is, for example the user's id: 1 to 255 bytes. `SessionRegistry` lists and revokes a principal's sessions, and
   * `maxPerPrincipal` limits them. @defaultValue nobody's
   */
  principal?: string | undefined;
  /** What `SessionRegistry` tells the principal of this session, such as the device: up to 2,048 bytes as JSON. */
  labels?: Readonly<Record<string, string>> | undefined;
} & (Partial<C> extends C
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
  readonly principal: string | undefined;
  /** As JSON. */
  readonly labels: string | undefined;
}

const NAMES = ['attrs', 'constAttrs', 'timeout', 'lifetime', 'persistent', 'idLength', 'principal', 'labels'];
/** What every backend holds in a column, or a key, of its own. */
const MAX_PRINCIPAL_BYTES = 255;
const MAX_LABELS_BYTES = 2_048;

/** @throws SessionError `INVALID_OPTION` */
export function checkSessionOptions(options: CreateSessionOptions<object, object>): SessionBlueprint {
  checkOptionNames('createSession', options, NAMES);
  const { attrs = {}, constAttrs = {}, timeout, lifetime, persistent = true, idLength, principal, labels } = options;
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
    principal: principal === undefined ? undefined : checkPrincipal(principal),
    labels: labels === undefined ? undefined : checkLabels(labels, principal),
  };
}

/** @throws SessionError `INVALID_OPTION`, which doesn't show it: it may be an e-mail address */
export function checkPrincipal(principal: unknown): string {
  if (typeof principal === 'string' && isStorable(principal) && principal !== '') {
    if (Buffer.byteLength(principal) <= MAX_PRINCIPAL_BYTES) return principal;
  }
  const given = typeof principal === 'string' ? `a string of ${Buffer.byteLength(principal)} bytes` : typeof principal;
  const allowed = `a string of 1 to ${MAX_PRINCIPAL_BYTES} bytes without control characters, such as String(user.id)`;
  throw new SessionError('INVALID_OPTION', `Session option "principal" is ${given}; allowed: ${allowed}.`);
}

function checkLabels(labels: unknown, principal: string | undefined): string {
  if (principal === undefined) throw invalidOption('labels', labels, 'only beside "principal", who is told of them');
  if (Object.prototype.toString.call(labels) === '[object Object]') {
    const entries = Object.entries(labels as object).filter(([, label]) => label !== undefined);
    const json = JSON.stringify(Object.fromEntries(entries));
    const areTexts = entries.every((entry) =>
      entry.every((text: unknown) => typeof text === 'string' && isStorable(text)),
    );
    if (areTexts && Buffer.byteLength(json) <= MAX_LABELS_BYTES) return json;
  }
  const allowed = `an object of strings without control characters, up to ${MAX_LABELS_BYTES} bytes as JSON`;
  throw invalidOption('labels', labels, allowed);
}

/** What a record has for labels. Nobody but this library writes it, and it is of no use to fail for it. */
export function parseLabels(labels: string | undefined): Readonly<Record<string, string>> {
  if (labels === undefined) return {};
  try {
    return JSON.parse(labels) as Record<string, string>;
  } catch {
    return {};
  }
}

/** Whether every backend holds a text as it is: no control characters, and no half of a character. */
function isStorable(text: string): boolean {
  return !/\p{Cc}|\p{Cs}/u.test(text);
}
