/**
 * The one error class of the library. Its `code` is stable; its message names what was given and what would be right,
 * and never holds an id, a secret or an attribute's value.
 */

/** What went wrong. Stable: code may depend on it. */
export type SessionErrorCode =
  /** An option is unknown, out of range, or contradicts another one. */
  | 'INVALID_OPTION'
  /** A value, or an attribute's name, can't be stored exactly. */
  | 'ATTRIBUTE_REFUSED'
  /** The serialised attributes would take more than `maxSize` bytes. */
  | 'ATTRIBUTES_TOO_LARGE'
  /** The session was removed or has expired since it was loaded. */
  | 'SESSION_GONE'
  /** The request has no session to work on. */
  | 'SESSION_MISSING'
  /** The session isn't stored yet: `add` comes first. */
  | 'SESSION_NOT_ADDED'
  /** The session is stored already: `add` takes new ones. */
  | 'SESSION_ALREADY_ADDED'
  /** `new Session()` was called; sessions come from `createSession`. */
  | 'SESSION_NOT_CONSTRUCTIBLE'
  /** What was given as a session is none, or one of another copy of the library. */
  | 'UNKNOWN_SESSION'
  /** The response's headers went out, so the client can't be told any more. */
  | 'HEADERS_SENT'
  /** The object given isn't a request or a response of Express, Fastify or `node:http`. */
  | 'UNKNOWN_EXCHANGE'
  /** The store failed, or the breaker refuses calls after several timeouts. */
  | 'STORE_FAILED'
  /** The store didn't answer within `storeTimeout`; what it was asked may have happened. */
  | 'STORE_TIMEOUT'
  /** The store holds as many sessions as it may. */
  | 'STORE_FULL'
  /** The principal has as many sessions as `maxPerPrincipal` allows. */
  | 'TOO_MANY_SESSIONS'
  /** The session is nobody's: it was created without a principal. */
  | 'PRINCIPAL_MISSING'
  /** The manager was closed. */
  | 'MANAGER_CLOSED'
  /** A decorator or guard of the library is used where no `SessionModule` of that name is imported. */
  | 'MODULE_MISSING'
  /** A decorator or guard of the library is used outside HTTP. */
  | 'CONTEXT_UNSUPPORTED'
  /** A route uses the session, but lost the interceptor that commits it. */
  | 'INTERCEPTOR_LOST';

/** The HTTP status that says so, if it isn't 500. */
const STATUS_OF: Readonly<Partial<Record<SessionErrorCode, number>>> = {
  SESSION_GONE: 401,
  SESSION_MISSING: 401,
  STORE_FAILED: 503,
  STORE_TIMEOUT: 503,
  STORE_FULL: 503,
  TOO_MANY_SESSIONS: 409,
  MANAGER_CLOSED: 503,
};

/**
 * What the library throws and rejects with. It has the shape of `http-errors` (`status`, `statusCode`, `expose: false`),
 * so that Nest answers with the status, and newer versions of Nest 12 without the message; older ones tell clients that too.
 */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  readonly status: number;
  readonly statusCode: number;
  readonly expose = false;

  constructor(code: SessionErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = STATUS_OF[code] ?? 500;
    this.statusCode = this.status;
  }
}

/** The refusal of an option: what it is called, what was given, what is allowed. */
export function invalidOption(name: string, given: unknown, allowed: string): SessionError {
  return new SessionError('INVALID_OPTION', `Session option "${name}" is ${describe(given)}; allowed: ${allowed}.`);
}

/** As in `redis://:password@host`, or `?password=…`. */
const MAY_HOLD_A_PASSWORD = /:\/\/.*[@?]/s;

function describe(given: unknown): string {
  if (typeof given === 'string') return MAY_HOLD_A_PASSWORD.test(given) ? 'a URL' : JSON.stringify(given);
  if (typeof given === 'function') return 'a function';
  if (Array.isArray(given)) return given.length === 0 ? 'an empty array' : 'an array';
  if (typeof given === 'object' && given !== null) return 'an object';
  return String(given);
}

/** Nothing of the session can be written any more. */
export function sessionGone(): SessionError {
  return new SessionError('SESSION_GONE', 'The session was removed, or has expired, since it was loaded.');
}
