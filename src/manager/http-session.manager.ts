/** The manager over transports and a store: in what order load, id and save happen. */
import { expressResponseOf, routeOf } from '../http/express.request.js';
import { FastifyResponse } from '../http/fastify.response.js';
import { SHARED_HEADERS } from '../http/headers.js';
import type { HttpResponse } from '../http/http.exchange.js';
import { rawRequestOf, rawRequestOfResponse, responseOf } from '../http/http.platform.js';
import { type Awaitable, andThen } from '../session/awaitable.js';
import { DraftState } from '../session/draft.state.js';
import { toMilliseconds } from '../session/duration.js';
import { KeyedQueue } from '../session/keyed.queue.js';
import { checkInteger } from '../session/options.check.js';
import { ReentrantQueue } from '../session/reentrant.queue.js';
import { SessionError, sessionGone } from '../session/session.error.js';
import { type RemovalReason, SessionEvents } from '../session/session.events.js';
import { keyOf, newId, randomText, secretLengthOf, tagOf } from '../session/session.id.js';
import type { Attributes, ConstAttributes } from '../session/session.options.js';
import type { Key, SessionRecord } from '../session/session.record.js';
import { type AnySession, replaceState, type Session, sessionOf, stateOf } from '../session/session.js';
import { type CommitOutcome, type SessionHost, StoredState } from '../session/stored.state.js';
import type { Found, Purged } from '../store/session.store.js';
import { checkManagerOptions, type ManagerSettings, type SessionManagerOptions } from './manager.options.js';
import { type GetOptions, type ManagerPurgeOptions, SessionManager } from './session.manager.js';
import { StoreGate } from './store.gate.js';
import { Visit } from './visit.js';

/** The name of the session that has none. */
export const DEFAULT_SESSION_NAME = 'default';

/** Ids of one request that are looked up. */
const MAX_LOOKUPS = 4;
/** How long writes with an old key reach the successor: longer than any request that overlaps a rotation. */
const FORWARD_MS = 60_000;
/** Tries to find an id that isn't taken. One does; more means that the store answers nonsense. */
const MAX_ID_TRIES = 4;

export class HttpSessionManager extends SessionManager {
  /** What happens to sessions. */
  readonly events = new SessionEvents();
  readonly #name: string;
  readonly #settings: ManagerSettings;
  readonly #gate: StoreGate;
  readonly #host: SessionHost;
  readonly #visits = new WeakMap<object, Visit>();
  readonly #warnedRoutes = new Set<string>();
  #closing: Promise<void> | undefined;

  /**
   * @param options - see {@link SessionManagerOptions}
   * @param name - tells this session from others of the same application, and on the same store
   * @throws SessionError `INVALID_OPTION`
   */
  constructor(options: SessionManagerOptions = {}, name: string = DEFAULT_SESSION_NAME) {
    super();
    this.#name = name;
    this.#settings = checkManagerOptions(options, name === DEFAULT_SESSION_NAME ? 'sessid' : `sessid-${name}`);
    this.#gate = new StoreGate(this.#settings.storeTimeout, this.#settings.logger);
    this.#host = this.#createHost();
  }

  override get carriers(): readonly string[] {
    return this.#settings.transports.map(({ carrier }) => carrier);
  }

