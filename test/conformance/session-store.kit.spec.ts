/** The kit proves something only if it fails for a store that breaks a promise: each of these breaks one. */
import { MemoryStore, type SessionStore } from 'nestjs-http-session';
import { ObservedStore, testSessionStore } from 'nestjs-http-session/testing';
import * as nodeTest from 'node:test';
import { describe, expect, it } from 'vitest';
import { AsyncStore, BROKEN_STORES, ServesExpired } from './broken.stores.js';

interface CollectedTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** The kit's tests for a store, by their full names, none of them run. */
function testsOf(createStore: () => SessionStore): CollectedTest[] {
  const tests: CollectedTest[] = [];
  const path: string[] = [];
  const runner = {
    describe: (name: string, body: () => void) => {
      path.push(name);
      body();
      path.pop();
    },
    it: (name: string, run: () => Promise<void>) => void tests.push({ name: [...path, name].join(' > '), run }),
  };
  testSessionStore(runner, createStore);
  return tests;
}

async function failuresOf(createStore: () => SessionStore): Promise<string[]> {
  const failures: string[] = [];
  for (const { name, run } of testsOf(createStore)) await run().catch(() => void failures.push(name));
  return failures;
}

describe('the conformance kit', () => {
  it('finds nothing wrong with a store whose answers take their time', async () => {
    expect(await failuresOf(() => new AsyncStore())).toEqual([]);
  });

  it.each(BROKEN_STORES)('finds a store that %s', async (_what, Store, fails) => {
    const tests = testsOf(() => new Store());
    for (const name of fails) {
      const [test, ...others] = tests.filter((one) => one.name.endsWith(` > ${name}`));
      expect([test?.name, others]).toEqual([expect.stringContaining(name), []]);
      await expect(test?.run(), name).rejects.toThrow();
    }
  });

  it('finds a store that declares something else than it is expected to', async () => {
    const tests: CollectedTest[] = [];
    const runner = {
      describe: (_name: string, body: () => void) => body(),
      it: (name: string, run: () => Promise<void>) => void tests.push({ name, run }),
    };
    testSessionStore(runner, () => new MemoryStore(), {
      shared: true,
      atomic: true,
      acknowledged: 'backend',
    });
    await expect(tests[0]?.run()).rejects.toThrow();
  });

  it('closes every store it was given, also when a test fails', async () => {
    const stores: ObservedStore[] = [];
    const createStore = (): SessionStore => {
      const store = new ObservedStore(new ServesExpired());
      stores.push(store);
      return store;
    };
    await failuresOf(createStore);
    expect(stores.length).toBeGreaterThan(100);
    expect(stores.filter((store) => store.count('close') === 0)).toEqual([]);
  });

  it('runs races over two stores of one backend when it is given a second one', async () => {
    const tests: CollectedTest[] = [];
    const seconds: ObservedStore[] = [];
    const runner = {
      describe: (_name: string, body: () => void) => body(),
      it: (name: string, run: () => Promise<void>) => void tests.push({ name, run }),
    };
    testSessionStore(runner, () => new MemoryStore(), {
      createSecondStore: (first) => {
        const second = new ObservedStore(first);
        seconds.push(second);
        return second;
      },
    });
    for (const { run } of tests) await run();
    expect(seconds.filter((second) => second.count('change') > 0).length).toBeGreaterThan(10);
    expect(seconds.filter((second) => second.count('close') === 0)).toEqual([]);
  });

  it('leaves out what does not apply to a backend that collects what has expired by itself', () => {
    const count = (collectedByBackend: boolean): number => {
      let tests = 0;
      const runner = { describe: (_name: string, body: () => void) => body(), it: () => ++tests };
      testSessionStore(runner, () => new MemoryStore(), { collectedByBackend });
      return tests;
    };
    expect(count(true)).toBe(count(false) - 3);
  });

  it('takes the functions of node:test, jest and mocha too', () => {
    const fits: Parameters<typeof testSessionStore>[0][] = [nodeTest];
    // The shapes that the types of jest and mocha declare.
    const jest: {
      describe: (name: number | string | (() => void), body: () => void) => void;
      it: (name: string, test?: ((done: () => void) => void | undefined) | (() => PromiseLike<unknown>)) => void;
    } = { describe: () => undefined, it: () => undefined };
    const mocha: {
      describe: (title: string, body: (this: object) => void) => { readonly title: string };
      it: (title: string, test?: (this: object) => PromiseLike<unknown>) => { readonly title: string };
    } = { describe: (title) => ({ title }), it: (title) => ({ title }) };
    fits.push(jest, mocha);
    expect(fits).toHaveLength(3);
  });
});
