/** A cache that fails costs speed only: nobody serves what others have changed, even if he still reaches the cache. */
import { MemoryStore } from 'nestjs-http-session';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf } from '../../fixtures/session.error.js';
import { isSettled, turns } from '../../fixtures/turns.js';
import { NOW, OwnCache, Process, SharedCache, TwoProcesses } from './tiered.fixture.js';

const TAG = 'principal-ab';
const KEY = `${TAG}.key`;
const NEXT = `${TAG}.next`;
const OTHER = 'efgh.other';
const LOOK = 500;

let here: Process;
let there: Process;

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW, toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  ({ here, there } = new TwoProcesses({ freshFor: '30s' }));
  await here.add(KEY, { principal: 'a' });
  await here.add(OTHER);
});

afterEach(() => void vi.useRealTimers());

/** Whether `work` ends within `ms`. */
async function endsIn(ms: number, work: Promise<unknown>): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  await vi.advanceTimersByTimeAsync(ms);
  await turns();
  return Promise.race([settled, Promise.resolve(false)]);
}

/** Lets all pauses of a call pass. */
async function ended<T>(work: PromiseLike<T>): Promise<T> {
  const outcome = Promise.resolve(work);
  outcome.catch(() => undefined);
  for (let looks = 0; looks < 5; looks++) {
    await vi.advanceTimersByTimeAsync(LOOK);
    await turns(2);
  }
  return outcome;
}

/** The calls by which a process told the others. */
function toldBy({ durable }: Process): string[] {
  return durable.calls.flatMap(({ method, key }) => (key?.startsWith('tier.') && method === 'change' ? [method] : []));
}

const WRITES: [string, () => Promise<unknown>, () => Promise<void>][] = [
  ['change', () => here.set(KEY, 'a', '1'), async () => expect(await there.attr(KEY, 'a')).toBe('1')],
  ['remove', async () => here.store.remove(KEY), async () => expect(await there.get(KEY)).toBeUndefined()],
  ['rename', () => here.rename(KEY, NEXT), async () => expect(await there.get(KEY)).toBeUndefined()],
  [
    'session in its place',
    async () => {
      const record = await here.get(OTHER);
      if (record) await here.store.add('ijkl.key', { ...record, handle: 'new' }, { op: 'op', replaces: KEY });
    },
    async () => expect(await there.get(KEY)).toBeUndefined(),
  ],
  [
    'revocation of all',
    async () => here.store.removeAll(TAG, NOW),
    async () => expect(await there.get(KEY)).toBeUndefined(),
  ],
  [
    'session that displaces it',
    () => here.addWithin(1, `${TAG}.new`, { principal: 'a' }),
    async () => expect(await there.get(KEY)).toBeUndefined(),
  ],
];

describe.each(WRITES)('after a %s by a process whose way to the cache is cut', (_, write, isSeen) => {
  it('the others serve no older copy, though they still reach the cache', async () => {
    await there.copied(KEY);
    here.cache.failCopies();
    await ended(write());
    await isSeen();
  });

  it('the others serve none if the cache doesn’t answer', async () => {
    await there.copied(KEY);
    here.cache.freezeCopies();
    await ended(write());
    await isSeen();
  });

  it('it doesn’t resolve before those who looked just now look again', async () => {
    await here.get(KEY);
    await there.copied(KEY);
    here.cache.failCopies();
    const written = write();
    // Three tries take 70 ms.
    expect(await endsIn(70 + LOOK - 1, written)).toBe(false);
    expect(await endsIn(100, written)).toBe(true);
    await isSeen();
  });

  it('a drop that fails once is tried again, and nobody is told', async () => {
    await there.copied(KEY);
    here.cache.failCopies(['drop'], 3);
    expect(await endsIn(70, write())).toBe(true);
    expect(toldBy(here)).toEqual([]);
    await isSeen();
  });
});

describe('while the cache is down', () => {
  beforeEach(() => void here.cache.failCopies());

  it('sessions are read, and found as they are', async () => {
    expect(await here.get(KEY)).toMatchObject({ version: 1 });
    await ended(here.set(KEY, 'a', '1'));
    expect(await here.attr(KEY, 'a')).toBe('1');
    await ended(Promise.resolve(here.store.remove(KEY)));
    expect(await here.get(KEY)).toBeUndefined();
  });

  it('an access is recorded without telling anybody', async () => {
    expect(await isSettled(Promise.resolve(here.store.touch(KEY, NOW + 1)))).toBe(true);
    expect(await here.get(KEY)).toMatchObject({ accessed: NOW + 1 });
  });

  it('only the first write takes longer, and only some tell the others', async () => {
    await ended(here.set(KEY, 'a', '0'));
    here.durable.forget();
    for (let second = 1; second <= 120; second++) {
      expect(await endsIn(LOOK, here.set(KEY, 'a', String(second)))).toBe(true);
      expect(await endsIn(100, here.set(OTHER, 'a', String(second)))).toBe(true);
      expect(await there.attr(KEY, 'a')).toBe(String(second));
    }
    expect(toldBy(here).length).toBeLessThanOrEqual(10);
    expect(here.cache.countOf('drop')).toBeLessThan(100);
  });

  it('a write is done before a request has waited for two seconds, even if the cache doesn’t answer', async () => {
    const slow = new Process(here.durable, new SharedCache(here.cache), { cacheTimeout: '500ms' });
    await slow.get(KEY);
    slow.cache.freezeCopies();
    expect(await endsIn(1_050, slow.set(KEY, 'a', '1'))).toBe(true);
  });

  it('that is said once', async () => {
    await here.get(KEY);
    await ended(here.set(KEY, 'a', '1'));
    await here.get(KEY);
    expect(here.log).toEqual(['The cache of the session store failed (Error ECONNREFUSED).']);
  });
});

