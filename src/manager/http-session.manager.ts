/** The manager over transports and a store: in what order load, id and save happen. */
import { expressResponseOf } from '../http/express.request.js';
import { FastifyResponse } from '../http/fastify.response.js';
import { cachingHeadersOf, mergeHeader, SHARED_HEADERS } from '../http/headers.js';
import type { HttpResponse } from '../http/http.exchange.js';
import { isPlainHttp } from '../http/plain.http.js';
import { rawRequestOf, rawRequestOfResponse, rawResponseOf, responseOf, routeOf } from '../http/http.platform.js';
import { andThen, type Awaitable, isPromiseLike } from '../session/awaitable.js';
import { DraftState } from '../session/draft.state.js';
import { toMilliseconds } from '../session/duration.js';
import { checkInteger } from '../session/options.check.js';
import { SessionError } from '../session/session.error.js';
import type { RemovalReason, SessionEvents } from '../session/session.events.js';
import type { Attributes, ConstAttributes } from '../session/session.options.js';
import { type AnySession, type Session, stateOf } from '../session/session.js';
import { type CommitOutcome, StoredState } from '../session/stored.state.js';
import type { Purged } from '../store/session.store.js';
import type { StoreAccess } from '../store/store.access.js';
import { checkManagerOptions, type ManagerSettings, type SessionManagerOptions } from './manager.options.js';
import { SessionKeeper } from './session.keeper.js';
import { SessionLookup } from './session.lookup.js';
import { type GetOptions, type ManagerPurgeOptions, SessionManager } from './session.manager.js';
import type { SessionTransport } from './session.transport.js';
import { Visit } from './visit.js';

/** The name of the session that has none. */
export const DEFAULT_SESSION_NAME = 'default';

/** The manager that comes with the library. */
export class HttpSessionManager extends SessionManager {
  readonly #settings: ManagerSettings;
  readonly #keeper: SessionKeeper;
  readonly #lookup: SessionLookup;
  /** Where a request keeps its visit. (Measured: 0.2 µs; in a WeakMap 1.9 µs, most of it in the garbage collector.) */
  readonly #visitKey = Symbol('session');
  readonly #warnedRoutes = new Set<string>();
  #warnedOfHttp = false;
  #closing: Promise<void> | undefined;

  /**
   * @param options - see {@link SessionManagerOptions}
   * @param name - tells this session from others of the same application, and on the same store
   * @throws SessionError `INVALID_OPTION`
   */
  constructor(options: SessionManagerOptions = {}, name: string = DEFAULT_SESSION_NAME) {
    super();
    this.#settings = checkManagerOptions(options, name, name === DEFAULT_SESSION_NAME ? 'sessid' : `sessid-${name}`);
    this.#keeper = new SessionKeeper(this.#settings);
    this.#lookup = new SessionLookup(this.#settings.transports, this.#keeper);
  }

  /** What happens to sessions. */
  get events(): SessionEvents {
    return this.#keeper.events;
  }

  /** For a registry: the way to the same sessions. */
  get access(): StoreAccess {
    return this.#keeper.access;
  }

  override get carriers(): readonly string[] {
    return this.#settings.transports.map(({ carrier }) => carrier);
  }

  async get<A extends object = Attributes, C extends object = ConstAttributes>(
    request: unknown,
    options?: GetOptions,
  ): Promise<Session<A, C> | undefined> {
    return (await this.#sessionOf(this.#visit(rawRequestOf(request)), options)) as Session<A, C> | undefined;
  }

  override load(request: unknown, response: unknown): Awaitable<Session | undefined> {
    const visit = this.#visit(rawRequestOf(request));
    visit.handled = true;
    visit.source = request;
    visit.rawResponse ??= rawResponseOf(response);
    // A guard may have loaded it, which knew of no response.
    if (visit.session) this.#commitAtClose(visit);
    return this.#sessionOf(visit);
  }

  async add(session: AnySession, response: unknown): Promise<void> {
    const visit = this.#visitOf(response);
    const exchange = openResponse(response);
    return visit.inTurn(async () => {
      await this.#loaded(visit);
      if (visit.failure) throw visit.failure;
      const state = await this.#keeper.keep(session, visit.session);
      try {
        this.#tell(visit, exchange, state);
      } catch (error) {
        // Nobody will ever know the new one's id.
        await this.#keeper.drop(session, 'untold').catch(() => undefined);
        throw error;
      }
      visit.session = session;
      visit.failed = false;
    });
  }

  async remove(session: AnySession, response: unknown, reason: RemovalReason = 'logout'): Promise<void> {
    const visit = this.#visitOf(response);
    const exchange = responseOf(response);
    return visit.inTurn(async () => {
      await this.#keeper.drop(session, reason);
      // Another session of this request, added meanwhile, keeps its cookie.
      if (visit.session !== undefined && visit.session !== session) return;
      visit.loaded = true;
      visit.session = undefined;
      this.#clear(visit, exchange);
    });
  }

  override async removeSuccessor(response: unknown, reason: RemovalReason = 'logout'): Promise<void> {
    const visit = this.#visitOf(response);
    const exchange = responseOf(response);
    return visit.inTurn(async () => {
      await this.#loaded(visit);
      if (visit.session || visit.rotatedId === undefined) return;
      await this.#keeper.dropSuccessorOf(visit.rotatedId, reason);
      visit.rotatedId = undefined;
      this.#clear(visit, exchange);
    });
  }

  rotate(session: AnySession, response: unknown): Promise<void> {
    return this.#rename(session, response, 'rotated');
  }

  override reauthenticated(session: AnySession, response: unknown): Promise<void> {
    return this.#rename(session, response, 'reauthenticated');
  }

  async #rename(session: AnySession, response: unknown, reason: 'rotated' | 'reauthenticated'): Promise<void> {
    const visit = this.#visitOf(response);
    const exchange = openResponse(response);
    return visit.inTurn(async () => {
      const state = stateOf(session);
      if (state instanceof DraftState) return state.save();
      await this.#keeper.rename(state, reason);
      this.#tell(visit, exchange, state);
    });
  }

