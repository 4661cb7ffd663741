/** What a manager is configured with, checked when it is made: a wrong option never waits for a request. */
import { type AttributeCodec, defaultCodec } from '../session/attribute.codec.js';
import type { SessionDefaults } from '../session/draft.state.js';
import { type Duration, toMilliseconds, toTimerMilliseconds } from '../session/duration.js';
import { checkInteger, checkOptionNames } from '../session/options.check.js';
import { invalidOption } from '../session/session.error.js';
import { type SessionLogger, SILENT } from '../session/session.logger.js';
import { DEFAULT_ID_LENGTH, MAX_ID_LENGTH, MIN_ID_LENGTH } from '../session/session.id.js';
import { DEFAULT_TIMEOUT } from '../session/session.options.js';
import { MemoryStore } from '../store/memory.store.js';
import { type SessionLimit, SessionStore } from '../store/session.store.js';
import { type CookieOptions, CookieTransport } from './cookie.transport.js';
import { SessionTransport } from './session.transport.js';

export interface SessionManagerOptions {
  /** Keeps the sessions. Closed with the manager. @defaultValue `new MemoryStore()` */
  store?: SessionStore | undefined;
  /** The cookie that holds the id. */
  cookie?: CookieOptions | undefined;
  /** Instead of `cookie`: how ids travel, in the order in which they are read. */
  transport?: SessionTransport | SessionTransport[] | undefined;
  /** Idle timeout of sessions that bring none. @defaultValue '30m' */
  timeout?: Duration | undefined;
  /** From creation to the absolute deadline, of sessions that bring none; `false` for none. @defaultValue '30d' */
  lifetime?: Duration | false | undefined;
  /** An access is recorded at most this often, or ten times per timeout if that is more often. @defaultValue '1m' */
  touchInterval?: Duration | undefined;
  /** Random bytes of an id's secret part, 16 to 180. @defaultValue 18 */
  idLength?: number | undefined;
  /** How attribute values become strings. @defaultValue JSON, and devalue for what JSON can't carry */
  codec?: AttributeCodec | undefined;
  /** Most bytes of a session's serialised attributes. @defaultValue 65536 */
  maxSize?: number | undefined;
  /** How long a call of the store may take. @defaultValue '2s' */
  storeTimeout?: Duration | undefined;
  /**
   * What a request gets when its session can't be loaded: an error (503), or no session. `SessionGuard` answers 503
   * either way. @defaultValue 'fail'
   */
  onStoreError?: 'fail' | 'anonymous' | undefined;
  /** Lifecycle at `debug`, what somebody should look at as `warn` and `error`. @defaultValue the console, from `warn` on */
  logger?: SessionLogger | false | undefined;
  /**
   * How long a session keeps its id: after that the next request whose route uses the session gets a new one with its response
   * (OWASP: renewal timeout); `false`: until somebody rotates it. At least twice `renewGrace`. @defaultValue false
   */
  renewInterval?: Duration | false | undefined;
  /**
   * How long the id before still opens the session, once it was renewed by `renewInterval`: for requests that run in parallel, and
   * clients that never got the response. Ends at the next login, re-authentication or logout. `'10m'` at most. @defaultValue '30s'
   */
  renewGrace?: Duration | undefined;
  /** Most live sessions of one principal. @defaultValue no limit */
  maxPerPrincipal?: number | undefined;
  /**
   * What becomes of one too many: it is refused (`TOO_MANY_SESSIONS`, 409), or those go that were created first.
   * @defaultValue 'refuse'
   */
  onMaxPerPrincipal?: 'refuse' | 'remove-oldest' | undefined;
  /** Milliseconds since 1970. @defaultValue Date.now */
  clock?: (() => number) | undefined;
}

const NAMES = [
  'store',
  'cookie',
  'transport',
  'timeout',
  'lifetime',
  'touchInterval',
  'idLength',
  'codec',
  'maxSize',
  'storeTimeout',
  'onStoreError',
  'logger',
  'renewInterval',
  'renewGrace',
  'maxPerPrincipal',
  'onMaxPerPrincipal',
  'clock',
] as const satisfies (keyof SessionManagerOptions)[];

/** {@link SessionManagerOptions}, checked, complete, in milliseconds. */
export interface ManagerSettings {
  readonly store: SessionStore;
  readonly transports: readonly [SessionTransport, ...SessionTransport[]];
  readonly defaults: SessionDefaults;
  readonly codec: AttributeCodec;
  readonly maxSize: number;
  readonly storeTimeout: number;
  readonly onStoreError: 'fail' | 'anonymous';
  readonly logger: SessionLogger;
  readonly renewal: Renewal | undefined;
  readonly limit: SessionLimit | undefined;
  readonly clock: () => number;
}

/** When ids are renewed, in milliseconds. */
export interface Renewal {
  readonly interval: number;
  readonly grace: number;
}

const MAX_RENEW_GRACE_MS = 600_000;

/**
 * @param sessionName - tells this kind of session from others
 * @param defaultCookieName - of sessions whose cookie has no name of its own
 * @throws SessionError `INVALID_OPTION`
 */
