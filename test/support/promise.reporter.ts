/** Prints which store keeps which promise, when the conformance kit has run: stores down, promises across. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { basename } from 'node:path';

/** What the kit calls its second half, with the promises by their numbers below. */
const KIT = 'the promises, over the store';

interface Tally {
  passed: number;
  all: number;
}

/** Vitest takes a reporter from a module's default export. */
// oxlint-disable-next-line import/no-default-export
export default class PromiseReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const stores = new Map<string, Map<string, Tally>>();
    for (const module of modules) {
      for (const test of module.children.allTests()) count(stores, module, test);
    }
    if (stores.size === 0) return;
    const promises = [...new Set([...stores.values()].flatMap((kept) => [...kept.keys()]))];
    promises.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    const width = Math.max(...[...stores.keys()].map((store) => store.length));
    console.log(`\nThe conformance kit, promise by store (tests that passed):\n`);
    for (const promise of promises) console.log(`  ${promise}`);
    console.log(
      `\n  ${''.padEnd(width)} ${promises.map((promise) => cell(`${Number.parseInt(promise, 10)}.`)).join('')}`,
    );
    for (const [store, kept] of [...stores].toSorted(([a], [b]) => a.localeCompare(b))) {
      console.log(`  ${store.padEnd(width)} ${promises.map((promise) => cell(tallied(kept.get(promise)))).join('')}`);
    }
  }
}

function count(stores: Map<string, Map<string, Tally>>, module: TestModule, test: TestCase): void {
  const path = pathOf(test);
  const kit = path.indexOf(KIT);
  const promise = path[kit + 1];
  if (kit === -1 || promise === undefined) return;
  const store = path.slice(0, kit).join(' ') || basename(module.moduleId);
  const kept = stores.get(store) ?? new Map<string, Tally>();
  const tally = kept.get(promise) ?? { passed: 0, all: 0 };
  tally.all++;
  if (test.result().state === 'passed') tally.passed++;
  stores.set(store, kept.set(promise, tally));
}

/** The names of the suites around a test, from the outside. */
function pathOf(test: TestCase): string[] {
  const names: string[] = [];
  for (let suite = test.parent; suite.type === 'suite'; suite = suite.parent) names.unshift(suite.name);
  return names;
}

function tallied(tally: Tally | undefined): string {
  if (!tally) return '-';
  return tally.passed === tally.all ? `${tally.all}` : `${tally.passed} of ${tally.all}!`;
}

function cell(text: string): string {
  return text.padStart(10);
}
