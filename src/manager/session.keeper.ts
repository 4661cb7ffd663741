/** Sessions and their store: opens, keeps, renames and drops them, and says so. Knows ids and keys, but no HTTP. */
import { andThen, type Awaitable } from '../session/awaitable.js';
import { DraftState } from '../session/draft.state.js';
import { KeyedQueue } from '../session/keyed.queue.js';
import { ReentrantQueue } from '../session/reentrant.queue.js';
import { SessionAnnouncer, subjectOf } from '../session/session.announcer.js';
import { SessionError, sessionGone } from '../session/session.error.js';
import type { RemovalReason, SessionEvents } from '../session/session.events.js';
import { randomText } from '../session/random.text.js';
import { keyOf, newId, secretLengthOf, successorOf, tagOf } from '../session/session.id.js';
import type { Key, SessionRecord } from '../session/session.record.js';
import { type AnySession, replaceState, type Session, sessionOf, stateOf } from '../session/session.js';
import { type SessionHost, StoredState } from '../session/stored.state.js';
import { RemovalRelay } from '../store/removal.relay.js';
import type { AddOptions, Found, Purged, PurgeOptions } from '../store/session.store.js';
import type { StoreAccess } from '../store/store.access.js';
import { StoreGate } from '../store/store.gate.js';
import type { ManagerSettings } from './manager.options.js';

/** How long writes with an old key reach the successor. A request that overlaps a rotation and runs longer finds it gone. */
const FORWARD_MS = 60_000;
/** Tries to find an id that isn't taken. One does; more means that the store answers nonsense. */
const MAX_ID_TRIES = 4;

export class SessionKeeper {
  readonly access: StoreAccess;
  readonly #announcer: SessionAnnouncer;
  readonly #name: string;
  readonly #settings: ManagerSettings;
  readonly #gate: StoreGate;
  readonly #host: SessionHost;
  readonly #relay: RemovalRelay | undefined;