export function checkManagerOptions(
  options: SessionManagerOptions,
  sessionName: string,
  defaultCookieName: string,
): ManagerSettings {
  checkOptionNames('options', options, NAMES);
  const { timeout = DEFAULT_TIMEOUT, lifetime = '30d', touchInterval = '1m', idLength = DEFAULT_ID_LENGTH } = options;
  const {
    codec = defaultCodec,
    maxSize = 65_536,
    storeTimeout = '2s',
    onStoreError = 'fail',
    clock = Date.now,
  } = options;
  if (options.store !== undefined && !(options.store instanceof SessionStore)) {
    throw invalidOption(
      'store',
      options.store,
      'an instance of a class that extends SessionStore (the client of a database is none; nor is a store of another copy of this library)',
    );
  }
  if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') {
    throw invalidOption('codec', codec, 'an object with the functions encode and decode');
  }
  if (onStoreError !== 'fail' && onStoreError !== 'anonymous') {
    throw invalidOption('onStoreError', onStoreError, "'fail' or 'anonymous'");
  }
  if (typeof clock !== 'function') throw invalidOption('clock', clock, 'a function that gives milliseconds');
  return {
    transports: checkTransports(options, defaultCookieName),
    defaults: {
      sessionName,
      timeout: toMilliseconds('timeout', timeout),
      lifetime: lifetime === false ? false : toMilliseconds('lifetime', lifetime),
      touchInterval: toMilliseconds('touchInterval', touchInterval),
      idLength: checkInteger('idLength', idLength, MIN_ID_LENGTH, MAX_ID_LENGTH),
    },
    codec,
    maxSize: checkInteger('maxSize', maxSize, 1),
    storeTimeout: toTimerMilliseconds('storeTimeout', storeTimeout),
    onStoreError,
    logger: checkLogger(options.logger),
    renewal: checkRenewal(options),
    limit: checkLimit(options),
    clock,
    store: options.store ?? new MemoryStore(),
  };
}

function checkRenewal({ renewInterval = false, renewGrace = '30s' }: SessionManagerOptions): Renewal | undefined {
  const grace = toMilliseconds('renewGrace', renewGrace);
  if (grace > MAX_RENEW_GRACE_MS) throw invalidOption('renewGrace', renewGrace, "'10m' at most");
  if (renewInterval === false) return undefined;
  const interval = toMilliseconds('renewInterval', renewInterval);
  if (interval < 2 * grace) throw invalidOption('renewInterval', renewInterval, 'twice "renewGrace" or more, or false');
  return { interval, grace };
}

function checkLimit({ maxPerPrincipal, onMaxPerPrincipal }: SessionManagerOptions): SessionLimit | undefined {
  const onMax = onMaxPerPrincipal ?? 'refuse';
  if (onMax !== 'refuse' && onMax !== 'remove-oldest') {
    throw invalidOption('onMaxPerPrincipal', onMaxPerPrincipal, "'refuse' or 'remove-oldest'");
  }
  if (maxPerPrincipal !== undefined) return { max: checkInteger('maxPerPrincipal', maxPerPrincipal, 1), onMax };
  if (onMaxPerPrincipal !== undefined) {
    throw invalidOption('onMaxPerPrincipal', onMaxPerPrincipal, 'only beside "maxPerPrincipal"');
  }
  return undefined;
}

function checkTransports(options: SessionManagerOptions, defaultCookieName: string): ManagerSettings['transports'] {
  const { cookie, transport } = options;
  if (transport === undefined) return [new CookieTransport(cookie, defaultCookieName)];
  if (cookie !== undefined) {
    throw invalidOption(
      'transport',
      transport,
      'only one of transport and cookie (give the options to new CookieTransport())',
    );
  }
  const [first, ...others] = Array.isArray(transport) ? transport : [transport];
  if (![first, ...others].every((one) => one instanceof SessionTransport) || first === undefined) {
    throw invalidOption('transport', transport, 'one or more instances of classes that extend SessionTransport');
  }
  const carriers = [first, ...others].map(({ carrier }) => carrier);
  const twice = carriers.find((carrier, index) => carriers.indexOf(carrier) !== index);
  if (twice !== undefined)
    throw invalidOption('transport', `several times the ${twice}`, 'transports that share nothing');
  return [first, ...others];
}

function checkLogger(logger: SessionManagerOptions['logger']): SessionLogger {
  if (logger === false) return SILENT;
  if (logger === undefined) return CONSOLE;
  if ([logger?.debug, logger?.warn, logger?.error].every((method) => typeof method === 'function'))
    return harmless(logger);
  throw invalidOption('logger', logger, 'an object with the functions debug, warn and error, or false');
}

/** A logger that throws must not take a request with it. */
function harmless(logger: SessionLogger): SessionLogger {
  const guarded =
    (level: keyof SessionLogger) =>
    (...args: unknown[]) => {
      try {
        logger[level](...args);
      } catch {
        // There is nowhere to say so.
      }
    };
  return { debug: guarded('debug'), warn: guarded('warn'), error: guarded('error') };
}

/* oxlint-disable no-console -- the one place where a default is chosen */
const CONSOLE: SessionLogger = {
  debug: ignore,
  warn: (...args) => console.warn(...args),
  error: (...args) => console.error(...args),
};
/* oxlint-enable no-console */

function ignore(): void {}
