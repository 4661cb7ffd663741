/** The tables of docs/capacity.md, made of what was measured: the figures, and what follows from them. */

import type { Table } from '../support/markdown.table.js';

type Figures = Readonly<Record<string, number>>;

export interface Measured {
  readonly date: string;
  readonly processor: string;
  readonly node: string;
  readonly server: string;
  readonly sizes: Readonly<Record<string, MeasuredSize>>;
}

interface MeasuredSize {
  readonly sessions: number;
  readonly memory?: Figures;
  readonly disk?: Figures;
  readonly purge?: Figures;
  readonly operations: Readonly<Record<string, Figures>>;
}

/** What the examples assume: numbers by the name of their row. */
export type Given = (row: string) => number;

/** Which figure a column shows. */
type Columns = Readonly<Record<string, string>>;

const MEMORY: Columns = {
  'new session': 'session',
  'after eight writes': 'written',
  'in one attribute': 'unpacked',
  'left by a rotation': 'forward',
  'bare string': 'bare',
};
const REDIS_CALL: Columns = {
  commands: 'commands',
  'CPU, µs': 'cpu',
  'CPU alone, µs': 'cpuAlone',
  'in, B': 'received',
  'out, B': 'sent',
  'log, B': 'log',
};
const DISK: Columns = { session: 'session', 'of it indexes': 'indexes', 'bare table': 'bare' };
const POSTGRES_CALL: Columns = {
  'CPU, µs': 'cpu',
  'in, B': 'received',
  'out, B': 'sent',
  'WAL, B': 'wal',
  'WAL at first, B': 'walFirst',
  'HOT share': 'hot',
};
const PURGE: Columns = { 'sessions a second': 'perSecond', 'CPU, µs': 'cpu', 'WAL, B': 'wal' };

/** Those of the examples. */
const EXAMPLE_SIZES = ['0.2 KB', '2 KB'];
const SECONDS_A_DAY = 86_400;

export function tablesOf(redis: Measured, postgres: Measured, given: Given): Table[] {
  return [
    machines([redis, postgres]),
    exampleOf('Redis, 100 million', redis, (size) => redisNeeds(size, given)),
    exampleOf('PostgreSQL, 100 million', postgres, (size) => postgresNeeds(size, given)),
    bySize('Redis, memory', redis, 'memory', MEMORY),
    ...callsOf('Redis', redis, REDIS_CALL),
    bySize('PostgreSQL, disk', postgres, 'disk', DISK),
    ...callsOf('PostgreSQL', postgres, POSTGRES_CALL),
    bySize('PostgreSQL, purge', postgres, 'purge', PURGE),
  ];
}

/** As the page writes numbers; what wasn't measured is a dash. */
export function textOf(figure: number | undefined, digits?: number): string {
  if (figure === undefined) return '–';
  return figure.toLocaleString('en-US', { minimumFractionDigits: digits ?? 0, maximumFractionDigits: digits ?? 9 });
}

function redisNeeds({ memory = {}, operations }: MeasuredSize, given: Given): Record<string, string> {
  const load = loadOf(operations, given);
  const bytes = given('sessions') * figure(memory, 'written');
  return {
    memory: gigabytes(bytes),
    'memory × 1.5': gigabytes(1.5 * bytes),
    'nodes of 32 GB': textOf(Math.ceil((1.5 * bytes) / 32e9)),
    cores: textOf(load('cpu') / 1e6, 2),
    'cores, nothing pipelined': textOf(load('cpuAlone') / 1e6, 2),
    'network in': megabytesPerSecond(load('received')),
    'network out': megabytesPerSecond(load('sent')),
    'log, and each replica': megabytesPerSecond(load('log')),
  };
}

function postgresNeeds({ disk = {}, purge = {}, operations }: MeasuredSize, given: Given): Record<string, string> {
  const load = loadOf(operations, given);
  const purged = given('purged a second');
  const bytes = given('sessions') * figure(disk, 'session');
  const cores = (load('cpu') + purged * figure(purge, 'cpu')) / 1e6;
  const least = load('wal') + purged * figure(purge, 'wal');
  const most = load('walFirst') + purged * figure(operations['remove'], 'walFirst');
  return {
    disk: gigabytes(bytes),
    'of it indexes': gigabytes(given('sessions') * figure(disk, 'indexes')),
    'disk × 2': gigabytes(2 * bytes),
    cores: textOf(cores, 1),
    'cores × 2': textOf(2 * cores, 1),
    'network in': megabytesPerSecond(load('received')),
    'network out': megabytesPerSecond(load('sent')),
    'WAL, no write the first of its page': megabytesPerSecond(least),
    'WAL, all of them': megabytesPerSecond(most),
    'WAL a day, at least': terabytes(least * SECONDS_A_DAY),
    'WAL a day, at most': terabytes(most * SECONDS_A_DAY),
    'seconds of purging a day': textOf((purged * SECONDS_A_DAY) / figure(purge, 'perSecond'), 0),
  };
}

/** What all calls of a second need together. */
function loadOf(operations: MeasuredSize['operations'], given: Given): (name: string) => number {
  return (name) =>
    given('gets a second') * figure(operations['get'], name) +
    given('touches a second') * figure(operations['touch'], name) +
    given('changes a second') * figure(operations['change'], name) +
    given('logins a second') * figure(operations['add'], name) +
    given('logouts a second') * figure(operations['remove'], name);
}

function machines(stores: readonly Measured[]): Table {
  const rows = stores.map(({ server, date, processor, node, sizes }) => {
    const sessions = Object.values(sizes).map((size) => textOf(size.sessions));
    return [server, date, processor, node, sessions.join(' / ')];
  });
  const sizes = Object.keys(stores[0]?.sizes ?? {}).map((name) => name.replace(' KB', ''));
  return [['measured on', 'date', 'processor', 'Node.js', `sessions of ${sizes.join(' / ')} KB`], ...rows];
}

function exampleOf(heading: string, { sizes }: Measured, needs: (size: MeasuredSize) => Record<string, string>): Table {
  const columns = EXAMPLE_SIZES.flatMap((name) => (sizes[name] ? [needs(sizes[name])] : []));
  const rows = Object.keys(columns[0] ?? {}).map((row) => [row, ...columns.map((column) => column[row] ?? '')]);
  return [[heading, ...EXAMPLE_SIZES], ...rows];
}

function bySize(heading: string, { sizes }: Measured, part: 'memory' | 'disk' | 'purge', columns: Columns): Table {
  const rows = Object.entries(sizes).map(([size, figures]) => [size, figures[part] ?? {}] as const);
  return figuresOf(heading, rows, columns);
}

function callsOf(store: string, { sizes }: Measured, columns: Columns): Table[] {
  return Object.entries(sizes).map(([size, { operations }]) =>
    figuresOf(`${store}, ${size}`, Object.entries(operations), columns),
  );
}

function figuresOf(heading: string, rows: readonly (readonly [string, Figures])[], columns: Columns): Table {
  const cells = rows.map(([row, figures]) => [row, ...Object.values(columns).map((name) => textOf(figures[name]))]);
  return [[heading, ...Object.keys(columns)], ...cells];
}

function figure(figures: Figures | undefined, name: string): number {
  return figures?.[name] ?? NaN;
}

function gigabytes(bytes: number): string {
  return `${textOf(bytes / 1e9, 0)} GB`;
}

function terabytes(bytes: number): string {
  return `${textOf(bytes / 1e12, 2)} TB`;
}

function megabytesPerSecond(bytes: number): string {
  return `${textOf(bytes / 1e6, 1)} MB/s`;
}