  constructor(settings: ManagerSettings) {
    const { store, logger, clock, storeTimeout, defaults } = settings;
    this.#name = defaults.sessionName;
    this.#settings = settings;
    this.#gate = new StoreGate(storeTimeout, logger);
    this.#host = this.#createHost();
    this.#announcer = new SessionAnnouncer(logger);
    this.access = { sessionName: this.#name, store, gate: this.#gate, announcer: this.#announcer, logger, clock };
    store.start(logger);
    this.#relay = store.channel && new RemovalRelay(store.channel, this.#name, this.events, logger);
  }

  get events(): SessionEvents {
    return this.#announcer.events;
  }

  /**
   * The live session of an id, or that it has another id by now. An access is recorded, if that is due, while the request
   * goes on.
   */
  open(id: string): Awaitable<Session | 'rotated' | undefined> {
    const key = keyOf(this.#name, id);
    return andThen(this.#find(key), (found) => {
      if (found && 'record' in found) return this.#openRecord(id, key, found.record);
      if (found && 'successor' in found) return this.#openSuccessor(id, found.successor, found.graceUntil);
      if (found && 'broken' in found) this.#announcer.undecodable(`a record (${found.broken})`);
      else if (found) this.events.emit({ type: 'expired', handle: found.expired });
      else this.events.emit({ type: 'rejected', reason: 'unknown' });
      return undefined;
    });
  }

  /** Stores a session that was created, in the place of another one. */
  async keep(session: AnySession, replaced?: AnySession): Promise<StoredState> {
    const draft = stateOf(session);
    if (!(draft instanceof DraftState) || !draft.claim()) {
      throw new SessionError('SESSION_ALREADY_ADDED', 'This session was given to add before.');
    }
    try {
      const old = replaced && storedStateOf(replaced);
      const state = await this.#store(draft, old?.key);
      replaceState(session, state);
      if (old) this.#dropped(old, 'replaced');
      return state;
    } catch (error) {
      draft.release();
      throw error;
    }
  }

  /** Gives a session another id. */
  async rename(state: StoredState, reason: 'rotated' | 'reauthenticated'): Promise<void> {
    if (state.isGone) throw sessionGone();
    const op = this.#host.nextOp();
    const isAuthenticated = reason === 'reauthenticated';
    for (let tries = 0; tries < MAX_ID_TRIES; tries++) {
      const id = newId(secretLengthOf(state.id), tagOf(state.id));
      const to = keyOf(this.#name, id);
      const now = this.#settings.clock();
      const options = { op, now, forwardUntil: now + FORWARD_MS, graceUntil: 0, isAuthenticated };
      const renamed = await this.#gate.run(() => this.#settings.store.rename(state.key, to, options));
      if (renamed === 'exists') continue;
      if (renamed === 'gone') {
        state.markGone();
        throw sessionGone();
      }
      state.rotatedTo(id, to, now, isAuthenticated);
      this.#announcer.rotated(state, reason);
      return;
    }
    throw noFreeId();
  }

  isRenewalDue(state: StoredState): boolean {
    const { renewal, clock } = this.#settings;
    return renewal !== undefined && !state.isGone && clock() - state.rotated >= renewal.interval;
  }

  /**
   * Gives a session the id that follows from the one it has: requests that run in parallel come to the same. If the store fails,
   * the session keeps its id, or whoever comes with it gets the next one.
   */
  async renew(state: StoredState): Promise<void> {
    const { renewal, store, clock } = this.#settings;
    if (!renewal) return;
    const id = state.successorId;
    const to = keyOf(this.#name, id);
    const now = clock();
    const forwardUntil = now + Math.max(FORWARD_MS, renewal.interval);
    const options = { op: this.#host.nextOp(), now, forwardUntil, graceUntil: now + renewal.grace, follows: false };
    try {
      const renamed = await this.#gate.run(() => store.rename(state.key, to, options));
      // Another request was faster; since then, the session may have been given a third id.
      if (renamed === 'gone' || (renamed === 'exists' && !(await this.#isLive(to)))) return;
      state.rotatedTo(id, to, now, false);
      if (renamed === 'done') this.#announcer.rotated(state, 'renewed');
    } catch {
      // The gate has said so.
    }
  }

  /** Removes a session for good. One that isn't stored needs nothing; one that was only found expired may still be there. */
  async drop(session: AnySession, reason: RemovalReason): Promise<void> {
    const state = storedStateOf(session);
    if (!state) return;
    const removed = await this.#gate.run(() => this.#settings.store.remove(state.key));
    if (removed) this.#dropped(state, reason);
    else state.markRemoved();
  }

  /** Removes the session that an id led to before it was rotated. */
  async dropSuccessorOf(id: string, reason: RemovalReason): Promise<void> {
    const removed = await this.#gate.run(() => this.#settings.store.remove(keyOf(this.#name, id)));
    if (removed) this.#announcer.removed({ handle: undefined, reason });
  }

  purge(options: Omit<PurgeOptions, 'now'>): Promise<Purged> {
    return this.#gate.runUnbounded(() => this.#settings.store.purge({ now: this.#settings.clock(), ...options }));
  }

  /** The store writes what is on its way, however long that takes; nothing else is asked of it. */
  async close(): Promise<void> {
    await Promise.all([this.#gate.close(() => this.#settings.store.close()), this.#relay?.close()]);
  }

  #createHost(): SessionHost {
    const { store, codec, maxSize, clock } = this.#settings;
    const opPrefix = randomText(6);
    let ops = 0;
    return {
      rules: {
        codec,
        maxSize,
        onUndecodable: (name) => this.#announcer.undecodable(`the attribute ${JSON.stringify(name)}`),
      },
      // Who waits behind a call that wasn't answered has waited as long: the store isn't asked for each of them in turn.
      updates: new KeyedQueue(isTimeout),
      exclusives: new ReentrantQueue(),
      now: clock,
      nextOp: () => opPrefix + (++ops).toString(36),
      reload: (key) => this.#reload(key),
      change: (key, delta, now) => this.#gate.run(() => store.change(key, delta, now)),
      touch: (key, now) => this.#touch(key, now),
    };
  }

  #openRecord(id: string, key: Key, record: SessionRecord): Session {
    const state = new StoredState(this.#host, id, key, record);
    state.touchIfDue(this.#settings.clock());
    return sessionOf(state);
  }

  /**
   * The session of an id that was given another one. In timed renewal, who comes with the id before gets the next one, for a
   * while: that it follows from the one presented tells that nothing but that renewal was in between.
   */
  async #openSuccessor(id: string, successor: Key, graceUntil: number): Promise<Session | 'rotated'> {
    const found = await this.#find(successor);
    const record = found && 'record' in found ? found.record : undefined;
    if (record && this.#settings.clock() < graceUntil) {
      const next = successorOf(id, record.seed);
      if (keyOf(this.#name, next) === successor) return this.#openRecord(next, successor, record);
    }
    this.#announcer.reused(record);
    return 'rotated';
  }

  #find(key: Key): Awaitable<Found> {
    return this.#gate.run(() => this.#settings.store.get(key, this.#settings.clock()));
  }

  /** Who may be served without a session may also be served without a record of it; the gate has said that the store fails. */
  async #touch(key: Key, now: number): Promise<boolean> {
    try {
      return await this.#gate.run(() => this.#settings.store.touch(key, now));
    } catch (error) {
      if (this.#settings.onStoreError === 'fail') throw error;
      return true;
    }
  }

  /** Rotated meanwhile by another request, a session goes on under the successor's key: one hop a rotation. */
  async #reload(key: Key): Promise<SessionRecord | undefined> {
    let found = await this.#find(key);
    while (found && 'successor' in found) found = await this.#find(found.successor);
    return found && 'record' in found ? found.record : undefined;
  }

  async #store(draft: DraftState, replaces: Key | undefined): Promise<StoredState> {
    const { store, defaults, limit, clock } = this.#settings;
    const record = draft.toRecord(this.#host.rules, defaults, clock());
    const options: AddOptions = {
      op: this.#host.nextOp(),
      ...(replaces !== undefined && { replaces }),
      ...(limit && record.principal !== undefined && { limit }),
    };
    let id = draft.firstId(defaults);
    for (let tries = 0; tries < MAX_ID_TRIES; tries++) {
      const key = keyOf(this.#name, id);
      const added = await this.#gate.run(() => store.add(key, record, options));
      if (added === 'full') throw new SessionError('STORE_FULL', 'The session store takes no more sessions.');
      if (added === 'limit') throw tooManySessions(limit?.max);
      if (added !== 'exists') {
        const state = await this.#adopt(id, key, record, draft);
        this.#announcer.added(state, typeof added === 'object' ? added.displaced : []);
        return state;
      }
      id = draft.nextId(defaults);
    }
    throw noFreeId();
  }

  /** What was set while the store was asked must be storable too; else nothing was added. */
  async #adopt(id: string, key: Key, record: SessionRecord, draft: DraftState): Promise<StoredState> {
    try {
      return new StoredState(this.#host, id, key, record, draft.attributes);
    } catch (error) {
      await this.#gate.run(() => this.#settings.store.remove(key));
      throw error;
    }
  }

  async #isLive(key: Key): Promise<boolean> {
    const found = await this.#find(key);
    return found !== undefined && 'record' in found;
  }

  #dropped(state: StoredState, reason: RemovalReason): void {
    state.markRemoved();
    this.#announcer.removed({ ...subjectOf(state), reason });
  }
}

/** The state of a session that may still be in the store. */
function storedStateOf(session: AnySession): StoredState | undefined {
  const state = stateOf(session);
  return state instanceof DraftState || state.isRemoved ? undefined : state;
}

function tooManySessions(max: number | undefined): SessionError {
  const message = `This principal has as many sessions as it may have (maxPerPrincipal: ${max}); none was added.`;
  return new SessionError('TOO_MANY_SESSIONS', message);
}

function isTimeout(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'STORE_TIMEOUT';
}

function noFreeId(): SessionError {
  return new SessionError('STORE_FAILED', 'The session store says that every new id is taken.');
}
