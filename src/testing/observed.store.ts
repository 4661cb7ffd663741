/** A store around another one: counts its calls, stops them at barriers, answers in its place. For tests of races and faults. */
import type { Changed, Delta, Key, SessionRecord } from '../session/session.record.js';
import type { Awaitable } from '../session/awaitable.js';
import type { SessionLogger } from '../session/session.logger.js';
import type { SessionChannel } from '../store/session.channel.js';
import type { SessionCopies } from '../store/session.copies.js';
import {
  type Added,
  type AddOptions,
  type Found,
  type ListedSession,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  SessionStore,
  type StoreCapabilities,
} from '../store/session.store.js';

/** A call of a store, in the order in which they were made. */
export interface StoreCall {
  readonly method: StoreMethod;
  /** Of `rename` the old one; of `list` and `removeAll` the tag; of `purge` and `close` none. */
  readonly key: Key | undefined;
}

/** What the methods of a store answer. */
export interface StoreAnswers {
  get: Found;
  touch: boolean;
  add: Added;
  change: Changed;
  rename: Renamed;
  remove: boolean;
  list: readonly ListedSession[];
  removeAll: number | 'gone';
  purge: Purged;
  close: void;
}

/** The methods of a store. */
export type StoreMethod = keyof StoreAnswers;

/** Stands between a caller and the store. `proceed` makes the call, and may be called any number of times. */
export type StoreInterceptor<M extends StoreMethod> = (
  proceed: () => Awaitable<StoreAnswers[M]>,
  args: Parameters<SessionStore[M]>,
) => Awaitable<StoreAnswers[M]>;

/** Where calls wait for each other. */
export interface StoreBarrier {
  /** Resolves when as many calls wait as were to be held. */
  readonly reached: Promise<void>;
  /** Lets them go on, and all that come later. */
  release(): void;
}

interface Interception<M extends StoreMethod> {
  readonly intercept: StoreInterceptor<M>;
  left: number;
}

type Interceptions = { [M in StoreMethod]: Interception<M>[] };

const READS: ReadonlySet<StoreMethod> = new Set(['get', 'list']);
const WRITES: ReadonlySet<StoreMethod> = new Set(['touch', 'add', 'change', 'rename', 'remove', 'removeAll']);

/**
 * Gives every call on to `inner`, at once, and its answer back as it is.
 *
 * ```ts
 * const store = new ObservedStore(new MemoryStore());
 * const held = store.hold('change');   // the next change waits at the store's door
 * const saved = session.save();
 * await held.reached;
 * await manager.remove(other, response);   // comes in between
 * held.release();
 * await assert.rejects(saved, { code: 'SESSION_GONE' });
 * ```
 */
