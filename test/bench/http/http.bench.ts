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

interface Turn {
  readonly server: BenchServer;
  readonly performance: Performance;
}

/** Enough to keep one server busy, and to show whether commands to backends leave together. */
const CONNECTIONS = 32;

/** Where the difference that matters is small, a turn is longer by so much. */
const LENGTHS: Partial<Record<RouteName, number>> = { none: 3 };

/** Runs the plan, and clears up after it. `progress` hears how far it is. */
export async function benchHttp(plan: HttpPlan, progress: (done: string) => void): Promise<HttpResults> {
  const generator = openLoadGenerator();
  const prefix = `bench_${process.pid}`;
  const servers: BenchServer[] = [];
  const turns: Turn[] = [];
  const run = ({ server, performance }: Turn, milliseconds: number): Promise<LoadReport> => {
    const [url, cookies] = [server.urlOf(performance), server.cookiesOf(performance)];
    return generator.run({ url, cookies, connections: CONNECTIONS, milliseconds });
  };
  try {
    const contenders = PLATFORMS.flatMap((platform) => contendersOf(platform, plan.backends));
    for (const [index, contender] of contenders.entries()) {
      const server = await BenchServer.start(contender, `${prefix}_${index}`, plan.sizes);
      servers.push(server);
      for (const exercise of exercisesOf(contender, plan.sizes)) {
        if (plan.routes.includes(exercise.route)) {
          turns.push({ server, performance: { ...exercise, cpu: [], perSecond: [] } });
        }
      }
    }
    progress(`${servers.length} servers`);
    // What is compared runs one after the other.
    turns.sort((a, b) => placeOf(a.performance).localeCompare(placeOf(b.performance)));
    for (const turn of turns) await run(turn, plan.warmUpMs);
    progress('warmed up');
    for (let round = 0; round < plan.rounds; round++) {
      // Forth and back: whether the machine becomes faster or slower, it does so for all.
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
        const before = await turn.server.cpu();
        const { requests, perSecond } = await run(turn, plan.turnMs * (LENGTHS[turn.performance.route] ?? 1));
        turn.performance.cpu.push(roundedTo2(((await turn.server.cpu()) - before) / requests));
        turn.performance.perSecond.push(Math.round(perSecond));
      }
      progress(`round ${round + 1} of ${plan.rounds}`);
    }
    return { generator: generator.name, performances: turns.map(({ performance }) => performance) };
  } finally {
    generator.close();
    await Promise.all(servers.map((server) => server.stop()));
    await clearBackends(plan.backends, prefix);
  }
}

function placeOf({ contender, route, size }: Exercise): string {
  return [contender.platform, route, String(size).padStart(9, '0'), contender.backend ?? ''].join(' ');
}

function roundedTo2(figure: number): number {
  return Number(figure.toFixed(2));
}
