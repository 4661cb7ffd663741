/** A Redis of one's own. */
import { createClient } from 'redis';
import { OwnServer, type Settings, type Site } from './own.server.js';
import { findProgram } from './program.js';

/** `REDIS_SERVER` names another program of its kind: `valkey-server`. */
const PROGRAM = process.env['REDIS_SERVER'] ?? 'redis-server';

/** Nothing is kept on disk unless settings say so, and replicas needn't wait for each other. */
const STANDARD: Settings = { bind: '127.0.0.1', save: '', appendonly: 'no', 'repl-diskless-sync-delay': 0 };

export class RedisServer extends OwnServer {
  static readonly need: string = `the program ${PROGRAM} (install Redis)`;
  protected override readonly ready: RegExp = /Ready to accept connections/;
  readonly #settings: Settings;

  protected constructor(site: Site, settings: Settings) {
    super(site);
    this.#settings = { ...STANDARD, ...settings, port: site.port, dir: site.directory };
  }

  static isAvailable(): boolean {
    return findProgram(PROGRAM) !== undefined;
  }

  /** @param settings - `{ appendonly: 'yes', appendfsync: 'always' }`, `{ maxmemory: '10mb' }`, … */
  static async start(settings: Settings = {}): Promise<RedisServer> {
    return new RedisServer(await OwnServer.site(), settings).launch();
  }

  override get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** One command, on a connection of its own: `ask('CONFIG', 'SET', 'maxmemory', '1')`. */
  async ask(...command: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, RESP: 2, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand<unknown>(command);
    } finally {
      client.destroy();
    }
  }

  protected override commandLine(): readonly [string, ...string[]] {
    return [PROGRAM, ...Object.entries(this.#settings).flatMap(([name, value]) => [`--${name}`, ...wordsOf(value)])];
  }
}

/** `replicaof` has two, `save ''` an empty one. */
function wordsOf(value: string | number): string[] {
  return String(value).split(' ');
}