export class ObservedStore extends SessionStore {
  readonly #inner: SessionStore;
  readonly #interceptions: Interceptions = {
    get: [],
    touch: [],
    add: [],
    change: [],
    rename: [],
    remove: [],
    list: [],
    removeAll: [],
    purge: [],
    close: [],
  };
  #calls: StoreCall[] = [];

  constructor(inner: SessionStore) {
    super();
    this.#inner = inner;
  }

  get capabilities(): StoreCapabilities {
    return this.#inner.capabilities;
  }

  override get copies(): SessionCopies | undefined {
    return this.#inner.copies;
  }

  override get channel(): SessionChannel | undefined {
    return this.#inner.channel;
  }

  override start(logger: SessionLogger): void {
    this.#inner.start(logger);
  }

  /** The calls so far, since the last {@link forget}. */
  get calls(): readonly StoreCall[] {
    return this.#calls;
  }

  /** How many calls there were: of one method, or of all. */
  count(method?: StoreMethod): number {
    return this.#calls.filter((call) => method === undefined || call.method === method).length;
  }

  /** Calls that looked something up. */
  get reads(): number {
    return this.#calls.filter((call) => READS.has(call.method)).length;
  }

  /** Calls that wrote, or would have. */
  get writes(): number {
    return this.#calls.filter((call) => WRITES.has(call.method)).length;
  }

  /** Starts counting anew. */
  forget(): void {
    this.#calls = [];
  }

  /**
   * Holds the next calls of a method.
   *
   * @param when - `'before'` they reach the store, or `'after'` it answered and before the caller hears of it
   * @param calls - how many, all of which wait until the barrier is released
   */
  hold<M extends StoreMethod>(method: M, when: 'before' | 'after' = 'before', calls = 1): StoreBarrier {
    const reached = new Signal();
    const released = new Signal();
    let waiting = 0;
    const wait = (): Promise<void> => {
      if (++waiting === calls) reached.give();
      return released.given;
    };
    const cancel = this.intercept(
      method,
      (proceed) =>
        when === 'before' ? wait().then(proceed) : started(proceed).then((answer) => wait().then(() => answer)),
      calls,
    );
    return {
      reached: reached.given,
      release: () => {
        cancel();
        released.give();
      },
    };
  }

  /**
   * Gives the next calls of a method to `intercept` instead of the store: to answer in its place, to fail before or after the call
   * was made, or to do something in between. Of several interceptors the first one that is left gets a call.
   *
   * @param calls - how many calls
   * @returns ends it, however many are left
   */
  intercept<M extends StoreMethod>(method: M, intercept: StoreInterceptor<M>, calls = 1): () => void {
    const interceptions = this.#interceptions[method];
    const interception = { intercept, left: calls };
    interceptions.push(interception);
    return () => void (interception.left = 0);
  }

  get(key: Key, now: number): Awaitable<Found> {
    return this.#call('get', key, () => this.#inner.get(key, now), key, now);
  }

  touch(key: Key, now: number): Awaitable<boolean> {
    return this.#call('touch', key, () => this.#inner.touch(key, now), key, now);
  }

  add(key: Key, record: SessionRecord, options: AddOptions): Awaitable<Added> {
    return this.#call('add', key, () => this.#inner.add(key, record, options), key, record, options);
  }

  change(key: Key, delta: Delta, now: number): Awaitable<Changed> {
    return this.#call('change', key, () => this.#inner.change(key, delta, now), key, delta, now);
  }

  rename(from: Key, to: Key, options: RenameOptions): Awaitable<Renamed> {
    return this.#call('rename', from, () => this.#inner.rename(from, to, options), from, to, options);
  }

  remove(key: Key): Awaitable<boolean> {
    return this.#call('remove', key, () => this.#inner.remove(key), key);
  }

  list(tag: string, now: number): Awaitable<readonly ListedSession[]> {
    return this.#call('list', tag, () => this.#inner.list(tag, now), tag, now);
  }

  removeAll(tag: string, now: number, except?: Key): Awaitable<number | 'gone'> {
    return this.#call('removeAll', tag, () => this.#inner.removeAll(tag, now, except), tag, now, except);
  }

  purge(options: PurgeOptions): Awaitable<Purged> {
    return this.#call('purge', undefined, () => this.#inner.purge(options), options);
  }

  close(): Awaitable<void> {
    return this.#call('close', undefined, () => this.#inner.close());
  }

  #call<M extends StoreMethod>(
    method: M,
    key: Key | undefined,
    proceed: () => Awaitable<StoreAnswers[M]>,
    ...args: Parameters<SessionStore[M]>
  ): Awaitable<StoreAnswers[M]> {
    this.#calls.push({ method, key });
    const interception = this.#interceptions[method].find(({ left }) => left > 0);
    if (!interception) return proceed();
    interception.left--;
    return interception.intercept(proceed, args);
  }
}

/** What a call answers, made at once. */
async function started<T>(call: () => Awaitable<T>): Promise<T> {
  return call();
}

class Signal {
  give: () => void = () => undefined;
  readonly given = new Promise<void>((resolve) => (this.give = resolve));
}
