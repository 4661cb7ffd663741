/** What a run has found, as tables: rows of cells, the headings first. */
import type { BenchResults } from './bench.results.js';
import { BACKENDS, type Backend, PLATFORMS, type Platform, type RouteName, type Size } from './http/contender.js';
import { Performances, type Which } from './http/performance.js';
import { type Figures, medianOf } from './measure.js';
import { type Outcome, outcomesOf } from './targets.js';

/** Cells by row, the headings first. */
export type Table = readonly (readonly string[])[];

const PLATFORM_NAMES = { express: 'Express', fastify: 'Fastify' } as const;
const BACKEND_NAMES = { memory: 'memory', redis: 'Redis', postgres: 'PostgreSQL' } as const;
const ROUTE_NAMES = { none: 'no session', read: 'read', change: 'change', login: 'login', fetch: 'fetch' } as const;
const SIZE_NAMES: Record<Size, string> = { 200: '0.2 KB', 2_000: '2 KB', 20_000: '20 KB' };
const NOTHING = '';
const SMALL: Size = 200;

/** What sessions add to a request, in microseconds of the server's processor time: medians, and each to the floor and the peer. */
export function addedTable({ http, node }: BenchResults): Table {
  const performances = new Performances(http?.performances ?? []);
  const rows = rowsOf().flatMap(({ platform, backend, route, size }) => {
    const of = (kind: Which['kind']) => {
      const added = performances.addedBy({ platform, backend, route, size, kind });
      return added && medianOf(added);
    };
    const [floor, library, peer] = [of('floor'), of('library'), of('peer')];
    if (library === undefined) return [];
    const name = [PLATFORM_NAMES[platform], ROUTE_NAMES[route], BACKEND_NAMES[backend], SIZE_NAMES[size]];
    return [[...name, ...[floor, library, peer].map(microseconds), timesOf(library, floor), timesOf(library, peer)]];
  });
  const headings = ['request', 'store', 'session', 'floor', 'this library', 'peer', 'to the floor', 'to the peer'];
  return [[`Node ${majorOf(node)}`, ...headings], ...rows];
}

/** What sessions of 0.2 KB add, as a share of what the floor and the peer add: for those who want no figures of a machine. */
export function summaryTable(runs: readonly BenchResults[]): Table {
  const rows = rowsOf()
    .filter(({ backend, size }) => backend !== 'postgres' && size === SMALL)
    .map(({ platform, backend, route }) => {
      const shares = runs.flatMap(({ http }) => {
        const performances = new Performances(http?.performances ?? []);
        const of = (kind: Which['kind']) => medianOf(performances.addedBy({ platform, backend, route, kind }) ?? []);
        return [timesOf(of('library'), of('floor')), timesOf(of('library'), of('peer'))];
      });
      return [`${PLATFORM_NAMES[platform]}, ${BACKEND_NAMES[backend]}: ${ROUTE_NAMES[route]}`, ...shares];
    });
  const headings = runs.flatMap(({ node }) => [`Node ${majorOf(node)}: to the floor`, 'to the peer']);
  return [['a request', ...headings], ...rows];
}

/** What a request costs as a whole, and how many of them one server answers. */
export function requestTable({ http }: BenchResults): Table {
  const rows = (http?.performances ?? []).map(({ contender, route, size, cpu, perSecond }) => [
    PLATFORM_NAMES[contender.platform],
    contender.kind,
    contender.backend === undefined ? NOTHING : BACKEND_NAMES[contender.backend],
    ROUTE_NAMES[route],
    SIZE_NAMES[size],
    medianOf(cpu).toFixed(1),
    `${Math.min(...cpu).toFixed(1)} to ${Math.max(...cpu).toFixed(1)}`,
    Math.round(medianOf(perSecond)).toLocaleString('en'),
  ]);
  return [
    ['platform', 'contender', 'store', 'request', 'session', 'CPU, µs', 'over the rounds', 'requests a second'],
    ...rows,
  ];
}

/** The memory store at scale, beside a bare Map: a row for each size. */
export function memoryTable(runs: readonly BenchResults[]): Table {
  const rows = runs.flatMap(({ node, memory = [] }) =>
    memory.map(({ sessions, bytesASession, getMicroseconds, addMicroseconds, changeMicroseconds, longestPauseMs }) => [
      sessions.toLocaleString('en'),
      `Node ${majorOf(node)}`,
      beside(bytesASession, 0),
      beside(addMicroseconds, 2),
      beside(getMicroseconds, 2),
      beside(changeMicroseconds, 2),
      beside(longestPauseMs, 1),
    ]),
  );
  return [
    [
      'sessions',
      'on',
      'bytes a session',
      'add, µs',
      'get, µs',
      'change, µs',
      'longest pause while a tenth expires, ms',
    ],
    ...rows,
  ];
}

function beside({ store, bare }: Figures, digits: number): string {
  return `${store.toFixed(digits)} (Map: ${bare.toFixed(digits)})`;
}

/** Each target, and whether it holds: of one run, or of several side by side. */
export function targetsTable(runs: readonly BenchResults[]): Table {
  const outcomes = runs.map(outcomesOf);
  const names = [...new Set(outcomes.flat().map(({ name }) => name))];
  const rows = names.map((name) => {
    const those = outcomes.map((ofRun) => ofRun.find((outcome) => outcome.name === name));
    const [target] = those.filter((outcome) => outcome !== undefined);
    return [name, target ? `≤ ${figure(target.most, target)}` : NOTHING, ...those.map(verdict)];
  });
  return [['target', 'at most', ...runs.map(({ node }) => `Node ${majorOf(node)}`)], ...rows];
}

export function majorOf(node: string): string {
  return /\d+/.exec(node)?.[0] ?? node;
}

function verdict(outcome: Outcome | undefined): string {
  if (!outcome) return NOTHING;
  const { measured, holds } = outcome;
  const interval = measured.low === measured.high ? '' : ` (${measured.low.toFixed(2)} to ${measured.high.toFixed(2)})`;
  return `${figure(measured.ratio, outcome)}${interval} ${holds ? '✓' : '✗'}`;
}

function figure(number: number, { unit }: Pick<Outcome, 'unit'>): string {
  return unit === 'bytes' ? `${Math.round(number)} ${unit}` : `${number.toFixed(2)}${unit === '' ? '' : ` ${unit}`}`;
}

function microseconds(figureInMicroseconds: number | undefined): string {
  return figureInMicroseconds === undefined ? NOTHING : figureInMicroseconds.toFixed(1);
}

function timesOf(library: number, other: number | undefined): string {
  // What adds nothing that could be told from noise is nothing to divide by.
  return other === undefined || !(other > 0) ? NOTHING : (library / other).toFixed(2);
}

interface Row {
  readonly platform: Platform;
  readonly backend: Backend;
  readonly route: RouteName;
  readonly size: Size;
}

function rowsOf(): Row[] {
  const exercises = [
    { route: 'read', size: 200 },
    { route: 'read', size: 2_000 },
    { route: 'read', size: 20_000 },
    { route: 'change', size: 200 },
    { route: 'change', size: 2_000 },
    { route: 'change', size: 20_000 },
    { route: 'login', size: 200 },
  ] as const;
  return PLATFORMS.flatMap((platform) =>
    BACKENDS.flatMap((backend) => exercises.map((exercise) => ({ platform, backend, ...exercise }))),
  );
}
