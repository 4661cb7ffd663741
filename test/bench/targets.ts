/** What the library is to reach, each as a ratio of two figures of one run, and whether it does. */
import { PLATFORMS, type Platform } from './http/contender.js';
import { Performances, type Ratio, ratioOf, type Which } from './http/performance.js';
import type { BenchResults } from './bench.results.js';

export interface Target {
  readonly name: string;
  /** The most that is allowed. */
  readonly most: number;
  /** In what `most` and what was measured are, nothing for ratios. */
  readonly unit: string;
}

/** A target, and what was measured. */
export interface Outcome extends Target {
  readonly measured: Ratio;
  readonly holds: boolean;
}

const NAMES = { express: 'Express', fastify: 'Fastify' } as const;
const PEERS = { express: 'express-session', fastify: '@fastify/session' } as const;

/** Those that this run has figures for. */
export function outcomesOf({ http, memory }: BenchResults): Outcome[] {
  const performances = new Performances(http?.performances ?? []);
  const overHttp = PLATFORMS.flatMap((platform) => requestOutcomes(performances, platform));
  return [...overHttp, ...memoryOutcomes(memory)];
}

function requestOutcomes(performances: Performances, platform: Platform): Outcome[] {
  const of = (which: Omit<Which, 'platform'>): Which => ({ ...which, platform });
  const outcome = (what: string, figures: Rounds, others: Rounds, most: number): Outcome[] =>
    figures && others
      ? [judged({ name: `${NAMES[platform]}: ${what}`, most, unit: '' }, ratioOf(figures, others))]
      : [];
  const added = (what: string, ours: Omit<Which, 'platform'>, theirs: Omit<Which, 'platform'>, most: number) =>
    outcome(what, performances.addedBy(of(ours)), performances.addedBy(of(theirs)), most);

  const backends = [
    { backend: 'memory', where: 'in memory', readToFloor: 1.15, changeToPeer: 0.6 },
    // On Fastify the floor itself is close to the peer.
    { backend: 'redis', where: 'on Redis', readToFloor: 1.25, changeToPeer: platform === 'fastify' ? 0.9 : 0.6 },
  ] as const;
  return [
    ...outcome(
      'a route that uses no session, to bare Nest',
      performances.cpuOf(of({ kind: 'library', backend: 'memory', route: 'none' })),
      performances.cpuOf(of({ kind: 'bare', route: 'none' })),
      1.02,
    ),
    ...backends.flatMap(({ backend, where, readToFloor, changeToPeer }) => {
      const by = (kind: 'library' | 'floor' | 'peer', route: 'read' | 'change') => ({ kind, backend, route });
      const peer = PEERS[platform];
      return [
        ...added(`a read ${where}, to the floor`, by('library', 'read'), by('floor', 'read'), readToFloor),
        ...added(`a read ${where}, to ${peer}`, by('library', 'read'), by('peer', 'read'), 0.5),
        ...added(`a change ${where}, to the floor`, by('library', 'change'), by('floor', 'change'), 1.25),
        ...added(`a change ${where}, to ${peer}`, by('library', 'change'), by('peer', 'change'), changeToPeer),
      ];
    }),
    ...added(
      'a read of 20 KB in memory, to one of 0.2 KB',
      { kind: 'library', backend: 'memory', route: 'read', size: 20_000 },
      { kind: 'library', backend: 'memory', route: 'read' },
      1.1,
    ),
    ...added(
      'a read of 20 KB on Redis, to a GETEX of 20 KB',
      { kind: 'library', backend: 'redis', route: 'read', size: 20_000 },
      { kind: 'floor', backend: 'redis', route: 'fetch', size: 20_000 },
      1,
    ),
  ];
}

function memoryOutcomes(memory: BenchResults['memory']): Outcome[] {
  // The largest store comes last.
  const largest = memory?.at(-1);
  if (!largest) return [];
  const { bytesASession, getMicroseconds, longestPauseMs } = largest;
  const exactly = (figure: number): Ratio => ({ ratio: figure, low: figure, high: figure });
  return [
    judged({ name: 'MemoryStore: a session', most: 550, unit: 'bytes' }, exactly(bytesASession.store)),
    judged({ name: 'MemoryStore: a get, to a Map’s', most: 1.5, unit: '' }, exactly(getMicroseconds.ratio)),
    judged({ name: 'MemoryStore: the longest pause of a purge', most: 2, unit: 'ms' }, exactly(longestPauseMs.store)),
  ];
}

type Rounds = readonly number[] | undefined;

function judged(target: Target, measured: Ratio): Outcome {
  return { ...target, measured, holds: measured.ratio <= target.most };
}
