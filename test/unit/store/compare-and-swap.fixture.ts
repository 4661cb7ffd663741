/** A compare-and-swap store over a Map, and a scheduler that plays "processes" on one Map step by step. */
import { type Awaitable, CompareAndSwapStore, type Key } from 'nestjs-http-session/core';
import { setImmediate } from 'node:timers/promises';

/** What stands between a store and its backend: a step is taken when it says so. */
export type Step = <T>(take: () => T) => Awaitable<T>;

/** Several of them on one Map are several processes on one backend. */
export class MapStore extends CompareAndSwapStore {
  readonly capabilities = { shared: true, atomic: true, acknowledged: 'backend' } as const;
  readonly texts: Map<Key, string>;
  readonly #step: Step;

  constructor(texts = new Map<Key, string>(), step: Step = (take) => take()) {
    super();
    this.texts = texts;
    this.#step = step;
  }

  protected read(key: Key): Awaitable<string | undefined> {
    return this.#step(() => this.texts.get(key));
  }

  protected swap(
    key: Key,
    expected: string | undefined,
    next: string | undefined,
    _keepFor: number,
  ): Awaitable<boolean> {
    return this.#step(() => {
      if (this.texts.get(key) !== expected) return false;
      if (next === undefined) this.texts.delete(key);
      else this.texts.set(key, next);
      return true;
    });
  }

  protected override keys(): Iterable<Key> {
    return this.texts.keys();
  }
}

/** As a backend behind a network: others come in between, before and after. */
export async function remotely<T>(take: () => T): Promise<T> {
  await setImmediate();
  const answer = take();
  await setImmediate();
  return answer;
}

/** A process in a play: what it does, on a store of its own. */
export type Role = (store: MapStore) => Promise<unknown>;

export interface Ending {
  /** What each role came to. */
  readonly answers: readonly unknown[];
  /** The order in which the roles took their steps. */
  readonly order: string;
}

/**
 * Plays the roles once for every order in which their steps may come, up to `switches` changes from one that could have gone on to
 * another, and gives what it came to to `check`.
 */
export async function playAll(
  setUp: () => Promise<Map<Key, string>>,
  roles: readonly Role[],
  switches: number,
  check: (texts: Map<Key, string>, ending: Ending) => Promise<void>,
): Promise<number> {
  let plays = 0;
  /** At each point, which of the possible roles goes on; beyond the end, the first one. */
  let script: number[] | undefined = [];
  while (script) {
    const texts = await setUp();
    const played: Played = await play(texts, roles, script, switches);
    plays++;
    await check(texts, played);
    script = nextScript(played.choices);
  }
  return plays;
}

interface Choice {
  readonly taken: number;
  readonly of: number;
}

interface Played extends Ending {
  readonly choices: readonly Choice[];
}

/** A step that waits to be taken. A role may have several, that it doesn't make one after the other. */
interface Parked {
  readonly role: number;
  go(): void;
}

async function play(
  texts: Map<Key, string>,
  roles: readonly Role[],
  script: readonly number[],
  switches: number,
): Promise<Played> {
  const answers: unknown[] = roles.map(() => undefined);
  let parked: Parked[] = [];
  let running = roles.length;
  roles.forEach((role, index) => {
    const store = new MapStore(
      texts,
      <T>(take: () => T) => new Promise<T>((resolve) => parked.push({ role: index, go: () => resolve(take()) })),
    );
    const finish = (answer: unknown): void => {
      answers[index] = answer;
      running--;
    };
    role(store).then(finish, finish);
  });
  const choices: Choice[] = [];
  const order: number[] = [];
  let switchesLeft = switches;
  // Then each role has come to its next steps, or to its end.
  await setImmediate();
  while (running > 0) {
    const last = order.at(-1);
    const own = parked.filter(({ role }) => role === last);
    const others = parked.filter(({ role }) => role !== last).sort((a, b) => a.role - b.role);
    // Whoever went last comes first, then the others in their order.
    const ready = own.length > 0 && switchesLeft === 0 ? own : [...own, ...others];
    const taken = script[choices.length] ?? 0;
    const chosen = ready[taken];
    if (!chosen) throw new Error('A role waits for something else than the store.');
    choices.push({ taken, of: ready.length });
    if (own.length > 0 && chosen.role !== last) switchesLeft--;
    parked = parked.filter((step) => step !== chosen);
    order.push(chosen.role);
    chosen.go();
    await setImmediate();
  }
  return { answers, order: order.join(''), choices };
}

/** Depth first: the last choice that could have been another one becomes the next one. */
function nextScript(choices: readonly Choice[]): number[] | undefined {
  for (let at = choices.length - 1; at >= 0; at--) {
    const choice = choices[at];
    if (choice && choice.taken + 1 < choice.of) {
      return [...choices.slice(0, at).map(({ taken }) => taken), choice.taken + 1];
    }
  }
  return undefined;
}
