/** What a test of the promises works with: processes that serve requests, each with a manager, on one store and one clock. */
import { fail, ok } from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpSessionManager } from '../manager/http-session.manager.js';
import type { SessionManagerOptions } from '../manager/manager.options.js';
import type { SessionEvent } from '../session/session.events.js';
import type { CreateSessionOptions } from '../session/session.options.js';
import { createSession, type Session } from '../session/session.js';
import type { SessionStore } from '../store/session.store.js';
import { createExchange, credentialsOf } from './made-up.exchange.js';
import { ObservedStore, type StoreBarrier } from './observed.store.js';
import { type StoreSource, StoreTrial } from './store.trial.js';
import { TestClock } from './test.clock.js';

/** The headers by which a client presents its session. */
export type ClientHeaders = Readonly<Record<string, string>>;

/** A request, its session if it has one, and its response. */
export interface Visit {
  readonly session: Session | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A request with its session. */
export interface SessionVisit extends Visit {
  readonly session: Session;
}

/** One process. */
export class TrialServer {
  readonly store: ObservedStore;
  readonly manager: HttpSessionManager;
  readonly events: SessionEvent[] = [];

  constructor(store: SessionStore, clock: TestClock, options: SessionManagerOptions = {}, name?: string) {
    this.store = new ObservedStore(store);
    this.manager = new HttpSessionManager(
      // Time for a slow backend under the load of a race: that a call takes long is no failure here.
      { logger: false, storeTimeout: '1m', ...options, store: this.store, clock: clock.now },
      name,
    );
    this.manager.events.subscribe((event) => this.events.push(event));
  }

  /** A request of a client without a session, which gets a new one. */
  async login(options: CreateSessionOptions = {}): Promise<SessionVisit & { readonly headers: ClientHeaders }> {
    const { request, response } = createExchange();
    const session = createSession(options);
    await this.manager.add(session, response);
    return { session, request, response, headers: credentialsOf(response).headers };
  }

  /** A request, loaded. */
  async visit(headers: ClientHeaders): Promise<Visit> {
    const { request, response } = createExchange(headers);
    return { session: await this.manager.get(request), request, response };
  }

  /** A request that has a session, loaded. */
  async open(headers: ClientHeaders): Promise<SessionVisit> {
    const { session, request, response } = await this.visit(headers);
    ok(session, 'the request has no session');
    return { session, request, response };
  }

  /** The session of a client as a new request sees it. */
  async look(headers: ClientHeaders): Promise<Session | undefined> {
    return (await this.visit(headers)).session;
  }

  /** What happens when a request's handler is done: changes are committed. */
  async answer({ request, response }: Visit): Promise<void> {
    await this.manager.commit(request, response);
  }
}

export class ServerTrial {
  readonly clock: TestClock;
  readonly here: TrialServer;
  /** Another process. */
  readonly there: TrialServer;
  /** Under the managers. */
  readonly stores: StoreTrial;

  constructor(stores: StoreTrial) {
    this.stores = stores;
    this.clock = new TestClock(stores.now);
    this.here = new TrialServer(stores.store, this.clock);
    this.there = new TrialServer(stores.second, this.clock);
  }

  static run(source: StoreSource, test: (trial: ServerTrial) => Promise<void>): Promise<void> {
    return StoreTrial.run(source, (stores) => test(new ServerTrial(stores)));
  }

  /** One more process, with options of its own. */
  newServer(options: SessionManagerOptions, name?: string): TrialServer {
    return new TrialServer(this.stores.second, this.clock, options, name);
  }
}

/** Waits until the held calls are there. If `work` ends without making them, that fails instead of waiting for ever. */
export async function reachedBy(barrier: StoreBarrier, work: Promise<unknown>): Promise<void> {
  const unmade = work.then(() => fail('a store call that was expected was not made'));
  unmade.catch(() => undefined);
  await Promise.race([barrier.reached, unmade]);
}

/** What the client is told of its session. */
export function toldBy(response: ServerResponse): ClientHeaders {
  return credentialsOf(response).headers;
}