describe('when the cache is back', () => {
  it('copies are served again, by all, and none that is older than what was written meanwhile', async () => {
    await there.copied(KEY);
    const up = here.cache.failCopies();
    await ended(here.set(KEY, 'a', '1'));
    up();
    for (const process of [here, there]) await process.get(OTHER);
    await vi.advanceTimersByTimeAsync(60_000);
    for (const process of [here, there]) await process.get(OTHER);
    await vi.advanceTimersByTimeAsync(60_000);
    for (const process of [here, there]) {
      expect(await process.get(KEY, NOW + 130_000)).toMatchObject({ version: 2 });
      await turns();
      process.durable.forget();
      expect(await process.get(KEY, NOW + 130_001)).toMatchObject({ version: 2 });
      expect(process.durable.calls.filter(({ key }) => key === KEY)).toEqual([]);
    }
  });
});

describe('a process that starts', () => {
  it('after others were told, and before the copies have gone, serves none', async () => {
    await there.copied(KEY);
    here.cache.failCopies();
    await ended(Promise.resolve(here.store.remove(KEY)));
    const third = new Process(there.durable, new SharedCache(there.cache), { freshFor: '30s' });
    expect(await third.get(KEY)).toBeUndefined();
  });

  it('long after that serves copies at once', async () => {
    here.cache.failCopies();
    await ended(here.set(KEY, 'a', '1'));
    const later = NOW + 10 * 60_000;
    vi.setSystemTime(later);
    const third = new Process(there.durable, new SharedCache(there.cache), { freshFor: '30s' });
    for (let reads = 0; reads < 2; reads++) {
      third.durable.forget();
      await third.get(KEY, later);
      await turns();
    }
    expect(third.durable.count()).toBe(0);
  });
});

describe('several processes that can’t reach the cache', () => {
  it('all tell, and none fails', async () => {
    await there.copied(KEY);
    here.cache.failCopies();
    there.cache.failCopies();
    const first = here.durable.hold('add', 'before');
    const [one, another] = [here.set(KEY, 'a', '1'), there.set(KEY, 'b', '2')];
    await ended(turns());
    first.release();
    await ended(Promise.all([one, another]));
    expect(Object.fromEntries((await here.get(KEY))?.attrs ?? [])).toEqual({ a: '1', b: '2' });
  });
});

describe('a durable tier that fails too', () => {
  it('fails the write: the others couldn’t be told', async () => {
    here.cache.failCopies();
    here.durable.intercept(
      'change',
      (proceed, [key]) => {
        if (key === KEY) return proceed();
        throw new Error('down');
      },
      Infinity,
    );
    await expect(ended(here.set(KEY, 'a', '1'))).rejects.toEqual(errorOf('STORE_FAILED'));
  });

  it('that has lost what it needs to tell the others fails the write too', async () => {
    here.cache.failCopies();
    here.durable.intercept('change', (proceed, [key]) => (key === KEY ? proceed() : 'gone'), Infinity);
    here.durable.intercept('add', () => 'exists', Infinity);
    await expect(ended(here.set(KEY, 'a', '1'))).rejects.toEqual(errorOf('STORE_FAILED', 'copies'));
  });

  it('that can’t say whether others told serves no copies', async () => {
    await there.copied(KEY);
    await vi.advanceTimersByTimeAsync(LOOK);
    there.durable.intercept(
      'get',
      (proceed, [key]) => {
        if (key === KEY) return proceed();
        throw new Error('down');
      },
      Infinity,
    );
    there.durable.forget();
    expect(await there.get(KEY)).toMatchObject({ version: 1 });
    expect(there.durable.calls).toContainEqual({ method: 'get', key: KEY });
  });
});

describe('a durable tier that never answers one call', () => {
  it('keeps nobody from reading, nor for long from reading copies', async () => {
    await there.copied(KEY);
    await vi.advanceTimersByTimeAsync(LOOK);
    const lost = there.durable.hold('get');
    const read = there.get(KEY);
    await lost.reached;
    expect(await endsIn(LOOK, read)).toBe(true);
    expect(await read).toMatchObject({ version: 1 });
    await there.copied(KEY);
  });

  it('fails the writes that wait for that call, and no later one', async () => {
    here.cache.failCopies();
    const lost = here.durable.hold('add');
    const write = here.set(KEY, 'a', '1');
    write.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(70);
    await lost.reached;
    expect(await endsIn(10_000, write)).toBe(true);
    await expect(write).rejects.toEqual(errorOf('STORE_TIMEOUT'));
    expect(await ended(here.set(KEY, 'a', '2'))).toEqual({ version: 3 });
  });
});

