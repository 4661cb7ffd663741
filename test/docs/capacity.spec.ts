/** docs/capacity.md says what was measured, and what follows from that. */
import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { MarkdownPage } from '../support/markdown.page.js';
import { withTable } from '../support/markdown.table.js';
import { type Measured, tablesOf, textOf } from './capacity.tables.js';

const PAGE = new URL('../../docs/capacity.md', import.meta.url);
const RESULTS = new URL('../../docs/benchmarks/capacity.json', import.meta.url);
const text = readFileSync(PAGE, 'utf8');
const page = new MarkdownPage('docs/capacity.md');

const numberIn = (cell = '') => Number(cell.replaceAll(',', '') || NaN);
const given = (row: string) => numberIn(page.cellsOf('given').find(([name]) => name === row)?.[1]);

/** After another measurement, `npx vitest run test/docs/capacity.spec.ts --update` writes the tables. */
it('the tables of docs/capacity.md hold what was measured, and what the examples need by that', async () => {
  const { redis, postgres } = JSON.parse(readFileSync(RESULTS, 'utf8')) as { redis: Measured; postgres: Measured };
  const measured = tablesOf(redis, postgres, given).reduce(withTable, text);
  const options = await resolveConfig(PAGE);
  await expect(await format(measured, { ...options, parser: 'markdown' })).toMatchFileSnapshot(PAGE.pathname);
});

it('what the examples are given fits together', () => {
  const days = given('days from the first request to the last') + given('days of `timeout`');
  expect(given('sessions')).toBe(given('new sessions a day') * days);
  const active = given('gets a second') * given('seconds from request to request, while in use');
  expect(given('touches a second')).toBe(active / 60);
  expect(given('purged a second')).toBe(Math.round(given('new sessions a day') / (24 * 60 * 60)));
});

it('the sessions at a time, with the default timeout, follow from what the page says of them', () => {
  const sentence = /of 30 minutes, ([\d,]+) new ones a day, each in use for (\d+) minutes, are\s([\d,]+) at a\stime/;
  const [, aDay, inUse, atATime] = sentence.exec(text) ?? [];
  expect(numberIn(aDay)).toBe(given('new sessions a day'));
  expect(atATime).toBe(textOf((numberIn(aDay) * (Number(inUse) + 30 + 1)) / (24 * 60), 0));
});
