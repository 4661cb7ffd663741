/** How benches measure: contenders take turns, and medians are compared, so that what the machine does besides meets all alike. */

export interface Contender {
  readonly name: string;
  /** One operation; `index` tells which. */
  readonly run: (index: number) => unknown;
}

export interface Measured {
  /** Processor time of this process an operation, in microseconds. */
  readonly cpu: number;
  /** From the call to the answer, in microseconds. */
  readonly latency: number;
}

const ROUNDS = 15;

/**
 * @param operations - of each contender, in each round
 * @param concurrency - how many are under way at a time
 * @returns medians over the rounds, by name
 */
export async function measure(
  contenders: readonly Contender[],
  operations: number,
  concurrency: number,
): Promise<Map<string, Measured>> {
  const rounds = new Map(contenders.map(({ name }) => [name, [] as Measured[]]));
  // The first round warms up.
  for (let round = -1; round < ROUNDS; round++) {
    for (const { name, run } of contenders) {
      const measured = await measureOnce(run, operations, concurrency);
      if (round >= 0) rounds.get(name)?.push(measured);
    }
  }
  return new Map(
    [...rounds].map(([name, all]) => [
      name,
      { cpu: medianOf(all.map(({ cpu }) => cpu)), latency: medianOf(all.map(({ latency }) => latency)) },
    ]),
  );
}

/** Runs `work` for every index, so many at a time. */
export async function inParallel(count: number, concurrency: number, work: (index: number) => unknown): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Two figures, and how many times the second one the first one is. */
export function compared(ours: number, bare: number, digits = 1): object {
  return { store: ours.toFixed(digits), bare: bare.toFixed(digits), ratio: (ours / bare).toFixed(2) };
}

/** The same of the contenders `store` and `bare`. */
export function comparedIn(measured: ReadonlyMap<string, Measured>, what: keyof Measured): object {
  return compared(measured.get('store')?.[what] ?? NaN, measured.get('bare')?.[what] ?? NaN);
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

async function measureOnce(run: Contender['run'], operations: number, concurrency: number): Promise<Measured> {
  const before = process.cpuUsage();
  const began = performance.now();
  await inParallel(operations, concurrency, run);
  const wall = (performance.now() - began) * 1_000;
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / operations, latency: (wall * concurrency) / operations };
}
