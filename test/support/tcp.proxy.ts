/** The network between clients and a server, which fails when a test wants it to. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Barrier } from './barrier.js';
import { freePort } from './servers/free.port.js';
import { type Direction, TcpRecording } from './tcp.recording.js';

const STANDARD_PORTS: Readonly<Record<string, number>> = {
  'redis:': 6379,
  'postgres:': 5432,
  'postgresql:': 5432,
  'mysql:': 3306,
};

interface Connection {
  readonly number: number;
  readonly client: Socket;
  readonly server: Socket;
}

/** What a piece waits for before it goes on; `'swallow'`: it doesn't. */
type Gate = (() => Promise<void>) | 'swallow';

const OPEN: Gate = () => Promise.resolve();

interface Trap {
  readonly request: RegExp | undefined;
  /** Where the request went through. */
  connection?: Connection | undefined;
  readonly sprung: () => void;
}

/** Stands in for a server. All passes, in its order, as long as a test says nothing else. */
export class TcpProxy {
  readonly port: number;
  readonly #target: URL;
  readonly #listener: Server;
  readonly #connections = new Set<Connection>();
  readonly #recordings = new Set<TcpRecording>();
  readonly #traps = new Set<Trap>();
  readonly #gates: Record<Direction, Gate> = { requests: OPEN, replies: OPEN };
  #opened = 0;

  private constructor(target: string, port: number) {
    this.port = port;
    this.#target = new URL(target);
    this.#listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#join(client));
  }

  /** @param target - the server's URL */
  static async start(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, await freePort());
    await proxy.accept();
    return proxy;
  }

  /** The server's URL, by way of the proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** How many are open now, on either side. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Records what passes from now on. */
  record(): TcpRecording {
    const recording = new TcpRecording((stopped) => this.#recordings.delete(stopped));
    this.#recordings.add(recording);
    return recording;
  }

  /** Lets what comes wait, from now on: the barrier tells when something has come, and lets it go. */
  hold(direction: Direction): Barrier {
    const barrier = new Barrier();
    this.#gates[direction] = () => barrier.pass();
    return barrier;
  }

  /** Loses what comes from now on. The connections there are make no sense any more after that: `cut()` them before `pass()`. */
  swallow(direction: Direction): void {
    this.#gates[direction] = 'swallow';
  }

  /** Lets what comes from now on wait for so long. */
  delay(direction: Direction, delayMs: number): void {
    this.#gates[direction] = () => sleep(delayMs);
  }

  /** Ends `swallow` and `delay`, and `hold` for what comes from now on. */
  pass(direction: Direction): void {
    this.#gates[direction] = OPEN;
  }

  /**
   * Loses the reply to the next request, and cuts the connection: the server has done it, and the client can't tell.
   * @param request - which request is meant, by its bytes as Latin-1; needed where clients have others under way
   * @returns resolves when it has happened
   */
  loseReply(request?: RegExp): Promise<void> {
    return new Promise((resolve) => this.#traps.add({ request, sprung: resolve }));
  }

  /** Cuts all connections: both sides get a reset. */
  cut(): void {
    for (const connection of this.#connections) cut(connection);
  }

  /** Refuses new connections, as a machine does on which nobody listens. Those that are open stay. */
  refuse(): void {
    this.#listener.close();
  }

  /** Ends `refuse`. */
  async accept(): Promise<void> {
    this.#listener.listen(this.port, '127.0.0.1');
    await once(this.#listener, 'listening');
  }

  /** For good. */
  close(): void {
    this.refuse();
    this.cut();
  }

  #join(client: Socket): void {
    const { hostname, port, protocol } = this.#target;
    const server = connect({
      host: hostname,
      port: Number(port) || (STANDARD_PORTS[protocol] ?? 0),
      noDelay: true,
      allowHalfOpen: true,
    });
    const connection = { number: this.#opened++, client, server };
    this.#connections.add(connection);
    this.#conduct(connection, 'requests', client, server);
    this.#conduct(connection, 'replies', server, client);
    for (const socket of [client, server]) {
      // Also a server that refuses: the client finds a broken connection.
      socket.on('error', () => cut(connection));
      socket.on('close', () => this.#leave(connection));
    }
  }

  /** An end is passed on behind what came before it: a side that has closed may still be owed to the other. */
  #leave(connection: Connection): void {
    if (!connection.client.closed || !connection.server.closed) return;
    this.#connections.delete(connection);
    for (const trap of this.#traps) if (trap.connection === connection) trap.connection = undefined;
  }

  #conduct(connection: Connection, direction: Direction, from: Socket, to: Socket): void {
    // Each piece waits for the one before: none overtakes when a gate opens.
    let last = Promise.resolve();
    from.on('data', (bytes: Buffer) => {
      for (const recording of this.#recordings) {
        recording.pieces.push({ direction, connection: connection.number, bytes });
      }
      if (this.#springs(connection, direction, bytes)) return;
      const gate = this.#gates[direction];
      if (gate === 'swallow') return;
      const opened = gate();
      last = last.then(() => opened).then(() => void to.write(bytes));
    });
    from.on('end', () => void last.then(() => to.end()));
  }

  /** @returns whether the piece was lost by it */
  #springs(connection: Connection, direction: Direction, bytes: Buffer): boolean {
    for (const trap of this.#traps) {
      if (direction === 'requests') {
        if (!trap.connection && trap.request?.test(bytes.toString('latin1')) !== false) trap.connection = connection;
      } else if (trap.connection === connection) {
        this.#traps.delete(trap);
        cut(connection);
        trap.sprung();
        return true;
      }
    }
    return false;
  }
}

function cut({ client, server }: Connection): void {
  client.resetAndDestroy();
  // A reset would wait for the connection, and a frozen server may never take it.
  if (server.connecting) server.destroy();
  else server.resetAndDestroy();
}
