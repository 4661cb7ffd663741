/** Whole requests, from the socket and back to it: how much processor time each contender's server takes for one. */
import { setTimeout } from 'node:timers/promises';
import { clearBackends } from './backends.js';
import {
  type Backend,
  type Contender,
  contendersOf,
  type Exercise,
  exercisesOf,
  type Platform,
  PLATFORMS,
  type RouteName,
  type Size,
} from './contender.js';
import { type LoadGenerator, openLoadGenerator } from './load.js';
import type { Performance } from './performance.js';
import { BenchServer } from './server.js';

export interface HttpPlan {
  readonly backends: readonly Backend[];
  readonly routes: readonly RouteName[];
  readonly sizes: readonly Size[];
  readonly rounds: number;
  /** Of one exercise in one round. */
  readonly turnMs: number;
  /** Of each exercise before the first round, so that its code is compiled. */
  readonly warmUpMs: number;
}

export interface HttpResults {
  readonly generator: string;
  readonly performances: readonly Performance[];
}

/** An exercise, its results, and the server that does it. */
interface Turn {
  readonly server: BenchServer;
  readonly performance: Performance;
}

/**
 * After so many rounds all servers are started anew: what V8 makes of the same code, and where memory lies, differs from process to
 * process, by more than what is to be measured.
 */
const ROUNDS_A_START = 3;

/** Enough to keep one server busy, and to show whether commands to backends leave together. */
const CONNECTIONS = 32;

/**
 * A server that had nothing to do for a while has let go of memory and code: before anything is measured it has time to find its
 * pace. (Measured: without that it costs two to five times as much.)
 */
const SETTLE_MS = 200;
const COLD_SETTLE_MS = 1_200;
const COLD_MS = 10_000;
/** A load ends that long after what is measured of it. */
const LEEWAY_MS = 100;

/**
 * What is to be measured is small beside what a request costs anyway, so a turn is longer by so much. (Measured on Express: of turns
 * of 250 ms one costs 1.5 times what another does, as a garbage collection falls into it or not; of 750 ms, 1.1 times.)
 */
const LENGTHS: Readonly<Record<Platform, number>> = { express: 4, fastify: 1 };
const LENGTHS_WITHOUT_SESSION: Readonly<Record<Platform, number>> = { express: 6, fastify: 3 };

/** Runs the plan, and clears up after it. `progress` hears how far it is. */
export async function benchHttp(plan: HttpPlan, progress: (done: string) => void): Promise<HttpResults> {
  const generator = openLoadGenerator();
  const performances = performancesOf(plan);
  try {
    for (let round = 0; round < plan.rounds; round += ROUNDS_A_START) {
      const rounds = { first: round, end: Math.min(round + ROUNDS_A_START, plan.rounds) };
      await benchFreshServers(plan, performances, rounds, generator, progress);
    }
    return { generator: generator.name, performances };
  } finally {
    generator.close();
  }
}

/** What is compared comes one after the other. */
function performancesOf({ backends, sizes, routes }: HttpPlan): Performance[] {
  return PLATFORMS.flatMap((platform) => contendersOf(platform, backends))
    .flatMap((contender) => exercisesOf(contender, sizes))
    .filter(({ route }) => routes.includes(route))
    .map((exercise) => ({ ...exercise, cpu: [], perSecond: [] }))
    .toSorted((a, b) => placeOf(a).localeCompare(placeOf(b)));
}

async function benchFreshServers(
  plan: HttpPlan,
  performances: readonly Performance[],
  { first, end }: { readonly first: number; readonly end: number },
  generator: LoadGenerator,
  progress: (done: string) => void,
): Promise<void> {
  const prefix = `bench_${process.pid}_${first}`;
  const servers = new Map<Contender, BenchServer>();
  try {
    for (const { contender } of performances) {
      if (servers.has(contender)) continue;
      servers.set(contender, await BenchServer.start(contender, `${prefix}_${servers.size}`, plan.sizes));
    }
    progress(`${servers.size} servers`);
    const turns = performances.flatMap((performance): Turn[] => {
      const server = servers.get(performance.contender);
      return server ? [{ server, performance }] : [];
    });
    for (const turn of turns) await load(generator, turn, plan.warmUpMs);
    progress('warmed up');
    for (let round = first; round < end; round++) {
      // Forth and back: whether the machine becomes faster or slower, it does so for all.
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await measure(generator, turn, plan.turnMs);
      progress(`round ${round + 1} of ${plan.rounds}`);
    }
  } finally {
    await Promise.all(Array.from(servers.values(), (server) => server.stop()));
    await clearBackends(plan.backends, prefix);
  }
}

async function measure(generator: LoadGenerator, turn: Turn, planned: number): Promise<void> {
  const { server, performance: figures } = turn;
  const lengths = figures.route === 'none' ? LENGTHS_WITHOUT_SESSION : LENGTHS;
  const turnMs = planned * lengths[figures.contender.platform];
  const settleMs = performance.now() - server.lastUsed > COLD_MS ? COLD_SETTLE_MS : SETTLE_MS;
  const loaded = load(generator, turn, settleMs + turnMs + LEEWAY_MS);
  await Promise.race([setTimeout(settleMs), loaded]);
  const [before, began] = [await server.usage(), performance.now()];
  await Promise.race([setTimeout(turnMs), loaded]);
  const [after, ended] = [await server.usage(), performance.now()];
  await loaded;
  server.lastUsed = ended;
  const requests = after.requests - before.requests;
  figures.cpu.push(roundedTo2((after.cpu - before.cpu) / requests));
  figures.perSecond.push(Math.round((requests / (ended - began)) * 1_000));
}

function load(generator: LoadGenerator, { server, performance: exercise }: Turn, milliseconds: number): Promise<void> {
  const [url, cookies] = [server.urlOf(exercise), server.cookiesOf(exercise)];
  return generator.run({ url, cookies, connections: CONNECTIONS, milliseconds });
}

function placeOf({ contender, route, size }: Exercise): string {
  return [contender.platform, route, String(size).padStart(9, '0'), contender.backend ?? ''].join(' ');
}

function roundedTo2(figure: number): number {
  return Number(figure.toFixed(2));
}
