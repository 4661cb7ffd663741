/** A PostgreSQL of one's own. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { OwnServer, type Settings, type Site } from './own.server.js';
import { findProgram } from './program.js';

/** What is committed is written before it is acknowledged. Without `fsync` it outlives the end of every process, but not of the machine. */
const STANDARD: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  synchronous_commit: 'on',
  fsync: 'off',
};

/** Lines of one message are indented but for the first. */
const STATEMENT = /LOG: {2}(?:statement|execute [^:]*): (.*(?:\n\t.*)*)/g;

export class PostgresServer extends OwnServer {
  static readonly need = 'the programs initdb and postgres (install PostgreSQL)';
  protected override readonly ready = /database system is ready to accept connections/;
  /** A fast shutdown: it rolls back what is under way, and waits for no client. */
  protected override readonly stopSignal = 'SIGINT';
  readonly #files: string;
  readonly #settings: Settings;

  private constructor(site: Site, settings: Settings) {
    super(site);
    this.#files = join(site.directory, 'data');
    this.#settings = { ...STANDARD, ...settings, port: site.port };
  }

  static isAvailable(): boolean {
    return findProgram('initdb') !== undefined && findProgram('postgres') !== undefined;
  }

  /** @param settings - `{ max_connections: 5 }`, `{ log_statement: 'all' }` for `statementsDuring`, … */
  static async start(settings: Settings = {}): Promise<PostgresServer> {
    return new PostgresServer(await OwnServer.site(), settings).launch();
  }

  override get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** What all clients had it execute meanwhile, by its own log, which `log_statement` turns on. */
  async statementsDuring(work: () => Promise<unknown>): Promise<string[]> {
    const from = await this.#mark();
    await work();
    const to = await this.#mark();
    const statements = this.output.slice(from, to).matchAll(STATEMENT);
    return Array.from(statements, ([, statement = '']) => statement.replaceAll('\n\t', '\n')).slice(0, -1);
  }

  protected override async prepare(): Promise<void> {
    const options = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync'];
    await this.run('initdb', `--pgdata=${this.#files}`, ...options);
  }

  protected override commandLine(): readonly [string, ...string[]] {
    const settings = Object.entries(this.#settings).map(([name, value]) => `--${name}=${value}`);
    return ['postgres', '-D', this.#files, ...settings];
  }

  /** @returns where in the output all is that was executed before, and a statement that only marks it */
  async #mark(): Promise<number> {
    const mark = randomUUID();
    const from = this.output.length;
    const client = new Client({ connectionString: this.url });
    await client.connect();
    await client.query(`SELECT '${mark}'`);
    await client.end();
    await this.printed(new RegExp(`${mark}'\n`), from);
    return this.output.indexOf('\n', this.output.indexOf(mark, from)) + 1;
  }
}
