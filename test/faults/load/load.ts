/** A few dozen clients at work while something fails, and what they have to say in the end. */
import { expect } from 'vitest';
import type { Client, TestApp } from '../../e2e/harness.js';
import { until } from '../../support/servers/until.js';
import { CounterClaims, LoadClient, readPatiently } from './load.client.js';

const CLIENTS = 24;
/** Requests in which a client does everything once. */
const ROUND = 12;

export class Load {
  readonly #clients: readonly LoadClient[];
  readonly #shared: Client;
  readonly #counter = new CounterClaims();
  readonly #running: Promise<unknown>;
  #isOver = false;

  private constructor(app: TestApp, shared: Client) {
    this.#shared = shared;
    this.#clients = Array.from({ length: CLIENTS }, () => new LoadClient(app.client(), shared, this.#counter));
    this.#running = Promise.all(this.#clients.map((client) => client.run(() => this.#isOver)));
  }

  /** Resolves when all is well under way. */
  static async start(app: TestApp): Promise<Load> {
    const shared = app.client();
    expect((await shared.post('/login')).status).toBe(204);
    const load = new Load(app, shared);
    await load.served();
    return load;
  }

  /** How many requests were refused so far. */
  get refusals(): number {
    return this.#clients.reduce((sum, { refused }) => sum + refused, 0);
  }

  /** Resolves when each client has been served so many more times. */
  async served(times = ROUND): Promise<void> {
    await this.#each('is served', ({ served }) => served, times);
  }

  /** Resolves when each client has been refused once more. */
  async refused(): Promise<void> {
    await this.#each('is refused', ({ refused }) => refused, 1);
  }

  /** Ends it. Nothing fails any more: expects that every request was answered as it may be, and all that was promised. */
  async end(): Promise<void> {
    await this.stop();
    await Promise.all(this.#clients.map((client) => client.verify()));
    expect(this.#clients.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(this.#clients.flatMap(({ over }) => over).length).toBeGreaterThan(CLIENTS);

    const { count } = (await readPatiently(this.#shared)).json() as { count: number };
    const { counts, unknown } = this.#counter;
    expect(new Set(counts).size, 'increments that were told different counts').toBe(counts.length);
    expect(count).toBeGreaterThanOrEqual(counts.length);
    expect(count).toBeLessThanOrEqual(counts.length + unknown);
  }

  /** Only ends it. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #each(what: string, count: (client: LoadClient) => number, times: number): Promise<void> {
    const before = this.#clients.map(count);
    await until(`each client ${what}`, async () =>
      this.#clients.every((client, index) => count(client) >= (before[index] ?? 0) + times),
    );
  }
}
