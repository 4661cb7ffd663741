/** Results of benches as plain data, kept in a file together with those of other benches. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Counters } from './measure.js';

/** Figures as they are worth keeping: three digits, or all that are in front of the point. What wasn't measured is left out. */
export function rounded(figures: Counters): Counters {
  const known = Object.entries(figures).filter(([, figure]) => Number.isFinite(figure));
  return Object.fromEntries(known.map(([name, figure]) => [name, roundedTo3(figure)]));
}

function roundedTo3(figure: number): number {
  return Math.abs(figure) >= 100 ? Math.round(figure) : Number(figure.toPrecision(3));
}

/** Puts the results of one bench into a file, with when and on what they were measured. Those of others stay. */
export function keepResults(file: string | undefined, bench: string, results: object): void {
  if (file === undefined) return;
  const others: object = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : {};
  const measured = {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    ...results,
  };
  writeFileSync(file, `${JSON.stringify({ ...others, [bench]: measured }, null, 2)}\n`);
}
