/** What the test directs in a worker: who waits where, what time it is, when the process dies. */
import type { ObservedStore } from 'nestjs-http-session/testing';
import { WorkerGate } from './worker.gate.js';
import type { Command } from './worker.protocol.js';

const WRITES = ['touch', 'add', 'change', 'rename', 'remove'] as const;

interface Holding {
  readonly reached: Promise<void>;
  release(): void;
}

export class WorkerStage {
  readonly #store: ObservedStore;
  readonly #gates = new Map<number, WorkerGate>();
  readonly #holdings = new Map<number, Holding>();
  #clockAheadMs = 0;

  /** @param store - the one whose calls are held */
  constructor(store: ObservedStore) {
    this.#store = store;
  }

  /** The process's clock. Bound. */
  readonly now = (): number => Date.now() + this.#clockAheadMs;

  /** @param gate - the one a request names, if it names one */
  async pass(gate: string | undefined): Promise<void> {
    if (gate === undefined) return;
    const named = this.#gates.get(Number(gate));
    if (!named) throw new Error(`There is no gate ${gate}.`);
    await named.pass();
  }

  /** @param onReached - called when as many wait as a gate or a hold expects */
  direct(command: Exclude<Command, { does: 'stop' }>, onReached: (id: number) => void): void {
    switch (command.does) {
      case 'hold':
        return this.#hold(command.id, this.#store.hold(command.method, command.when, command.calls), onReached);
      case 'gate': {
        const gate = new WorkerGate(command.calls);
        this.#gates.set(command.id, gate);
        return this.#hold(command.id, gate, onReached);
      }
      case 'release':
        return this.#holdings.get(command.id)?.release();
      case 'shift-clock':
        this.#clockAheadMs = command.byMs;
        return undefined;
      case 'die-at-next-write':
        return this.#dieAtNextWrite();
    }
  }

  #hold(id: number, holding: Holding, onReached: (id: number) => void): void {
    this.#holdings.set(id, holding);
    void holding.reached.then(() => onReached(id));
  }

  #dieAtNextWrite(): void {
    for (const method of WRITES) {
      this.#store.intercept(
        method,
        async (proceed) => {
          await proceed();
          process.kill(process.pid, 'SIGKILL');
          return new Promise(() => undefined);
        },
        Infinity,
      );
    }
  }
}
