/** README and docs/benchmarks.md show what was measured. */
import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import type { BenchResults } from '../bench/bench.results.js';
import { chartOf } from '../bench/chart.js';
import { addedTable, memoryTable, summaryTable, targetsTable } from '../bench/report.js';
import { type Table, withTable } from '../support/markdown.table.js';

const fileOf = (name: string) => new URL(`../../${name}`, import.meta.url);
const resultsOf = (node: number) =>
  JSON.parse(readFileSync(fileOf(`docs/benchmarks/node-${node}.json`), 'utf8')) as BenchResults;

const runs = [resultsOf(20), resultsOf(24)];

/** After another measurement, `npx vitest run test/docs/benchmarks.spec.ts --update` writes the tables. */
it.each<[page: string, tables: Table[]]>([
  ['docs/benchmarks.md', [...runs.map(addedTable), memoryTable(runs), targetsTable(runs)]],
  ['README.md', [summaryTable(runs)]],
])('the tables of %s hold what was measured', async (page, tables) => {
  const file = fileOf(page);
  const measured = tables.reduce(withTable, readFileSync(file, 'utf8'));
  const options = await resolveConfig(file);
  await expect(await format(measured, { ...options, parser: 'markdown' })).toMatchFileSnapshot(file.pathname);
});

it.each(runs)('the chart of $node shows what was measured', async (run) => {
  const major = /\d+/.exec(run.node)?.[0];
  await expect(chartOf(run)).toMatchFileSnapshot(fileOf(`docs/benchmarks/node-${major}.svg`).pathname);
});
