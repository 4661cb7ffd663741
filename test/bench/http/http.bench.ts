/** Whole requests, from the socket and back to it: how much processor time each contender's server takes for one. */
import { setTimeout } from 'node:timers/promises';
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

/**
 * A server that had nothing to do for a while has let go of memory and code: before anything is measured it has time to find its
 * pace. (Measured: without that it costs two to five times as much.)
 */
const SETTLE_MS = 200;
const COLD_SETTLE_MS = 1_200;
const COLD_MS = 10_000;
/** A load ends that long after what is measured of it. */
const LEEWAY_MS = 100;

/** Where the difference that matters is small, a turn is longer by so much. */
const LENGTHS: Partial<Record<RouteName, number>> = { none: 3 };

/** Runs the plan, and clears up after it. `progress` hears how far it is. */
export async function benchHttp(plan: HttpPlan, progress: (done: string) => void): Promise<HttpResults> {
  const generator = openLoadGenerator();
  const prefix = `bench_${process.pid}`;
  const servers: BenchServer[] = [];
  const turns: Turn[] = [];
  const run = ({ server, performance: exercise }: Turn, milliseconds: number): Promise<void> => {
    const [url, cookies] = [server.urlOf(exercise), server.cookiesOf(exercise)];
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
        const turnMs = plan.turnMs * (LENGTHS[turn.performance.route] ?? 1);
        const isCold = performance.now() - turn.server.lastUsed > COLD_MS;
        const settleMs = isCold ? COLD_SETTLE_MS : SETTLE_MS;
        const loaded = run(turn, settleMs + turnMs + LEEWAY_MS);
        await Promise.race([setTimeout(settleMs), loaded]);
        const [before, began] = [await turn.server.usage(), performance.now()];
        await Promise.race([setTimeout(turnMs), loaded]);
        const [after, ended] = [await turn.server.usage(), performance.now()];
        await loaded;
        turn.server.lastUsed = ended;
        const requests = after.requests - before.requests;
        turn.performance.cpu.push(roundedTo2((after.cpu - before.cpu) / requests));
        turn.performance.perSecond.push(Math.round((requests / (ended - began)) * 1_000));
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
