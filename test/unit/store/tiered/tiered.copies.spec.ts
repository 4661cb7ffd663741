/** What is served from copies, for how long, and what it costs. */
import { beforeEach, describe, expect, it } from 'vitest';
import { turns } from '../../fixtures/turns.js';
import { NOW, type Process, TwoProcesses } from './tiered.fixture.js';

const KEY = 'abcd.key';

let here: Process;
let there: Process;

beforeEach(async () => {
  ({ here, there } = new TwoProcesses({ freshFor: '30s' }));
  await here.add(KEY);
});

describe('a copy', () => {
  it('spares all processes the durable tier', async () => {
    await here.copied(KEY);
    await there.get('abcd.other');
    there.durable.forget();
    expect(await there.get(KEY)).toMatchObject({ version: 1 });
    expect(there.durable.count()).toBe(0);
  });

  it('is trusted until one millisecond before freshFor has passed since the read began', async () => {
    await here.copied(KEY);
    here.durable.forget();
    await here.get(KEY, NOW + 29_999);
    expect(here.durable.count('get')).toBe(0);
    await here.get(KEY, NOW + 30_000);
    expect(here.durable.calls).toContainEqual({ method: 'get', key: KEY });
  });

  it('that has expired doesn’t speak for the session: an access may be recorded since', async () => {
    await here.add('efgh.short', { timeout: 10_000 });
    await here.copied('efgh.short');
    here.cache.failCopies(['drop']);
    const deadline = NOW + 10_000;
    await here.store.touch('efgh.short', deadline - 1);
    expect(await here.get('efgh.short')).toMatchObject({ accessed: NOW });
    expect(await here.get('efgh.short', deadline)).toMatchObject({ accessed: deadline - 1 });
  });

  it('shares nothing with who was given the record it was made of', async () => {
    const fill = here.cache.holdCopies('fill');
    const record = await here.get(KEY);
    if (record?.attrs instanceof Map) record.attrs.set('a', 'by a caller');
    fill.open();
    await turns();
    expect(await there.attr(KEY, 'a')).toBeUndefined();
  });
});

describe('no copy is made', () => {
  it.each([
    ['what isn’t there', undefined],
    ['what can’t be read', { broken: 'on purpose' }],
    ['a forward', { successor: 'abcd.next', graceUntil: 0 }],
  ])('of %s', async (_, found) => {
    here.durable.intercept('get', (proceed, [key]) => (key === KEY ? found : proceed()), Infinity);
    expect(await here.store.get(KEY, NOW)).toEqual(found);
    await turns();
    expect(here.cache.countOf('fill')).toBe(0);
  });
});

describe('a process that reads and reads', () => {
  it('asks the durable tier no more than once for a session and once for suspensions', async () => {
    here.durable.forget();
    for (let reads = 0; reads < 20; reads++) {
      await here.get(KEY);
      await turns(1);
    }
    expect(here.durable.count()).toBe(2);
  });
});

describe('a new session', () => {
  it('costs the cache nothing', async () => {
    here.cache.copyCalls.length = 0;
    await here.add('efgh.key');
    expect(here.cache.copyCalls).toEqual([]);
  });
});
