/** From figures of rounds to ratios, and whether targets hold. */
import { describe, expect, it } from 'vitest';
import type { BenchResults } from '../../bench/bench.results.js';
import { fillerOf } from '../../bench/http/apps/session.content.js';
import { type Contender, SIZES } from '../../bench/http/contender.js';
import { type Performance, Performances, ratioOf } from '../../bench/http/performance.js';
import { outcomesOf } from '../../bench/targets.js';

const contender = (kind: Contender['kind'], backend?: Contender['backend']): Contender => ({
  platform: 'fastify',
  kind,
  backend,
});
const performance = (who: Contender, route: Performance['route'], cpu: number[]): Performance => ({
  contender: who,
  route,
  size: 200,
  cpu,
  perSecond: cpu.map(() => 1_000),
});

const performances = [
  performance(contender('bare'), 'read', [20, 20, 40]),
  performance(contender('floor', 'memory'), 'read', [30, 30, 50]),
  performance(contender('library', 'memory'), 'read', [28, 28, 48]),
  performance(contender('peer', 'memory'), 'read', [36, 36, 56]),
];
const results: BenchResults = {
  date: '2026-01-01',
  processor: 'any',
  node: 'v20.20.2',
  http: { generator: 'wrk', performances },
};

describe('what sessions add', () => {
  it('is what a request costs more than bare Nest in the same round', () => {
    const added = new Performances(performances).addedBy({
      platform: 'fastify',
      kind: 'floor',
      backend: 'memory',
      route: 'read',
    });
    expect(added).toEqual([10, 10, 10]);
  });

  it('is unknown where it was not measured', () => {
    const which = { platform: 'express', kind: 'library', backend: 'memory', route: 'read' } as const;
    expect(new Performances(performances).addedBy(which)).toBeUndefined();
  });
});

describe('a ratio', () => {
  it('is that of the medians, and its interval spans the rounds', () => {
    const { ratio, low, high } = ratioOf([1, 2, 3, 4, 100], [2, 2, 2, 2, 2]);
    expect(ratio).toBe(1.5);
    expect(low).toBeLessThan(1.5);
    expect(high).toBeGreaterThan(1.5);
  });

  it('is the same each time', () => {
    expect(ratioOf([1, 2, 3], [3, 2, 1])).toEqual(ratioOf([1, 2, 3], [3, 2, 1]));
  });
});

describe('targets', () => {
  it('hold, or don’t', () => {
    const holds = Object.fromEntries(outcomesOf(results).map(({ name, holds: held }) => [name, held]));
    expect(holds).toEqual({
      'Fastify: a read in memory, to the floor': true,
      'Fastify: a read in memory, to @fastify/session': true,
    });
    const slower = performances.map((one) =>
      one.contender.kind === 'library' ? { ...one, cpu: one.cpu.map((figure) => figure + 4) } : one,
    );
    const [toFloor, toPeer] = outcomesOf({ ...results, http: { generator: 'wrk', performances: slower } });
    expect(toFloor).toMatchObject({ measured: { ratio: 1.2 }, holds: false });
    expect(toPeer).toMatchObject({ measured: { ratio: 0.75 }, holds: false });
  });
});

it.each(SIZES)('sessions of %i bytes have about as many', (size) => {
  const bytes = JSON.stringify(fillerOf(size)).length + 60;
  expect(bytes).toBeGreaterThan(size * 0.75);
  expect(bytes).toBeLessThan(size * 1.25);
});
