/** Two tiers that several processes share, on which tests stop, hold and fail what they like. */
import {
  type Added,
  type Changed,
  type Delta,
  type Key,
  MemoryStore,
  type Renamed,
  type SessionCopies,
  type SessionRecord,
  type SessionStore,
  type StoreCapabilities,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { TieredStore, type TieredStoreOptions } from 'nestjs-http-session/tiered';
import { randomUUID } from 'node:crypto';
import { Barrier } from '../../../support/barrier.js';
import { recordOf } from '../../fixtures/record.js';
import { turns } from '../../fixtures/turns.js';

type CopyMethod = keyof SessionCopies;

/** What comes between a call of the cache and its place. */
type CopyInterceptor = (proceed: () => Promise<unknown>) => Promise<unknown>;

/** A store in memory that passes for one that all processes share. */
export class SharedStore extends ObservedStore {
  override get capabilities(): StoreCapabilities {
    return { ...super.capabilities, shared: true };
  }
}

/** A cache that all processes share. One made over another one is the way of a second process to the same cache. */
export class SharedCache extends SharedStore {
  readonly copyCalls: CopyMethod[] = [];
  readonly #interceptors: { method: CopyMethod; intercept: CopyInterceptor; left: number }[] = [];
  readonly #place: { store: MemoryStore };

  constructor(other?: SharedCache) {
    super(new MemoryStore());
    this.#place = other ? other.#place : { store: new MemoryStore() };
  }

  override get copies(): SessionCopies {
    return {
      take: (key, ticket, now) => this.#call('take', async () => this.#place.store.copies.take(key, ticket, now)),
      fill: (key, ticket, copy, now) =>
        this.#call('fill', async () => this.#place.store.copies.fill(key, ticket, copy, now)),
      drop: (key) => this.#call('drop', async () => this.#place.store.copies.drop(key)),
    };
  }

  /** Loses everything. */
  flush(): void {
    this.#place.store = new MemoryStore();
  }

  countOf(method: CopyMethod): number {
    return this.copyCalls.filter((call) => call === method).length;
  }

  /** @returns ends it */
  interceptCopies(method: CopyMethod, intercept: CopyInterceptor, calls = Infinity): () => void {
    const interceptor = { method, intercept, left: calls };
    this.#interceptors.push(interceptor);
    return () => void (interceptor.left = 0);
  }

  /** The next call of `method` waits at the cache's door. */
  holdCopies(method: CopyMethod): Barrier {
    const barrier = new Barrier();
    this.interceptCopies(
      method,
      async (proceed) => {
        await barrier.pass();
        return proceed();
      },
      1,
    );
    return barrier;
  }

  /** Refuses all calls, or those of one method. @returns ends it */
  failCopies(methods: readonly CopyMethod[] = ['take', 'fill', 'drop'], calls = Infinity): () => void {
    const refuse = () => Promise.reject(Object.assign(new Error('DEL secret'), { code: 'ECONNREFUSED' }));
    const ends = methods.map((method) => this.interceptCopies(method, refuse, calls));
    return () => ends.forEach((end) => end());
  }

  /** Answers no call. @returns ends it */
  freezeCopies(): () => void {
    const ends = (['take', 'fill', 'drop'] as const).map((method) =>
      this.interceptCopies(method, () => new Promise(() => undefined)),
    );
    return () => ends.forEach((end) => end());
  }

  #call<T>(method: CopyMethod, call: () => Promise<T>): Promise<T> {
    this.copyCalls.push(method);
    const interceptor = this.#interceptors.find((one) => one.method === method && one.left > 0);
    if (!interceptor) return call();
    interceptor.left--;
    return interceptor.intercept(call) as Promise<T>;
  }
}

/** A cache that only the process has that uses it. */
export class OwnCache extends SharedCache {
  override get capabilities(): StoreCapabilities {
    return { ...super.capabilities, shared: false };
  }
}

export const NOW = 1_700_000_000_000;

/** Two processes with a way each to the same two tiers. */
export class TwoProcesses {
  readonly durable = new MemoryStore();
  readonly here: Process;
  readonly there: Process;

  constructor(options: Partial<TieredStoreOptions> = {}) {
    const cache = new SharedCache();
    this.here = new Process(this.durable, cache, options);
    this.there = new Process(this.durable, new SharedCache(cache), options);
  }
}

export class Process {
  readonly cache: SharedCache;
  readonly durable: SharedStore;
  readonly store: TieredStore;
  readonly log: string[] = [];
  #ops = 0;

  constructor(durable: SessionStore, cache: SharedCache, options: Partial<TieredStoreOptions> = {}) {
    this.cache = cache;
    this.durable = new SharedStore(durable);
    this.store = new TieredStore({ cache, durable: this.durable, ...options });
    const note = (message: unknown): void => void this.log.push(String(message));
    this.store.start({ debug: note, warn: note, error: note });
  }

  async add(key: Key, change: Partial<SessionRecord> = {}): Promise<void> {
    await this.store.add(key, newRecord(key, change), { op: this.newOp() });
  }

  /** Adds a session in the place of the oldest ones, if there are as many as there may be. */
  async addWithin(max: number, key: Key, change: Partial<SessionRecord> = {}): Promise<Added> {
    const limit = { max, onMax: 'remove-oldest' } as const;
    return this.store.add(key, newRecord(key, change), { op: this.newOp(), limit });
  }

  async get(key: Key, now = NOW): Promise<SessionRecord | undefined> {
    const found = await this.store.get(key, now);
    return found && 'record' in found ? found.record : undefined;
  }

  /** An attribute as it is read here. */
  async attr(key: Key, name: string): Promise<string | undefined> {
    return (await this.get(key))?.attrs.get(name);
  }

  set(key: Key, name: string, text: string, more: Partial<Delta> = {}): Promise<Changed> {
    const delta = { set: new Map([[name, text]]), unset: [], op: this.newOp(), ...more };
    return Promise.resolve(this.store.change(key, delta, NOW));
  }

  async rename(from: Key, to: Key): Promise<Renamed> {
    const options = { op: this.newOp(), now: NOW, forwardUntil: NOW + 60_000, graceUntil: 0 };
    return this.store.rename(from, to, options);
  }

  /** Reads a session until there is a copy of it, and serves it from there. */
  async copied(key: Key): Promise<void> {
    await this.get(key);
    await turns(2);
    this.durable.forget();
    await this.get(key);
    if (this.durable.calls.some((call) => call.key === key)) throw new Error('there is no copy');
  }

  newOp(): string {
    return `op-${randomUUID().slice(0, 8)}-${++this.#ops}`;
  }
}

function newRecord(key: Key, change: Partial<SessionRecord>): SessionRecord {
  return recordOf({ created: NOW, accessed: NOW, handle: `handle of ${key}`, timeout: 3_600_000, ...change });
}
