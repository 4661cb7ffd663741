/** The conformance kit: proves that a store keeps the contract, and that sessions over it keep the library's promises. */
import { deepStrictEqual } from 'node:assert/strict';
import type { Awaitable } from '../session/awaitable.js';
import type { SessionStore, StoreCapabilities } from '../store/session.store.js';
import { describeAdd } from './contract/add.suite.js';
import { describeChange } from './contract/change.suite.js';
import { describeCopies } from './contract/copies.suite.js';
import { describeGet } from './contract/get.suite.js';
import { describeIsolation } from './contract/isolation.suite.js';
import { describePrincipals } from './contract/principals.suite.js';
import { describePurge } from './contract/purge.suite.js';
import { describeRemove } from './contract/remove.suite.js';
import { describeRename } from './contract/rename.suite.js';
import { describeTouch } from './contract/touch.suite.js';
import { describeCommits } from './promises/commit.promises.js';
import { describeEconomy } from './promises/economy.promises.js';
import { describeLifetime } from './promises/lifetime.promises.js';
import { describeOverlap } from './promises/overlap.promises.js';
import { describeUsers } from './promises/principal.promises.js';
import { describeRemoval } from './promises/removal.promises.js';
import { describeValues } from './promises/value.promises.js';
import { ServerTrial } from './server.trial.js';
import { type StoreSource, StoreTrial, type Suite } from './store.trial.js';

/** What the kit needs of a test runner: those of vitest, jest, mocha and `node:test` fit. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, test: () => Promise<void>) => unknown;
}

/** What a store is expected to be: the capabilities it has to declare (left out: whatever it does), and how to try it. */
export interface ExpectedStore extends Partial<StoreCapabilities> {
  /**
   * Another store on the backend of `first`, as another process has one: then races run over both. Leave it out if the store
   * promises nothing beyond one process. Default: the first one.
   */
  readonly createSecondStore?: (first: SessionStore) => Awaitable<SessionStore>;
  /** The backend removes by itself what has expired, so that a purge may find nothing to do. @defaultValue false */
  readonly collectedByBackend?: boolean;
  /** The store has `copies`, so that it can be the cache of a `TieredStore`. @defaultValue false */
  readonly keepsCopies?: boolean;
}

/**
 * Registers the tests: the contract of {@link SessionStore}, sentence by sentence, then the promises of the library, kept by
 * managers over the store. Nothing sleeps, and nothing is sent over a network but by the store itself.
 *
 * ```ts
 * import { describe, it } from 'node:test';
 * import { testSessionStore } from 'nestjs-http-session/testing';
 *
 * testSessionStore({ describe, it }, () => new MyStore());
 * ```
 *
 * @param createStore - a store with nothing in it, for each test; the kit closes it
 * @param expected - what the store is expected to be, and which tests don't apply
 */
export function testSessionStore(
  runner: TestRunner,
  createStore: () => Awaitable<SessionStore>,
  expected: ExpectedStore = {},
): void {
  const {
    createSecondStore = (first) => first,
    collectedByBackend = false,
    keepsCopies = false,
    ...capabilities
  } = expected;
  const source: StoreSource = { createStore, createSecondStore };
  const stores = suiteOf(runner, (test: (trial: StoreTrial) => Promise<void>) => StoreTrial.run(source, test));
  const servers = suiteOf(runner, (test: (trial: ServerTrial) => Promise<void>) => ServerTrial.run(source, test));

  stores.describe('the contract of a session store', () => {
    stores.describe('capabilities', () => {
      stores.it('say what the store promises beyond one process', async ({ store }) => {
        const { shared, atomic, acknowledged } = store.capabilities;
        deepStrictEqual([typeof shared, typeof atomic], ['boolean', 'boolean']);
        deepStrictEqual(['backend', 'behind'].includes(acknowledged), true);
        deepStrictEqual({ shared, atomic, acknowledged, ...capabilities }, { shared, atomic, acknowledged });
      });
    });
    describeGet(stores);
    describeIsolation(stores);
    describeAdd(stores);
    describeTouch(stores);
    describeChange(stores);
    describeRename(stores);
    describeRemove(stores);
    describePrincipals(stores);
    describePurge(stores, collectedByBackend);
    if (keepsCopies) describeCopies(stores);
  });

  servers.describe('the promises, over the store', () => {
    describeLifetime(servers);
    describeRemoval(servers);
    describeOverlap(servers);
    describeEconomy(servers);
    describeCommits(servers);
    describeValues(servers);
    describeUsers(servers);
  });
}

function suiteOf<Trial>(
  runner: TestRunner,
  run: (test: (trial: Trial) => Promise<void>) => Promise<void>,
): Suite<Trial> {
  return {
    describe: (name, body) => void runner.describe(name, body),
    it: (name, test) => void runner.it(name, () => run(test)),
  };
}
