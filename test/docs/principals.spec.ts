/** docs/principals.md says what was measured. */
import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { withTable } from '../support/markdown.table.js';

const PAGE = new URL('../../docs/principals.md', import.meta.url);
const RESULTS = new URL('../../docs/benchmarks/principals.json', import.meta.url);
const BACKENDS = ['memory', 'redis', 'postgres'] as const;
const CALLS = {
  'list of 3, ms': '`sessionsOf`, 3 sessions',
  'removeAll of 3, ms': '`revokeAll`, 3 sessions',
  'list of 10000, ms': '`sessionsOf`, 10,000 sessions',
  'removeAll of 10000, ms': '`revokeAll`, 10,000 sessions',
} as const;
const AMONG = { 'among 1000 of others': '1,000', 'among 1000000 of others': '1,000,000' } as const;

type Figures = Record<keyof typeof AMONG, Record<keyof typeof CALLS, number>>;

/** After another measurement, `npx vitest run test/docs/principals.spec.ts --update` writes the table. */
it('the table of docs/principals.md holds what was measured', async () => {
  const results = JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<(typeof BACKENDS)[number], Figures>;
  const rows = entriesOf(CALLS).flatMap(([call, name]) =>
    entriesOf(AMONG).map(([among, others]) => [
      `${others} of others: ${name}`,
      ...BACKENDS.map((backend) => String(Number(results[backend][among][call].toPrecision(2)))),
    ]),
  );
  const measured = withTable(readFileSync(PAGE, 'utf8'), [
    ['milliseconds, among', 'memory', 'Redis', 'PostgreSQL'],
    ...rows,
  ]);
  const options = await resolveConfig(PAGE);
  await expect(await format(measured, { ...options, parser: 'markdown' })).toMatchFileSnapshot(PAGE.pathname);
});

function entriesOf<K extends string, V>(record: Record<K, V>): [K, V][] {
  return Object.entries(record) as [K, V][];
}
