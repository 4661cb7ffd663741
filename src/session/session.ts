/** The Session player: what a handler reads and writes. */
import { inspect, type InspectOptions } from 'node:util';
import { isPromiseLike } from './awaitable.js';
import { DraftState } from './draft.state.js';
import { type Duration, toMilliseconds } from './duration.js';
import { SessionError } from './session.error.js';
import {
  type Attributes,
  checkSessionOptions,
  type ConstAttributes,
  type CreateSessionOptions,
  parseLabels,
} from './session.options.js';
import { deadlineOf } from './session.record.js';
import { StoredState } from './stored.state.js';

/** Before and after a store knows it. */
export type SessionState = DraftState | StoredState;

/** A session of whatever attributes. */
export type AnySession = Session<object, object>;

// The class's own keys to its private parts: no public method, no property, opens them.
let makeSession: (state: SessionState) => Session;
let readState: (session: AnySession) => SessionState;
let writeState: (session: AnySession, state: StoredState) => void;

/**
 * A session: constant attributes, given at creation, and variable ones, for one client over many requests.
 *
 * Made by {@link createSession} or loaded by a manager, never by `new`. Changes are collected and committed as a delta
 * when the request ends: requests that overlap and change different attributes don't undo each other.
 *
 * @typeParam A - the variable attributes
 * @typeParam C - the constant attributes
 */
export class Session<A extends object = Attributes, C extends object = ConstAttributes> {
  #state: SessionState;

  private constructor(state: SessionState) {
    if (!(state instanceof DraftState || state instanceof StoredState)) {
      throw new SessionError(
        'SESSION_NOT_CONSTRUCTIBLE',
        "Sessions aren't made by new Session(): use createSession().",
      );
    }
    this.#state = state;
  }

