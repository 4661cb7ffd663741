/**
 * `npm run bench`: whole requests, this library beside bare Nest, the barest interceptor there can be, and the sessions that Express
 * and Fastify have; then the memory store at scale. Prints tables and whether each target holds, and writes what it found, with
 * a chart. Only ratios of one run say something: absolute figures belong to the machine.
 *
 * - `-- --quick`: less of it, in about a minute, and nothing is kept
 * - `-- --rounds=15`: more rounds, for narrower intervals
 * - `-- --http`: whole requests only; what was kept of the memory store stays
 * - `-- --store=memory`, `redis` or `postgres`: one store at scale, `--sessions=100000` for another size (the memory store is measured
 *   at 10,000 and 100,000 too, if that is less); `--out=docs/benchmarks/capacity.json` keeps what the latter two found
 * - `-- --principals=memory`, `redis` or `postgres`: what it costs to list and to revoke a principal's sessions, among `--sessions` of
 *   others; `--out=docs/benchmarks/principals.json` keeps it
 *
 * Redis and PostgreSQL are those of REDIS_URL and POSTGRES_URL; they must be idle.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { BenchResults } from './bench.results.js';
import { chartOf } from './chart.js';
import { benchHttp, type HttpPlan } from './http/http.bench.js';
import { benchMemory } from './memory.bench.js';
import { addedTable, majorOf, requestTable, type Table, targetsTable } from './report.js';
import { keepResults } from './results.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    http: { type: 'boolean', default: false },
    store: { type: 'string' },
    principals: { type: 'string' },
    sessions: { type: 'string', default: '1000000' },
    out: { type: 'string' },
  },
});

const FULL: HttpPlan = {
  backends: ['memory', 'redis', 'postgres'],
  routes: ['none', 'read', 'change', 'login', 'fetch'],
  sizes: [200, 2_000, 20_000],
  rounds: 9,
  turnMs: 250,
  warmUpMs: 500,
};
const QUICK: HttpPlan = {
  backends: ['memory', 'redis'],
  routes: ['none', 'read'],
  sizes: [200],
  rounds: 3,
  turnMs: 200,
  warmUpMs: 800,
};

const sessions = Number(values.sessions);

if (values.principals !== undefined) await benchRevocation(values.principals);
else await benchStore(values.store);

async function benchRevocation(backend: string): Promise<void> {
  const { benchPrincipals, memorySubject } = await import('./principals.bench.js');
  const { postgresSubject, redisSubject } = await import('./principals.backends.js');
  const subjects = { memory: memorySubject, redis: redisSubject, postgres: postgresSubject };
  if (!(backend in subjects)) throw unknown(backend);
  const subject = await subjects[backend as keyof typeof subjects]();
  keepResults(values.out, backend, await benchPrincipals(subject, sessions));
}

async function benchStore(store: string | undefined): Promise<void> {
  switch (store) {
    case undefined:
      await benchAll();
      break;
    case 'memory':
      await benchMemory(sessions);
      break;
    case 'redis': {
      const { benchRedis } = await import('./redis.bench.js');
      keepResults(values.out, 'redis', await benchRedis(sessions));
      break;
    }
    case 'postgres': {
      const { benchPostgres } = await import('./postgres.bench.js');
      keepResults(values.out, 'postgres', await benchPostgres(sessions));
      break;
    }
    default:
      throw unknown(store);
  }
}

function unknown(backend: string): Error {
  return new Error(`There is no bench of ${backend}: memory, redis or postgres.`);
}

async function benchAll(): Promise<void> {
  const plan = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? plan.rounds : Number(values.rounds);
  const http = await benchHttp({ ...plan, rounds }, (done) => console.error(done));
  const about = {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
  };
  const memory = values.quick ? undefined : values.http ? keptMemory(about.node) : await benchMemory(sessions);
  const results: BenchResults = { ...about, http, ...(memory && { memory }) };
  print('What a request costs', requestTable(results));
  print('What sessions add to it', addedTable(results));
  print('Targets: the ratio, and between what it lies with 95 %', targetsTable([results]));
  if (!values.quick) keep(results);
}

function keptMemory(node: string): BenchResults['memory'] {
  const file = `${fileOf(node)}.json`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as BenchResults).memory : undefined;
}

function fileOf(node: string): string {
  return `docs/benchmarks/node-${majorOf(node)}`;
}

function keep(results: BenchResults): void {
  const name = fileOf(results.node);
  writeFileSync(`${name}.json`, `${JSON.stringify(results)}\n`);
  writeFileSync(`${name}.svg`, chartOf(results));
  console.log(`Written: ${name}.json and .svg`);
}

function print(title: string, table: Table): void {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  console.log(`\n${title}\n\n${lines.join('\n')}`);
}