  async get<A extends object = Attributes, C extends object = ConstAttributes>(
    request: unknown,
    { onStoreError = this.#settings.onStoreError }: GetOptions = {},
  ): Promise<Session<A, C> | undefined> {
    const visit = this.#visit(rawRequestOf(request));
    await this.#loaded(visit);
    if (visit.failure && onStoreError === 'fail') throw visit.failure;
    return visit.session as Session<A, C> | undefined;
  }

  async add(session: AnySession, response: unknown): Promise<void> {
    const visit = this.#visitOf(response);
    const exchange = openResponse(response);
    const draft = stateOf(session);
    if (!(draft instanceof DraftState) || !draft.claim()) {
      throw new SessionError('SESSION_ALREADY_ADDED', 'This session was given to add before.');
    }
    try {
      await this.#loaded(visit);
      if (visit.failure) throw visit.failure;
      const state = await this.#store(draft);
      if (visit.session) await this.#remove(visit.session, 'replaced');
      replaceState(session, state);
      visit.session = session as Session;
      this.#tell(visit, exchange, state);
      this.events.emit({ type: 'added', handle: state.handle });
      this.#settings.logger.debug(`Session ${state.handle} added.`);
    } catch (error) {
      draft.release();
      throw error;
    }
  }

  async remove(session: AnySession, response: unknown, reason: RemovalReason = 'logout'): Promise<void> {
    const visit = this.#visitOf(response);
    const exchange = responseOf(response);
    await this.#remove(session, reason);
    // Another session of this request, added meanwhile, keeps its cookie.
    if (visit.session !== undefined && visit.session !== session) return;
    visit.loading ??= Promise.resolve();
    visit.session = undefined;
    if (exchange.headersSent) return;
    const transport = this.#transportFor(visit);
    transport.clear(exchange);
    visit.told = undefined;
  }

  async rotate(session: AnySession, response: unknown): Promise<void> {
    const visit = this.#visitOf(response);
    const exchange = openResponse(response);
    const state = stateOf(session);
    if (state instanceof DraftState) return state.save();
    if (state.isGone) throw sessionGone();
    const op = this.#host.nextOp();
    for (let tries = 0; tries < MAX_ID_TRIES; tries++) {
      const id = newId(secretLengthOf(state.id), tagOf(state.id));
      const to = keyOf(this.#name, id);
      const now = this.#settings.clock();
      const options = { op, now, forwardUntil: now + FORWARD_MS, graceUntil: 0 };
      const renamed = await this.#gate.run(() => this.#settings.store.rename(state.key, to, options));
      if (renamed === 'exists') continue;
      if (renamed === 'gone') {
        state.markGone();
        throw sessionGone();
      }
      state.id = id;
      state.key = to;
      this.#tell(visit, exchange, state);
      this.events.emit({ type: 'rotated', handle: state.handle });
      this.#settings.logger.debug(`Session ${state.handle} rotated.`);
      return;
    }
    throw noFreeId();
  }

  purge({ batchSize = 100, deadline = '8m' }: ManagerPurgeOptions = {}): Promise<Purged> {
    const options = {
      now: this.#settings.clock(),
      batchSize: checkInteger('batchSize', batchSize, 1),
      deadline: toMilliseconds('deadline', deadline),
    };
    return this.#gate.runUnbounded(() => this.#settings.store.purge(options));
  }

  close(): Promise<void> {
    this.#gate.close();
    this.#closing ??= this.#gate.runUnbounded(() => this.#settings.store.close());
    return this.#closing;
  }

  override attend(request: unknown, response: unknown): (handlerFailed: boolean) => Awaitable<void> {
    const visit = this.#visit(rawRequestOf(request));
    visit.response ??= responseOf(response);
    visit.attended = true;
    return (handlerFailed) => {
      visit.attended = false;
      return handlerFailed ? this.#commitOrLog(visit) : this.#commit(visit);
    };
  }

  override commit(request: unknown, response: unknown): Awaitable<void> {
    const visit = this.#visits.get(rawRequestOf(request));
    if (!visit) return undefined;
    const exchange = responseOf(response);
    visit.response = exchange;
    return andThen(this.#commit(visit), () => {
      if (exchange instanceof FastifyResponse) SHARED_HEADERS.forEach((name) => exchange.adoptRawHeader(name));
    });
  }

  #createHost(): SessionHost {
    const { store, codec, maxSize, clock, logger } = this.#settings;
    const opPrefix = randomText(6);
    let ops = 0;
    return {
      rules: {
        codec,
        maxSize,
        onUndecodable: (name) => {
          logger.warn(`Session attribute ${JSON.stringify(name)} can't be read; it counts as absent.`);
          this.events.emit({ type: 'undecodable', what: `attribute ${JSON.stringify(name)}` });
        },
      },
      updates: new KeyedQueue(),
      exclusives: new ReentrantQueue(),
      now: clock,
      nextOp: () => opPrefix + (++ops).toString(36),
      reload: async (key) => {
        let found = await this.#find(key);
        // Rotated by another request: this one goes on with the successor. Each rotation is one hop.
        while (found && 'successor' in found) found = await this.#find(found.successor);
        return found && 'record' in found ? found.record : undefined;
      },
      change: (key, delta, now) => this.#gate.run(() => store.change(key, delta, now)),
      touch: (key, now) => this.#gate.run(() => store.touch(key, now)),
    };
  }

