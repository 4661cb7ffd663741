/** Four workers that share their sessions: two on Express, two on Fastify. */
import { BuiltPackage } from '../built.package.js';
import type { StorePlan } from './worker/worker.protocol.js';
import { WorkerProcess } from './worker.process.js';

export type Four<T> = readonly [T, T, T, T];

const PLATFORMS = ['Express', 'Fastify'] as const;
const WORKER = 'test/support/processes/worker';

export class WorkerGroup {
  readonly #planOf: (index: number) => StorePlan;
  readonly #started: WorkerProcess[] = [];
  #package: BuiltPackage | undefined;
  #workers: Four<WorkerProcess> | undefined;

  /** @param planOf - the store of each worker, on the one backend of all */
  constructor(planOf: (index: number) => StorePlan) {
    this.#planOf = planOf;
  }

  async start(): Promise<void> {
    this.#package = await BuiltPackage.build();
    await this.#package.compile(WORKER);
    this.#workers = await Promise.all([this.#start(0), this.#start(1), this.#start(2), this.#start(3)]);
  }

  /** All of them, in their order: `first` first, the ones before it last. */
  from(first: number): Four<WorkerProcess> {
    let four = this.#four;
    for (let index = 0; index < first; index++) {
      const [head, ...others] = four;
      four = [...others, head];
    }
    return four;
  }

  /** One more than the four, that may die. */
  async startAnother(): Promise<WorkerProcess> {
    return this.#start(this.#started.length);
  }

  /** Sets how far each clock is ahead. */
  async shiftClocks(...byMs: Four<number>): Promise<void> {
    await Promise.all(this.#four.map((worker, index) => worker.shiftClock(byMs[index] ?? 0)));
  }

  /** Whatever was said by the workers. */
  get output(): string {
    return this.#started.map(({ output }) => output).join('');
  }

  async stop(): Promise<void> {
    try {
      await Promise.all(this.#started.map((worker) => worker.stop()));
    } finally {
      await this.#package?.remove();
    }
  }

  get #four(): Four<WorkerProcess> {
    if (!this.#workers) throw new Error('The workers were not started.');
    return this.#workers;
  }

  async #start(index: number): Promise<WorkerProcess> {
    if (!this.#package) throw new Error('The workers were not built.');
    const platform = PLATFORMS[index % 2] ?? 'Express';
    const file = this.#package.fileOf(`${WORKER}/main`);
    const worker = await WorkerProcess.start(file, { platform, store: this.#planOf(index) });
    this.#started.push(worker);
    return worker;
  }
}