describe('a durable tier that takes long to tell the others', () => {
  it('tells them again for a write that came late', async () => {
    ({ here } = new TwoProcesses({ freshFor: '5s' }));
    await here.add(KEY);
    here.cache.failCopies();
    const told = here.durable.hold('add', 'after');
    const first = here.set(KEY, 'a', '1');
    await vi.advanceTimersByTimeAsync(6_000);
    const second = here.set(KEY, 'a', '2');
    await vi.advanceTimersByTimeAsync(70);
    expect(toldBy(here)).toHaveLength(1);
    told.release();
    expect(await ended(Promise.all([first, second]))).toEqual([{ version: 2 }, { version: 3 }]);
    expect(toldBy(here)).toHaveLength(2);
  });
});

describe('a machine that sleeps, while only its wall clock goes on', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('serves no copy by what it saw before', async () => {
    await there.copied(KEY);
    here.cache.failCopies();
    const asleep = performance.now();
    await ended(Promise.resolve(here.store.remove(KEY)));
    vi.spyOn(performance, 'now').mockReturnValue(asleep);
    expect(await there.get(KEY)).toBeUndefined();
  });

  it('tells the others again, who have been awake', async () => {
    here.cache.failCopies();
    await ended(here.set(KEY, 'a', '1'));
    here.durable.forget();
    vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    vi.setSystemTime(NOW + 60_000);
    await ended(here.set(KEY, 'a', '2'));
    expect(toldBy(here)).toHaveLength(1);
  });
});

describe('a wall clock that is set back', () => {
  const earlier = NOW - 3_600_000;

  it('makes no process serve copies by what it saw before', async () => {
    await there.copied(KEY);
    here.cache.failCopies();
    vi.setSystemTime(earlier);
    await ended(Promise.resolve(here.store.remove(KEY)));
    expect(await there.get(KEY)).toBeUndefined();
  });

  it('keeps no write waiting', async () => {
    here.cache.failCopies();
    await ended(here.set(KEY, 'a', '1'));
    await vi.advanceTimersByTimeAsync(30_000);
    const write = here.set(KEY, 'a', '2');
    vi.setSystemTime(earlier);
    expect(await endsIn(LOOK, write)).toBe(true);
    expect(await endsIn(LOOK, here.set(KEY, 'a', '3'))).toBe(true);
  });
});

describe('a single process', () => {
  it('needs to tell nobody, and serves no older copy either', async () => {
    const single = new Process(new MemoryStore(), new OwnCache(), { singleProcess: true });
    await single.add(KEY);
    await single.copied(KEY);
    const up = single.cache.failCopies(['drop']);
    single.durable.forget();
    expect(await endsIn(70, Promise.resolve(single.store.remove(KEY)))).toBe(true);
    up();
    expect(await single.get(KEY)).toBeUndefined();
    expect(single.durable.calls).toEqual([
      { method: 'remove', key: KEY },
      { method: 'get', key: KEY },
    ]);
  });

  it('that starts serves nothing that the one before it couldn’t drop from a cache that is shared', async () => {
    const [durable, cache] = [new MemoryStore(), new SharedCache()];
    const before = new Process(durable, cache, { singleProcess: true });
    await before.add(KEY);
    await vi.advanceTimersByTimeAsync(30_000);
    await before.copied(KEY);
    cache.failCopies(['drop']);
    expect(await ended(Promise.resolve(before.store.remove(KEY)))).toBe(true);
    const after = new Process(durable, new SharedCache(cache), { singleProcess: true });
    expect(await after.get(KEY)).toBeUndefined();
    await after.add(OTHER);
    await vi.advanceTimersByTimeAsync(30_000);
    await after.copied(OTHER);
  });
});

describe('a cache that doesn’t answer', () => {
  it('is waited for no longer than cacheTimeout', async () => {
    here.cache.freezeCopies();
    const read = here.get(KEY);
    expect(await endsIn(249, read)).toBe(false);
    expect(await endsIn(1, read)).toBe(true);
    expect(await read).toMatchObject({ version: 1 });
  });

  it('isn’t waited for any more after some times', async () => {
    here.cache.freezeCopies();
    for (let reads = 0; reads < 5; reads++) await ended(here.get(KEY));
    void here.get(KEY); // The one in a second that finds out whether it is back.
    expect(await isSettled(here.get(KEY))).toBe(true);
  });

  it('says nothing of keys and commands', async () => {
    here.cache.failCopies();
    here.durable.intercept('add', () => Promise.reject(errorOf('STORE_FAILED') as Error));
    await ended(here.set(KEY, 'a', 'secret')).catch(() => undefined);
    expect(here.log.join()).not.toMatch(/abcd|secret|DEL/);
  });
});
