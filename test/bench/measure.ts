/** How benches measure: contenders take turns, and medians are compared, so that what the machine does besides meets all alike. */

export interface Contender {
  readonly name: string;
  /** One operation; `index` tells which. */
  readonly run: (index: number) => unknown;
}

/** What a server has counted so far, by name. */
export type Counters = Readonly<Record<string, number>>;

/**
 * What one operation of each contender costs a server, by the server's own counters, which nobody else may use meanwhile.
 *
 * @param rounds - all contenders once each; one more, before, warms up
 * @returns medians over the rounds, by the contender's name and the counter's
 */
export async function measureCounters(
  contenders: readonly Contender[],
  { operations, concurrency, rounds }: { operations: number; concurrency: number; rounds: number },
  read: () => Promise<Counters>,
): Promise<Map<string, Counters>> {
  const all = new Map(contenders.map(({ name }) => [name, [] as Counters[]]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, run } of contenders) {
      const counted = await countOnce(() => inParallel(operations, concurrency, run), operations, read);
      if (round >= 0) all.get(name)?.push(counted);
    }
  }
  return new Map([...all].map(([name, counted]) => [name, mediansOf(counted)]));
}

/**
 * By how much each counter grows while some work is done, by operation; `client` is the processor time of this process, in
 * microseconds. What reading them costs is left out.
 */
export async function countOnce(
  work: () => Promise<unknown>,
  operations: number,
  read: () => Promise<Counters>,
): Promise<Counters> {
  const earlier = await read();
  const before = await read();
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  const after = await read();
  const grown = Object.entries(after).map(([name, count]): [string, number] => {
    const from = before[name] ?? NaN;
    const readings = from - (earlier[name] ?? NaN);
    return [name, (count - from - readings) / operations];
  });
  return { ...Object.fromEntries(grown), client: (user + system) / operations };
}

/** Runs `work` for every index, so many at a time. */
export async function inParallel(count: number, concurrency: number, work: (index: number) => unknown): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** The same figure of both. */
export interface Figures {
  readonly store: number;
  readonly bare: number;
  /** How many times the bare one the store's is. */
  readonly ratio: number;
}

export function figuresOf(store: number, bare: number): Figures {
  return { store, bare, ratio: store / bare };
}

/** Microseconds a call as calls a second. */
export function ratesOf({ store, bare }: Figures): Figures {
  return figuresOf(1_000_000 / store, 1_000_000 / bare);
}

/** Processor time of this process for some work, in microseconds. */
export function cpuTimeOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

export function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

function mediansOf(all: readonly Counters[]): Counters {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, medianOf(all.map((counters) => counters[name] ?? NaN))]));
}
