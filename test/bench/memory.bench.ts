/**
 * The memory store, beside a bare `Map` of the same sessions: from key to `{ values, expires }`, with the values as a handler sees
 * them. A Map alone knows no deadlines, no races and no copies: it is the floor, not a rival.
 *
 * - bytes a session: the heap with all of them less the heap without. The user's own texts, which are the key and those of one
 *   constant and one variable attribute, are counted apart, as both hold them.
 * - get: of every key once, in an order that no cache likes, by the very strings that the sessions were added under; one field of
 *   what is found is read. Each loop calls one thing only, so that V8 can make of both what it can.
 * - add, change: of the store, with its delta; of the Map, `set` and an assignment to a value.
 * - pause: how long the event loop is held up at most while a tenth of the sessions expires. Of the store, by a purge in slices;
 *   of the Map, by a sweep that looks at everything in one go, as naive stores do it.
 *
 * All but the store's pause is processor time of this process, garbage collection included. Contenders take turns, medians are compared.
 */
import { MemoryStore, type SessionRecord } from 'nestjs-http-session/core';
import { setImmediate } from 'node:timers/promises';
import { cpuTimeOf, type Figures, figuresOf, medianOf, ratesOf } from './measure.js';
import { newKey, newRecord, TIMEOUT, TOUCH_INTERVAL } from './sessions.js';

export interface MemoryResult {
  readonly sessions: number;
  /** Beside the user's texts. */
  readonly bytesASession: Figures;
  readonly bytesOfTexts: Figures;
  readonly addMicroseconds: Figures;
  readonly getMicroseconds: Figures;
  readonly changeMicroseconds: Figures;
  readonly longestPauseMs: Figures;
}

interface BareSession {
  readonly values: { readonly userName: string; count: number };
  readonly expires: number;
}

const SIZES = [10_000, 100_000, 1_000_000];
const ROUNDS = 11;
/** Fewer than that many calls are too few to be timed: small stores are gone through several times. */
const LEAST_CALLS = 100_000;
const BATCH = 1_000;

/** Measures at `largest`, and at the usual sizes below it. */
export async function benchMemory(largest: number): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  for (const sessions of [...SIZES.filter((size) => size < largest), largest]) {
    const result = await benchSize(sessions);
    print(result);
    results.push(result);
  }
  return results;
}

async function benchSize(sessions: number): Promise<MemoryResult> {
  const now = Date.now();
  // Accessed throughout one idle timeout, as visitors come: the first ones expire first.
  const ageOf = (number: number) => Math.floor((1 - number / sessions) * TIMEOUT);
  const aTenthLater = now + TOUCH_INTERVAL + TIMEOUT / 10;

  const empty = heapUsed();
  // Each of these arrays holds 8 bytes of a session itself.
  const keys = Array.from({ length: sessions }, newFlatKey);
  const keyBytes = heapUsed() - empty;
  const users = keys.map((_, number) => `user ${number}`);
  const bareTexts = heapUsed() - empty;
  const consts = users.map((user) => JSON.stringify({ userName: JSON.stringify(user) }));
  const counts = keys.map((_, number) => JSON.stringify(number));
  const storeTexts = heapUsed() - empty - bareTexts + keyBytes;
  const bytesOfTexts = figuresOf(storeTexts / sessions - 3 * 8, bareTexts / sessions - 2 * 8);

  const bare = new Map<string, BareSession>();
  const unfilled = heapUsed();
  const set = timedInBatches(
    keys,
    (number) => ({
      values: { userName: users[number] ?? '', count: number },
      expires: now + TIMEOUT + TOUCH_INTERVAL - ageOf(number),
    }),
    (key, session) => bare.set(key, session),
  );
  const filled = heapUsed();

  const recordOf = (number: number): SessionRecord => ({
    ...newRecord(now, ageOf(number)),
    consts: consts[number] ?? '',
    attrs: new Map([['count', counts[number] ?? '']]),
  });
  const store = new MemoryStore({ purgeInterval: '1h' });
  const add = timedInBatches(
    keys,
    (number) => ({ record: recordOf(number), op: opOf('a', number) }),
    (key, { record, op }) => store.add(key, record, { op }),
  );
  const storeBytes = heapUsed() - filled;

  const shuffled = shuffle(keys);
  let seen: unknown;
  const get = alternately(
    () => {
      for (const key of shuffled) {
        const found = store.get(key, now);
        if (found && 'record' in found) seen = found.record.attrs;
      }
    },
    () => {
      for (const key of shuffled) {
        const found = bare.get(key);
        if (found) seen = found.values;
      }
    },
    sessions,
  );
  if (seen === undefined) throw new Error('Nothing was found.');

  const pause = figuresOf(
    await longestTurnOf(() => store.purge({ now: aTenthLater, batchSize: BATCH, deadline: 60_000 })),
    cpuTimeOf(() => {
      for (const [key, { expires }] of bare) if (expires <= aTenthLater) bare.delete(key);
    }) / 1_000,
  );
  // A session that lies at a second's end goes with the next second.
  if (Math.abs(store.size - bare.size) > sessions / 100) throw new Error(`${store.size} are left, of ${bare.size}.`);

  const living = shuffled.filter((key) => store.get(key, aTenthLater) && bare.has(key));
  let writes = 0;
  const change = alternately(
    () => {
      for (const key of living) {
        const count = ++writes;
        store.change(key, { set: new Map([['count', `${count}`]]), unset: [], op: opOf('c', count) }, now);
      }
    },
    () => {
      for (const key of living) {
        const session = bare.get(key);
        if (session) session.values.count = ++writes;
      }
    },
    living.length,
  );
  store.close();
  return {
    sessions,
    bytesASession: figuresOf(storeBytes / sessions, (filled - unfilled) / sessions),
    bytesOfTexts,
    addMicroseconds: figuresOf(add, set),
    getMicroseconds: get,
    changeMicroseconds: change,
    longestPauseMs: pause,
  };
}

