import { MemoryStore, type SessionStore } from 'nestjs-http-session';
import { testSessionStore } from 'nestjs-http-session/testing';
import { TieredStore, type TieredStoreOptions } from 'nestjs-http-session/tiered';
import { setImmediate } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { OwnCache, SharedCache, SharedStore } from '../unit/store/tiered/tiered.fixture.js';
import { testSessionsOverHttp } from './http.suite.js';

const runner = { describe, it };
const METHODS = ['get', 'touch', 'add', 'change', 'rename', 'remove'] as const;

type Preparation = (cache: SharedCache, durable: SharedStore) => unknown;

/** Stores that are processes of one application: the tiers of each are those of the first. */
class Processes {
  readonly #tiers = new WeakMap<SessionStore, TieredStoreOptions>();
  readonly #options: Partial<TieredStoreOptions>;
  readonly #prepare: Preparation;

  constructor(options: Partial<TieredStoreOptions> = {}, prepare: Preparation = () => undefined) {
    this.#options = options;
    this.#prepare = prepare;
  }

  readonly first = (): TieredStore => {
    const cache = this.#options.singleProcess ? new OwnCache() : new SharedCache();
    const durable = new SharedStore(new MemoryStore());
    this.#prepare(cache, durable);
    const tiers = { cache, durable, ...this.#options };
    const store = new TieredStore(tiers);
    this.#tiers.set(store, tiers);
    return store;
  };

  readonly second = (first: SessionStore): SessionStore => {
    const tiers = this.#tiers.get(first);
    return tiers ? new TieredStore(tiers) : first;
  };
}

/** Every call takes some turns of the event loop, before it is made and after: what can come in between does. */
function slowDown(cache: SharedCache, durable: SharedStore): void {
  const slowly = async <T>(proceed: () => T): Promise<Awaited<T>> => {
    await setImmediate();
    const answer = await proceed();
    await setImmediate();
    return answer;
  };
  for (const method of METHODS) durable.intercept(method, slowly, Infinity);
  for (const method of ['take', 'fill', 'drop'] as const) cache.interceptCopies(method, slowly);
}

const one = { singleProcess: true } as const;
const behind = { write: 'async', singleProcess: true } as const;

describe('TieredStore', () => {
  const { first, second } = new Processes();
  const capabilities = { shared: true, atomic: true, acknowledged: 'backend' } as const;
  testSessionStore(runner, first, { createSecondStore: second, ...capabilities });
});

describe('TieredStore over slow tiers', () => {
  const { first, second } = new Processes({}, slowDown);
  testSessionStore(runner, first, { createSecondStore: second });
});

describe('TieredStore whose cache is down', () => {
  testSessionStore(runner, new Processes(one, (cache) => cache.failCopies()).first);
});

describe('TieredStore whose cache loses everything all the time', () => {
  const forget: Preparation = (cache) =>
    cache.interceptCopies('take', (proceed) => {
      cache.flush();
      return proceed();
    });
  const { first, second } = new Processes({}, forget);
  testSessionStore(runner, first, { createSecondStore: second });
});

describe('TieredStore that writes later', () => {
  testSessionStore(runner, new Processes(behind).first, { shared: false, atomic: true, acknowledged: 'behind' });
});

describe('TieredStore that writes later, over slow tiers', () => {
  testSessionStore(runner, new Processes(behind, slowDown).first);
});

testSessionsOverHttp('TieredStore', new Processes().first);
testSessionsOverHttp('TieredStore over slow tiers', new Processes({}, slowDown).first);
testSessionsOverHttp('TieredStore that writes later', new Processes(behind).first);
testSessionsOverHttp('TieredStore that writes later, over slow tiers', new Processes(behind, slowDown).first);
