/** A worker seen from the test: serves HTTP in a process of its own, and does as it is directed. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { StoreMethod } from 'nestjs-http-session/testing';
import type { Command, Report, WorkerPlan } from './worker/worker.protocol.js';

/** Always a POST. */
export interface WorkerRequest {
  readonly path: string;
  readonly cookie?: string | undefined;
  readonly body?: object | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** The cookie that it sets, as a client presents it; `''` if it clears it, `undefined` if it sets none. */
  readonly cookie: string | undefined;
}

/** Requests that a worker has begun with, and that wait for the test. */
export interface Waiting {
  /** Lets them go on. @returns their answers */
  goOn(): Promise<Answer[]>;
}

interface Holding {
  readonly id: number;
  readonly reached: Promise<void>;
}

export class WorkerProcess {
  /** What it said on both streams. */
  output = '';
  readonly #process: ChildProcess;
  readonly #awaited = new Map<string, () => void>();
  readonly #ended: Promise<unknown>;
  #origin = '';
  #lastNumber = 0;

  private constructor(file: string, plan: WorkerPlan) {
    this.#process = fork(file, [JSON.stringify(plan)], { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.#ended = once(this.#process, 'exit');
    this.#process.on('message', (report: Report) => this.#hear(report));
  }

  /** @param file - the compiled program */
  static async start(file: string, plan: WorkerPlan): Promise<WorkerProcess> {
    const worker = new WorkerProcess(file, plan);
    await worker.#unlessItEnds(worker.#heard('listening'));
    return worker;
  }

  async send({ path, cookie, body = {} }: WorkerRequest): Promise<Answer> {
    const response = await fetch(this.#origin + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(cookie !== undefined && { cookie }) },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      cookie: presentedOf(response.headers.getSetCookie()),
    };
  }

  /** Sends requests, whose handlers wait with their session loaded, before they do anything. */
  async loaded(requests: readonly WorkerRequest[]): Promise<Waiting> {
    const gate = await this.#hold((id) => ({ does: 'gate', id, calls: requests.length }));
    return this.#sendInto(
      gate,
      requests.map((request) => ({ ...request, path: `${request.path}?gate=${gate.id}` })),
    );
  }

  /** Sends requests, each of which makes one call of that method of the store: it waits at the store's door, or with its answer. */
  async stopped(method: StoreMethod, when: 'before' | 'after', requests: readonly WorkerRequest[]): Promise<Waiting> {
    const held = await this.#hold((id) => ({ does: 'hold', id, method, when, calls: requests.length }));
    return this.#sendInto(held, requests);
  }

  /** Sets how far its clock is ahead of the others'. */
  shiftClock(byMs: number): Promise<void> {
    return this.#direct({ does: 'shift-clock', byMs });
  }

  /** It kills itself as soon as the store has answered the next write, and before anybody hears of that. */
  dieAtNextWrite(): Promise<void> {
    return this.#direct({ does: 'die-at-next-write' });
  }

  /** Resolves when the process has ended. */
  async end(): Promise<void> {
    await this.#ended;
  }

  /** Closes the application, and waits for the process to find that nothing is left to do. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    await this.#direct({ does: 'stop' });
    await this.#ended;
  }

  async #hold(commandOf: (id: number) => Command): Promise<Holding> {
    const id = ++this.#lastNumber;
    const reached = this.#heard(`reached ${id}`);
    await this.#direct(commandOf(id));
    return { id, reached };
  }

  async #sendInto({ id, reached }: Holding, requests: readonly WorkerRequest[]): Promise<Waiting> {
    const sent = requests.map((request) => this.send(request));
    const early = Promise.race(sent).then(({ status }) => {
      throw new Error(`A request didn't wait, but was answered with ${status}.`);
    });
    await Promise.race([reached, early]);
    return {
      goOn: async () => {
        await this.#direct({ does: 'release', id });
        return Promise.all(sent);
      },
    };
  }

  async #direct(command: Command): Promise<void> {
    const number = ++this.#lastNumber;
    const done = this.#heard(`done ${number}`);
    this.#process.send({ number, command });
    await this.#unlessItEnds(done);
  }

  #heard(what: string): Promise<void> {
    return new Promise((resolve) => this.#awaited.set(what, resolve));
  }

  #hear(report: Report): void {
    if (report.says === 'listening') this.#origin = report.origin;
    const what = wordsOf(report);
    this.#awaited.get(what)?.();
    this.#awaited.delete(what);
  }

  async #unlessItEnds(work: Promise<void>): Promise<void> {
    const ended = this.#ended.then(() => {
      throw new Error(`A worker has ended:\n${this.output}`);
    });
    await Promise.race([work, ended]);
  }
}

function wordsOf(report: Report): string {
  switch (report.says) {
    case 'listening':
      return 'listening';
    case 'done':
      return `done ${report.number}`;
    case 'reached':
      return `reached ${report.id}`;
  }
}

function presentedOf([line, ...others]: readonly string[]): string | undefined {
  if (others.length > 0) throw new Error('An answer sets more than one cookie.');
  if (line === undefined) return undefined;
  const cookie = line.slice(0, line.indexOf(';'));
  return cookie.endsWith('=') ? '' : cookie;
}
