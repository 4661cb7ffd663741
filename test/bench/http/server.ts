/** A contender's server, as the bench holds it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Contender, Exercise, Size } from './contender.js';
import type { BenchMessage, ServerMessage, ServerSettings, Usage } from './server.protocol.js';

/** Sessions of each size that clients use in turn. */
const CLIENTS = 64;

export class BenchServer {
  /** When it last had something to do, by `performance.now()`. */
  lastUsed = -Infinity;
  readonly #process: ChildProcess;
  readonly #port: number;
  readonly #cookies = new Map<Size, string[]>();

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.#port = port;
  }

  /** Starts the process, and logs its clients in. */
  static async start(contender: Contender, prefix: string, sizes: readonly Size[]): Promise<BenchServer> {
    const settings: ServerSettings = { contender, prefix };
    const child = fork(new URL('server.main.js', import.meta.url), [JSON.stringify(settings)], {
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const { port } = await hear(child, 'listening');
    const server = new BenchServer(child, port);
    for (const size of sizes) server.#cookies.set(size, await server.#logIn(size));
    return server;
  }

  urlOf({ route, size }: Exercise): string {
    return `http://127.0.0.1:${this.#port}/${route}?size=${size}`;
  }

  /** Who logs in has none yet. */
  cookiesOf({ route, size }: Exercise): readonly string[] {
    return route === 'login' ? [] : (this.#cookies.get(size) ?? []);
  }

  async usage(): Promise<Usage> {
    const heard = hear(this.#process, 'usage');
    this.#send('usage');
    return (await heard).usage;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#send('stop');
    await exited;
  }

  async #logIn(size: Size): Promise<string[]> {
    const logIn = async (_: unknown, client: number) => {
      const response = await fetch(`http://127.0.0.1:${this.#port}/login?size=${size}`);
      if (!response.ok) throw new Error(`A login is answered with ${response.status}.`);
      const [cookie] = response.headers.getSetCookie();
      // What keeps no sessions is sent as many bytes.
      return cookie?.split(';')[0] ?? `sessid=${String(client).padStart(29, '0')}`;
    };
    return Promise.all(Array.from({ length: CLIENTS }, logIn));
  }

  #send(message: BenchMessage): void {
    this.#process.send(message);
  }
}

/** The next message of that type. */
async function hear<Type extends ServerMessage['type']>(
  child: ChildProcess,
  type: Type,
): Promise<Extract<ServerMessage, { type: Type }>> {
  const done = new AbortController();
  const exit = once(child, 'exit', { signal: done.signal }).then(() => {
    throw new Error('A server of the bench ended by itself.');
  });
  try {
    for (;;) {
      const message = once(child, 'message', { signal: done.signal }) as Promise<[ServerMessage]>;
      const [heard] = await Promise.race([message, exit]);
      if (heard.type === type) return heard as Extract<ServerMessage, { type: Type }>;
    }
  } finally {
    exit.catch(() => undefined);
    done.abort();
  }
}
