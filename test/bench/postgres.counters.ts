/** What PostgreSQL counts, of the statements that one pool executes. */
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Client, Pool, type PoolClient } from 'pg';
import type { Counters } from './measure.js';

/** A server's process tells others what it has changed once a second, when it has something to do. */
const REPORT_MS = 1_100;

/** A pool of a fixed number of connections, and one beside it that asks for the counters. */
export class CountedPool {
  readonly pool: Pool;
  readonly #size: number;
  readonly #sockets: Socket[] = [];
  readonly #observer: Client;
  #pids: readonly number[] = [];
  /** Whether the server is on this machine, so that the processor time of its processes can be read. */
  #isLocal = false;

  constructor(connectionString: string, size: number) {
    this.#size = size;
    this.#observer = new Client({ connectionString });
    const stream = () => {
      const socket = new Socket();
      this.#sockets.push(socket);
      return socket;
    };
    this.pool = new Pool({ connectionString, max: size, idleTimeoutMillis: 0, stream });
  }

  async open(): Promise<void> {
    await this.#observer.connect();
    this.#pids = await this.#onEach(async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      return rows[0]?.pid ?? NaN;
    });
    const names = await Promise.all(this.#pids.map((pid) => readProcess(pid, 'comm').catch(() => '')));
    this.#isLocal = names.every((name) => name.startsWith('postgres'));
  }

  /** Ends the connections beside the pool. */
  async close(): Promise<void> {
    await this.#observer.end();
  }

  async ask<Row extends object>(text: string): Promise<Row> {
    const [row] = (await this.#observer.query<Row>(text)).rows;
    if (!row) throw new Error(`No row: ${text}`);
    return row;
  }

  /** @returns whether this user may */
  async checkpoint(): Promise<boolean> {
    try {
      await this.#observer.query('CHECKPOINT');
      return true;
    } catch {
      return false;
    }
  }

  /** Microseconds of the connections' processes, if they are on this machine; bytes of WAL; bytes over the network. */
  async read(): Promise<Counters> {
    const { wal } = await this.ask<{ wal: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal`);
    return {
      cpu: this.#isLocal ? sum(await Promise.all(this.#pids.map(microsecondsOf))) : NaN,
      wal: Number(wal),
      received: sum(this.#sockets.map(({ bytesWritten }) => bytesWritten)),
      sent: sum(this.#sockets.map(({ bytesRead }) => bytesRead)),
    };
  }

  /** The share of updates that left all indexes as they were. */
  async hotShareDuring(table: string, work: () => Promise<unknown>): Promise<number> {
    const before = await this.#updatesOf(table);
    await work();
    const after = await this.#updatesOf(table);
    return (after.hot - before.hot) / (after.all - before.all);
  }

  async #updatesOf(table: string): Promise<{ hot: number; all: number }> {
    await setTimeout(REPORT_MS);
    await this.#onEach((client) => client.query('SELECT 1'));
    await setTimeout(REPORT_MS);
    const counted = await this.ask<{ hot: string; updates: string }>(
      `SELECT n_tup_hot_upd AS hot, n_tup_upd AS updates FROM pg_stat_user_tables WHERE relname = '${table}'`,
    );
    return { hot: Number(counted.hot), all: Number(counted.updates) };
  }

  async #onEach<T>(work: (client: PoolClient) => Promise<T>): Promise<T[]> {
    const clients = await Promise.all(Array.from({ length: this.#size }, () => this.pool.connect()));
    const results = await Promise.all(clients.map(work));
    for (const client of clients) client.release();
    return results;
  }
}

/** Of Linux: nanoseconds on a processor come first. (Its `stat` has ticks of 10 ms.) */
async function microsecondsOf(pid: number): Promise<number> {
  const [nanoseconds] = (await readProcess(pid, 'schedstat')).split(' ');
  return Number(nanoseconds) / 1_000;
}

function readProcess(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, 'utf8');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