  async purge({ batchSize = 100, deadline = '8m' }: ManagerPurgeOptions = {}): Promise<Purged> {
    return this.#keeper.purge({
      batchSize: checkInteger('batchSize', batchSize, 1),
      deadline: toMilliseconds('deadline', deadline),
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#keeper.close();
    return this.#closing;
  }

  override attend(
    request: unknown,
    response: unknown,
    isAnsweredByHandler = false,
  ): (handlerFailed: boolean) => Awaitable<void> {
    const visit = this.#visit(rawRequestOf(request));
    visit.isAnsweredByHandler = isAnsweredByHandler;
    // Attached to the class and to the method: the outer one commits.
    if (visit.attended) return () => undefined;
    visit.response = responseOf(response);
    visit.source = request;
    visit.attended = true;
    visit.handled = true;
    return (handlerFailed) => this.#finish(visit, handlerFailed);
  }

  override commit(request: unknown, response: unknown, isError = false): Awaitable<void> {
    const visit = this.#visitAt(rawRequestOf(request));
    if (!visit) return undefined;
    const exchange = responseOf(response);
    visit.response = exchange;
    visit.isAnsweredByHandler = false;
    return andThen(this.#finish(visit, isError && visit.handled), () => {
      if (!visit.wrote) return;
      if (exchange instanceof FastifyResponse) exchange.adoptRawHeaders(SHARED_HEADERS);
      for (const [name, told] of visit.cachingHeaders) {
        exchange.setHeader(name, mergeHeader(name, told, exchange.getHeader(name)));
      }
    });
  }

  override commitLate(request: unknown): void {
    const visit = this.#visitAt(rawRequestOf(request));
    if (!visit || visit.attended) return;
    if (visit.source === visit.request) visit.source = request;
    // If the client went away before, nothing was late, and the handler may go on: what comes of this is not the last word.
    const isOver = visit.rawResponse?.headersSent ?? true;
    void andThen(this.#commitOrLog(visit, isOver), () => {
      if (!isOver) visit.failed = false;
    });
  }

  #visit(request: Visit['request']): Visit {
    const known = this.#visitAt(request);
    if (known) return known;
    const visit = new Visit(request);
    // (Measured: a WeakMap makes a request that reads its session cost 1.1 to 1.7 times as much, by garbage collection.)
    Reflect.set(request, this.#visitKey, visit);
    return visit;
  }

  #visitAt(request: Visit['request']): Visit | undefined {
    return Reflect.get(request, this.#visitKey) as Visit | undefined;
  }

  #visitOf(response: unknown): Visit {
    return this.#visit(rawRequestOfResponse(response));
  }

  #sessionOf(
    visit: Visit,
    { onStoreError = this.#settings.onStoreError }: GetOptions = {},
  ): Awaitable<Session | undefined> {
    return andThen(this.#loaded(visit), () => {
      const isForgiven = onStoreError === 'anonymous' && visit.failure instanceof SessionError;
      if (visit.failure && !isForgiven) throw visit.failure;
      return visit.session;
    });
  }

  /** Loads once a request. Nothing to wait for: `undefined`. The outcome is in the visit. */
  #loaded(visit: Visit): Promise<void> | undefined {
    if (visit.loaded || visit.loading) return visit.loading;
    const done = (failure?: unknown) => {
      visit.loaded = true;
      visit.loading = undefined;
      visit.failure = failure as Error | undefined;
      if (visit.session) this.#commitAtClose(visit);
    };
    try {
      const loading = this.#lookup.run(visit);
      if (loading) visit.loading = loading.then(done, done);
      else done();
    } catch (error) {
      done(error);
    }
    return visit.loading;
  }

  #transportFor(visit: Visit): SessionTransport {
    const { transports } = this.#settings;
    visit.transport ??= transports.find((transport) => transport.suits(visit.request)) ?? transports[0];
    return visit.transport;
  }

  #tell(visit: Visit, exchange: HttpResponse, state: StoredState): void {
    assertOpen(exchange);
    const { ends, persistent } = state.times;
    const remaining = ends === null ? undefined : Math.max(0, ends - this.#settings.clock());
    const before = cachingHeadersOf(exchange);
    const transport = this.#transportFor(visit);
    transport.tell(exchange, state.id, { remaining, persistent });
    if (transport.needsHttps && !this.#warnedOfHttp && isPlainHttp(visit.request)) this.#warnOfHttp();
    visit.told = exchange;
    visit.wroteInto(exchange, before);
    this.#commitAtClose(visit);
  }

  #clear(visit: Visit, exchange: HttpResponse): void {
    visit.told = undefined;
    if (exchange.headersSent) return;
    const before = cachingHeadersOf(exchange);
    this.#transportFor(visit).clear(exchange);
    visit.wroteInto(exchange, before);
  }

  /** After the handler. A login, logout or rotation that it forgot to await: the headers wait for it, and its failure is the request's. */
  #finish(visit: Visit, handlerFailed: boolean): Awaitable<void> {
    visit.attended = false;
    const commit = () => (handlerFailed ? this.#commitOrLog(visit) : this.#commit(visit));
    return visit.turn ? visit.turn.then(commit, handlerFailed ? commit : undefined) : commit();
  }

  #commit(visit: Visit, late = visit.response?.headersSent ?? false): Awaitable<void> {
    const state = visit.session && stateOf(visit.session);
    if (!(state instanceof StoredState) || visit.failed) return undefined;
    try {
      const committed = andThen(state.commit(), (outcome) => {
        this.#committed(visit, state.handle, outcome, late);
        return late || !visit.response ? undefined : this.#renew(visit, state);
      });
      return isPromiseLike(committed) ? committed.then(undefined, (error: unknown) => visit.fail(error)) : committed;
    } catch (error) {
      return visit.fail(error);
    }
  }

  /** The client hears of an id that its session got without a verb: by timed renewal, in this request or in one before. */
  #renew(visit: Visit, state: StoredState): Awaitable<void> {
    if (visit.isAnsweredByHandler) return undefined;
    if (this.#keeper.isRenewalDue(state)) {
      return this.#keeper.renew(state).then((isRenewed) => this.#tellRenewed(visit, state, isRenewed));
    }
    if (!hasUntoldId(visit, state)) return undefined;
    // Since this request was loaded, the client may have been told another one.
    return this.#keeper.hasItsId(state).then((isCurrent) => this.#tellRenewed(visit, state, isCurrent));
  }

  #tellRenewed(visit: Visit, state: StoredState, isCurrent: boolean): void {
    const exchange = visit.response;
    if (isCurrent && hasUntoldId(visit, state) && exchange && !exchange.headersSent) this.#tell(visit, exchange, state);
  }

  #committed(visit: Visit, handle: string, outcome: CommitOutcome, late: boolean): void {
    if (outcome === 'committed' && late) this.#warnLate(routeOf(visit.source));
    if (outcome !== 'gone') return;
    visit.withdraw();
    visit.failed = true;
    this.#settings.logger.debug(`Session ${handle} was gone when its request ended; what that changed is discarded.`);
    this.events.emit({ type: 'discarded', handle });
  }

  #commitOrLog(visit: Visit, late?: boolean): Awaitable<void> {
    const log = (error: unknown) => {
      const reason = error instanceof SessionError ? error.message : 'the reason is unknown.';
      this.#settings.logger.error(`What a request changed of its session is not committed: ${reason}`);
    };
    try {
      const committed = this.#commit(visit, late);
      return isPromiseLike(committed) ? committed.then(undefined, log) : committed;
    } catch (error) {
      return log(error);
    }
  }

  /** It may be that nothing of ours waits for the response's end: what is left by then is committed when it closes. */
  #commitAtClose(visit: Visit): void {
    visit.rawResponse ??= expressResponseOf(visit.request);
    const response = visit.rawResponse;
    if (!response || visit.closing) return;
    visit.closing = true;
    // Only once anyway.
    response.on('close', () => this.commitLate(visit.request));
  }

  #warnOfHttp(): void {
    this.#warnedOfHttp = true;
    this.#settings.logger.warn(
      'A session was told by a Secure cookie in the answer to plain http, and browsers keep it over https only. In development: ' +
        'SessionModule.forRoot({ cookie: { allowHttp: true } }). Behind a proxy that ends TLS all is well: let it send X-Forwarded-Proto.',
    );
  }

  #warnLate(route: string): void {
    if (this.#warnedRoutes.has(route)) return;
    this.#warnedRoutes.add(route);
    this.#settings.logger.warn(
      `${route} changed its session when the response was sent already: the changes were committed late. ` +
        'Await session.save() before the response is sent.',
    );
  }
}

/** Whether the session has another id than the request came with, of which its response doesn't tell. */
function hasUntoldId(visit: Visit, state: StoredState): boolean {
  return state.id !== visit.presentedId && !visit.told && !state.isGone;
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
    "The response's headers were sent, so the client can't be told its session's id any more. " +
      'Await add() and rotate() before the response is sent.',
  );
}