  static {
    makeSession = (state) => new Session(state);
    readState = (session) => {
      if (typeof session === 'object' && session !== null && #state in session) return session.#state;
      throw new SessionError(
        'UNKNOWN_SESSION',
        "Expected a session of createSession(), or of a manager's get, as first argument. (Is the library installed twice?)",
      );
    };
    writeState = (session, state) => void (session.#state = state);
  }

  /**
   * The id as the client holds it. Whoever has it has the session: never log it. Final once the session was added; `add`
   * draws another one if it is a principal's or the manager's `idLength` isn't the default, and `rotate` always does.
   */
  get id(): string {
    return this.#state.id;
  }

  /** Names the session to people, in lists, events and logs: it opens nothing. Stays the same over rotations. */
  get handle(): string {
    return this.#state.handle;
  }

  /** Whose session it is, as `createSession` was told; `undefined`: nobody's. */
  get principal(): string | undefined {
    return this.#state.principal;
  }

  /** What the principal is told of it, as `createSession` was. */
  get labels(): Readonly<Record<string, string>> {
    return parseLabels(this.#state.labels);
  }

  /** When its user was last authenticated: when it was added, or the last time that `reauthenticated` was called. */
  get authenticated(): Date {
    return new Date(this.#state.authenticated);
  }

  /**
   * Whether its user was authenticated no longer ago than that.
   * @throws SessionError `INVALID_OPTION`
   */
  isFresh(within: Duration): boolean {
    return this.#state.now - this.#state.authenticated <= toMilliseconds('within', within);
  }

  /** Whether this request created the session. */
  get isNew(): boolean {
    return this.#state.isNew;
  }

  /** When it was added. */
  get created(): Date {
    return new Date(this.#state.times.created);
  }

  /** The last recorded access: accesses are recorded at most once per touch interval. */
  get accessed(): Date {
    return new Date(this.#state.times.accessed);
  }

  /** Idle timeout, in milliseconds. */
  get timeout(): number {
    return this.#state.times.timeout;
  }

  /** The instant from which on the store won't serve the session: the nearer of the idle and the absolute deadline. */
  get expires(): Date {
    return new Date(deadlineOf(this.#state.times));
  }

  /**
   * A constant attribute: given at creation, the same for the session's whole life. Once the session is added it is a copy of
   * what was given, and plain objects and arrays are frozen. (A Date or a Map can't be; what is done to one is lost.)
   */
  constAttr<K extends keyof C & string>(name: K): C[K] {
    return this.#state.constants.get(name) as C[K];
  }

  /** All constant attributes. */
  constAttrs(): C {
    return collect(this.#state.constants) as C;
  }

  /**
   * A variable attribute, `undefined` if there is none. An object may be changed in place: that is committed too.
   */
  attr<K extends keyof A & string>(name: K): A[K] | undefined {
    return this.#state.attributes.get(name) as A[K] | undefined;
  }

  /** All variable attributes: a new object each time, with the values themselves. */
  attrs(): Partial<A> {
    return collect(this.#state.attributes);
  }

  /**
   * Sets a variable attribute; `null` and `undefined` delete it. Strings, finite and other numbers, booleans, BigInts, Dates,
   * Maps, Sets, RegExps, byte arrays, and plain objects and arrays of these come back as what they were.
   *
   * @throws SessionError `ATTRIBUTE_REFUSED` for anything else (a new session's values are checked by `add`),
   * `ATTRIBUTES_TOO_LARGE` if the session's attributes would take more than `maxSize` bytes
   */
  setAttr<K extends keyof A & string>(name: K, value: A[K] | null | undefined): void {
    this.#state.attributes.set(name, value);
  }

  /**
   * Changes one attribute atomically over all processes: `change` gets its current value and returns the next one (`null` and
   * `undefined` delete), and runs again if somebody else came first. A change of the attribute that this request made before is
   * committed first.
   *
   * @param change - synchronous, without side effects
   * @returns what `change` returned
   * @throws SessionError `SESSION_GONE` if the session was removed or has expired; `ATTRIBUTE_REFUSED`, also for a promise;
   * `STORE_FAILED` or `STORE_TIMEOUT` if the store does. What `change` throws is rejected with, and nothing is changed.
   */
  update<K extends keyof A & string, N extends A[K] | null | undefined>(
    name: K,
    change: (current: A[K] | undefined) => N,
  ): Promise<N> {
    return this.#state.update(name, (current) => checkNext(name, change(current as A[K] | undefined))) as Promise<N>;
  }

  /**
   * Commits now: for code that sends the response itself, and changes made after it was sent. Without changes it does nothing.
   *
   * @throws SessionError `SESSION_GONE` if the session was removed or has expired, `SESSION_NOT_ADDED` before `add`,
   * `STORE_FAILED` or `STORE_TIMEOUT` if the store fails, `ATTRIBUTE_REFUSED` or `ATTRIBUTES_TOO_LARGE` if an object changed in
   * place can't be stored any more
   */
  save(): Promise<void> {
    return this.#state.save();
  }

  /**
   * Runs `work` when no other request of this session in this process is in a `runExclusive`. It starts from what the others
   * committed (read attributes inside of `work`), and what it changes is committed before the next one starts.
   * `update` doesn't wait for it. Calls inside of `work` run at once. There is no time limit: work that never settles keeps the
   * session's other callers waiting.
   *
   * @returns what `work` returned; what it throws is rejected with, and its changes are left to the end of the request
   * @throws SessionError `SESSION_GONE` if the session was removed or has expired
   */
  runExclusive<T>(work: () => T | PromiseLike<T>): Promise<T> {
    return this.#state.runExclusive(async () => work());
  }

  /** All but the id. */
  toJSON(): object {
    const { handle, principal, labels, isNew, created, authenticated, accessed, timeout, expires } = this;
    const about = { handle, principal, labels, isNew, created, authenticated, accessed, timeout, expires };
    return { ...about, constAttrs: this.constAttrs(), attrs: this.attrs() };
  }

  /** Neither the id, nor whose it is, nor values: this ends up in logs. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { handle, isNew, created, accessed, timeout, expires } = this;
    const { constants, attributes } = this.#state;
    const names = { constAttrs: [...constants.names()], attrs: [...attributes.names()] };
    return `Session ${inspect({ handle, isNew, created, accessed, timeout, expires, ...names }, options)}`;
  }
}

/** A session for a record that was loaded. For managers. */
export function sessionOf(state: StoredState): Session {
  return makeSession(state);
}

/** The machinery behind a session. For managers. */
export function stateOf(session: AnySession): SessionState {
  return readState(session);
}

/** A session that was created goes on as a stored one. For managers. */
export function replaceState(session: AnySession, state: StoredState): void {
  writeState(session, state);
}

/**
 * A new session. It exists in memory only, until a manager's `add` stores it and tells the client about it.
 *
 * @throws SessionError `INVALID_OPTION`
 */
export function createSession<A extends object = Attributes, C extends object = ConstAttributes>(
  ...[options]: Partial<C> extends C ? [options?: CreateSessionOptions<A, C>] : [options: CreateSessionOptions<A, C>]
): Session<A, C> {
  return makeSession(new DraftState(checkSessionOptions(options ?? {}))) as Session<A, C>;
}

/** What `update`'s change returned, unless that is a promise: nobody waits for it. */
function checkNext(name: string, next: unknown): unknown {
  if (!isPromiseLike(next)) return next;
  next.then(undefined, () => undefined);
  throw new SessionError(
    'ATTRIBUTE_REFUSED',
    `Attribute ${JSON.stringify(name)} would become a promise: the change given to update must be synchronous.`,
  );
}

function collect(attributes: { names(): Iterable<string>; get(name: string): unknown }): object {
  const entries = Array.from(attributes.names(), (name) => [name, attributes.get(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