  #find(key: Key): Awaitable<Found> {
    return this.#gate.run(() => this.#settings.store.get(key, this.#settings.clock()));
  }

  #visit(request: Visit['request']): Visit {
    let visit = this.#visits.get(request);
    if (!visit) this.#visits.set(request, (visit = new Visit(request)));
    return visit;
  }

  #visitOf(response: unknown): Visit {
    return this.#visit(rawRequestOfResponse(response));
  }

  #loaded(visit: Visit): Promise<void> {
    visit.loading ??= this.#load(visit).catch((error: unknown) => {
      if (!(error instanceof SessionError)) throw error;
      visit.failure = error;
    });
    return visit.loading;
  }

  async #load(visit: Visit): Promise<void> {
    let lookups = 0;
    for (const transport of this.#settings.transports) {
      for (const presented of transport.read(visit.request)) {
        if ('rejected' in presented) {
          this.events.emit({ type: 'rejected', reason: presented.rejected });
          continue;
        }
        if (++lookups > MAX_LOOKUPS) return;
        visit.transport ??= transport;
        const key = keyOf(this.#name, presented.id);
        const found = await this.#find(key);
        if (found && 'record' in found) {
          visit.transport = transport;
          return this.#open(visit, presented.id, key, found.record);
        }
        if (found && 'broken' in found) this.#reportBroken(found.broken);
        else this.events.emit({ type: 'rejected', reason: 'unknown' });
      }
    }
  }

  #open(visit: Visit, id: string, key: Key, record: SessionRecord): void {
    const state = new StoredState(this.#host, id, key, record);
    visit.session = sessionOf(state);
    state.touchIfDue(this.#settings.clock());
    this.#commitAtClose(visit);
  }

  #reportBroken(what: string): void {
    this.#settings.logger.warn(`A session record can't be read (${what}); it counts as absent.`);
    this.events.emit({ type: 'undecodable', what });
  }

  async #store(draft: DraftState): Promise<StoredState> {
    const { store, defaults, clock } = this.#settings;
    const record = draft.toRecord(this.#host.rules, defaults, clock());
    const op = this.#host.nextOp();
    let id = draft.firstId(defaults);
    for (let tries = 0; tries < MAX_ID_TRIES; tries++) {
      const key = keyOf(this.#name, id);
      const added = await this.#gate.run(() => store.add(key, record, { op }));
      if (added === 'added') return new StoredState(this.#host, id, key, record, draft.attributes);
      if (added === 'full') throw new SessionError('STORE_FULL', 'The session store takes no more sessions.');
      id = draft.nextId(defaults);
    }
    throw noFreeId();
  }

  async #remove(session: AnySession, reason: RemovalReason): Promise<void> {
    const state = stateOf(session);
    if (state instanceof DraftState || state.isGone) return;
    const removed = await this.#gate.run(() => this.#settings.store.remove(state.key));
    state.markGone();
    if (!removed) return;
    this.events.emit({ type: 'removed', handle: state.handle, reason });
    this.#settings.logger.debug(`Session ${state.handle} removed (${reason}).`);
  }

  #transportFor(visit: Visit) {
    const { transports } = this.#settings;
    visit.transport ??= transports.find((transport) => transport.suits(visit.request)) ?? transports[0];
    return visit.transport as NonNullable<Visit['transport']>;
  }

  #tell(visit: Visit, exchange: HttpResponse, state: StoredState): void {
    assertOpen(exchange);
    const { ends, persistent } = state.times;
    const remaining = ends === null ? undefined : Math.max(0, ends - this.#settings.clock());
    this.#transportFor(visit).tell(exchange, state.id, { remaining, persistent });
    visit.told = exchange;
    visit.response = exchange;
    this.#commitAtClose(visit);
  }

  #commit(visit: Visit): Awaitable<void> {
    const state = visit.session && stateOf(visit.session);
    if (!(state instanceof StoredState) || visit.failed) return undefined;
    try {
      const late = visit.response?.headersSent ?? false;
      const committed = andThen(state.commit(), (outcome) => this.#committed(visit, state, outcome, late));
      return committed instanceof Promise ? committed.catch((error: unknown) => failedCommit(visit, error)) : committed;
    } catch (error) {
      return failedCommit(visit, error);
    }
  }

  #committed(visit: Visit, { handle }: StoredState, outcome: CommitOutcome, late: boolean): void {
    if (outcome === 'gone') {
      visit.withdraw();
      visit.failed = true;
      this.events.emit({ type: 'discarded', handle });
      this.#settings.logger.debug(
        `Session ${handle} was gone when its request ended; the request's changes are discarded.`,
      );
    } else if (outcome === 'committed' && late) this.#warnLate(routeOf(visit.request));
  }

  async #commitOrLog(visit: Visit): Promise<void> {
    try {
      await this.#commit(visit);
    } catch (error) {
      const reason = error instanceof SessionError ? error.message : 'for an unknown reason';
      this.#settings.logger.error(`A session's changes were not committed: ${reason}`);
    }
  }

  /** On Express nothing of ours may wait for the response's end; what is left by then is committed when it closes. */
  #commitAtClose(visit: Visit): void {
    const response = visit.closing ? undefined : expressResponseOf(visit.request);
    if (!response) return;
    visit.closing = true;
    visit.response ??= responseOf(response);
    response.once('close', () => {
      if (!visit.attended) void this.#commitOrLog(visit);
    });
  }

  #warnLate(route: string): void {
    if (this.#warnedRoutes.has(route)) return;
    this.#warnedRoutes.add(route);
    this.#settings.logger.warn(
      `${route} changed its session after the response was sent, or on its way out: the changes were committed late. ` +
        'Await session.save() before the response is sent.',
    );
  }
}

function openResponse(response: unknown): HttpResponse {
  const exchange = responseOf(response);
  assertOpen(exchange);
  return exchange;
}

function assertOpen(exchange: HttpResponse): void {
  if (!exchange.headersSent) return;
  throw new SessionError(
    'HEADERS_SENT',
    "The response's headers were sent, so the client can't be told its session's id any more.",
  );
}

function failedCommit(visit: Visit, error: unknown): never {
  visit.failed = true;
  visit.withdraw();
  throw error;
}

function noFreeId(): SessionError {
  return new SessionError('STORE_FAILED', 'The session store says that every new id is taken.');
}