function print(result: MemoryResult): void {
  console.log(`${result.sessions} sessions`);
  console.table({
    'bytes a session': rounded(result.bytesASession, 0),
    "bytes of the user's texts": rounded(result.bytesOfTexts, 0),
    'add, µs': rounded(result.addMicroseconds, 3),
    'add, a second': rounded(ratesOf(result.addMicroseconds), 0),
    'get, µs': rounded(result.getMicroseconds, 3),
    'get, a second': rounded(ratesOf(result.getMicroseconds), 0),
    'change, µs': rounded(result.changeMicroseconds, 3),
    'change, a second': rounded(ratesOf(result.changeMicroseconds), 0),
    'longest pause while a tenth expires, ms': rounded(result.longestPauseMs, 2),
  });
}

function rounded({ store, bare, ratio }: Figures, digits: number): object {
  return { store: store.toFixed(digits), bare: bare.toFixed(digits), ratio: ratio.toFixed(2) };
}

/** As long as those that the manager gives. */
function opOf(prefix: string, number: number): string {
  return prefix + String(number).padStart(10, '0');
}

/** A text put together from parts stays in parts, until it is first looked up and the collector comes by. */
function newFlatKey(): string {
  return Buffer.from(newKey(), 'latin1').toString('latin1');
}

/** Always in the same, random order. */
function shuffle(keys: readonly string[]): string[] {
  const shuffled = [...keys];
  let random = 1;
  for (let at = shuffled.length - 1; at > 0; at--) {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((random / 2 ** 32) * (at + 1));
    [shuffled[at], shuffled[other]] = [shuffled[other] ?? '', shuffled[at] ?? ''];
  }
  return shuffled;
}

/** @returns microseconds a call of `use`; what `make` costs isn't counted, but for the garbage it leaves */
function timedInBatches<T>(
  keys: readonly string[],
  make: (number: number) => T,
  use: (key: string, made: T) => unknown,
): number {
  let spent = 0;
  for (let from = 0; from < keys.length; from += BATCH) {
    const batch = keys.slice(from, from + BATCH).map((key, index) => ({ key, made: make(from + index) }));
    spent += cpuTimeOf(() => batch.forEach(({ key, made }) => use(key, made)));
  }
  return spent / keys.length;
}

/** @returns microseconds a call, of as many as each of the two makes */
function alternately(store: () => void, bare: () => void, calls: number): Figures {
  const repeats = Math.ceil(LEAST_CALLS / calls);
  const timesOf = (work: () => void) =>
    cpuTimeOf(() => {
      for (let repeat = 0; repeat < repeats; repeat++) work();
    }) /
    (repeats * calls);
  const rounds = Array.from({ length: ROUNDS }, () => ({ bare: timesOf(bare), store: timesOf(store) }));
  // The first rounds warm up.
  const measured = rounds.slice(2);
  return figuresOf(medianOf(measured.map((round) => round.store)), medianOf(measured.map((round) => round.bare)));
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/**
 * The longest turn of the event loop while `work` goes on, in milliseconds. Turns in which the machine took the processor away are
 * left out: they measure the neighbours. (The bench forces collections, after which V8's sweeping threads hold up turns for some
 * 7 ms; so it runs with --no-concurrent-sweeping.)
 */
async function longestTurnOf(work: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.();
  let longest = 0;
  let working = true;
  const watching = (async () => {
    while (working) {
      const began = performance.now();
      const { involuntaryContextSwitches } = process.resourceUsage();
      await setImmediate();
      const undisturbed = process.resourceUsage().involuntaryContextSwitches === involuntaryContextSwitches;
      if (undisturbed) longest = Math.max(longest, performance.now() - began);
    }
  })();
  await work();
  working = false;
  await watching;
  return longest;
}
