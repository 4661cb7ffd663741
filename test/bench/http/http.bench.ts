/** Whole requests, from the socket and back to it: how much processor time each contender's server takes for one. */
import { clearBackends } from './backends.js';
import {
  type Backend,
  contendersOf,
  type Exercise,
  exercisesOf,
  PLATFORMS,
  type RouteName,
  type Size,
} from './contender.js';
import { openLoadGenerator } from './load.js';
import type { LoadReport } from './load.protocol.js';
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

/** How an exercise went; a figure for each round. */
export interface Performance extends Exercise {
  /** Microseconds of processor time a request, of all threads of the server's process. */
  readonly cpu: number[];
  readonly perSecond: number[];
}

export interface HttpResults {
  readonly generator: string;
  readonly performances: readonly Performance[];
}

interface Turn {
  readonly server: BenchServer;
  readonly performance: Performance;
}

/** Enough to keep one server busy, and to show whether commands to backends leave together. */
const CONNECTIONS = 32;

/** Runs the plan, and clears up after it. `progress` hears how far it is. */
export async function benchHttp(plan: HttpPlan, progress: (done: string) => void): Promise<HttpResults> {
  const generator = openLoadGenerator();
  const prefix = `bench_${process.pid}`;
  const turns: Turn[] = [];
  const run = ({ server, performance }: Turn, milliseconds: number): Promise<LoadReport> => {
    const [url, cookies] = [server.urlOf(performance), server.cookiesOf(performance)];
    return generator.run({ url, cookies, connections: CONNECTIONS, milliseconds });
  };
  try {
    for (const contender of PLATFORMS.flatMap((platform) => contendersOf(platform, plan.backends))) {
      const server = await BenchServer.start(contender, `${prefix}_${turns.length}`, plan.sizes);
      for (const exercise of exercisesOf(contender, plan.sizes)) {
        if (plan.routes.includes(exercise.route)) {
          turns.push({ server, performance: { ...exercise, cpu: [], perSecond: [] } });
        }
      }
    }
    // What is compared runs one after the other.
    turns.sort((a, b) => placeOf(a.performance).localeCompare(placeOf(b.performance)));
    for (const turn of turns) await run(turn, plan.warmUpMs);
    progress('warmed up');
    for (let round = 0; round < plan.rounds; round++) {
      // Forth and back: whether the machine becomes faster or slower, it does so for all.
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
        const before = await turn.server.cpu();
        const { requests, perSecond } = await run(turn, plan.turnMs);
        turn.performance.cpu.push(((await turn.server.cpu()) - before) / requests);
        turn.performance.perSecond.push(perSecond);
      }
      progress(`round ${round + 1} of ${plan.rounds}`);
    }
    return { generator: generator.name, performances: turns.map(({ performance }) => performance) };
  } finally {
    generator.close();
    await Promise.all([...new Set(turns.map(({ server }) => server))].map((server) => server.stop()));
    await clearBackends(plan.backends, prefix);
  }
}

function placeOf({ contender, route, size }: Exercise): string {
  return [contender.platform, route, String(size).padStart(9, '0'), contender.backend ?? ''].join(' ');
}
