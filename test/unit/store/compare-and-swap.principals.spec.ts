/** Sessions of a principal on a backend that swaps texts: in every order of steps, and wherever a process dies. */
import type { Key, RenameOptions, SessionLimit, SessionRecord } from 'nestjs-http-session/core';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../../support/barrier.js';
import { recordOf } from '../fixtures/record.js';
import { type Ending, MapStore, playAll, type Role } from './compare-and-swap.fixture.js';

const NOW = 1_000_000;
const MINUTE = 60_000;
const TAG = 'principal-ab';
const [ONE, TWO, NEW, OTHER] = [`${TAG}.one`, `${TAG}.two`, `${TAG}.new`, `${TAG}.other`];
const KEYS = [ONE, TWO, NEW, OTHER];
const INDEX = `${TAG}.index`;
const ANY = Infinity;
/** A busy machine may take its time for thousands of plays. */
const PATIENCE = { timeout: 120_000 };

let ops = 0;

function sessionOf(handle: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return recordOf({ principal: 'a', handle, created: NOW, accessed: NOW, timeout: 60 * MINUTE, ...more });
}

/** Sessions that lie under these keys, and are called like that. */
async function sessionsAt(...keys: Key[]): Promise<Map<Key, string>> {
  const store = new MapStore();
  for (const key of keys) await store.add(key, sessionOf(key), { op: `op of ${key}` });
  return store.texts;
}

/** As above, and touched once. */
async function usedSessionsAt(...keys: Key[]): Promise<Map<Key, string>> {
  const store = new MapStore(await sessionsAt(...keys));
  for (const key of keys) await store.touch(key, NOW + 59 * MINUTE);
  return store.texts;
}

function renameOptions(more: Partial<RenameOptions> = {}): RenameOptions {
  return { op: `op-${ops++}`, now: NOW, forwardUntil: NOW + MINUTE, graceUntil: 0, ...more };
}

const adds =
  (key: Key, limit?: SessionLimit, replaces?: Key): Role =>
  (store) =>
    store.add(key, sessionOf(key), { op: `op of ${key}`, ...(limit && { limit }), ...(replaces && { replaces }) });
const renames =
  (from: Key, to: Key, more: Partial<RenameOptions> = {}): Role =>
  (store) =>
    store.rename(from, to, renameOptions(more));
const removes =
  (key: Key): Role =>
  (store) =>
    store.remove(key);
const revokes =
  (except?: Key): Role =>
  (store) =>
    store.removeAll(TAG, NOW, except);
const changes =
  (key: Key): Role =>
  (store) =>
    store.change(key, { set: new Map([['a', '1']]), unset: [], op: `op-${ops++}` }, NOW);
/** When a session that was touched once may be touched again, so late that the index has to be told. */
const LATE = NOW + 118 * MINUTE;
const touches =
  (key: Key): Role =>
  (store) =>
    store.touch(key, LATE);
const lists: Role = async (store) => (await store.list(TAG, NOW)).map(({ outline }) => outline.handle).sort();

/** What lives, by where it lies: for who asks for the key, and for who lists. When all forwards are gone, too. */
async function living(texts: Map<Key, string>): Promise<Record<Key, string>> {
  const store = new MapStore(texts);
  const found: Record<Key, string> = {};
  for (const key of KEYS) {
    const there = await store.get(key, NOW);
    expect(Object.keys(there ?? {})).not.toContain('broken');
    if (there && 'record' in there) found[key] = there.record.handle;
  }
  for (const now of [NOW, NOW + 5 * MINUTE]) {
    await store.purge({ now, batchSize: 100, deadline: 1_000 });
    const listed = await store.list(TAG, now);
    expect(Object.fromEntries(listed.map(({ key, outline }) => [key, outline.handle]))).toEqual(found);
    expect(listed.length).toBe(Object.keys(found).length);
  }
  return found;
}

/** The session is listed as long as its last touch lets it live, and purges let it. */
async function expectTouched(texts: Map<Key, string>, now: number): Promise<void> {
  const store = new MapStore(texts);
  await store.purge({ now, batchSize: 100, deadline: 1_000 });
  expect((await store.list(TAG, now)).map(({ outline }) => outline.handle)).toEqual([ONE]);
}

async function always(
  setUp: () => Promise<Map<Key, string>>,
  roles: readonly Role[],
  expected: (living: Record<Key, string>, answers: readonly unknown[]) => void,
  switches = ANY,
  touchedUntil?: number,
): Promise<void> {
  const check = async (texts: Map<Key, string>, { answers, order }: Ending): Promise<void> => {
    try {
      expected(await living(texts), answers);
      if (touchedUntil !== undefined) await expectTouched(texts, touchedUntil);
    } catch (error) {
      throw new Error(`in the order ${order}: ${JSON.stringify(answers)}`, { cause: error });
    }
  };
  expect(await playAll(setUp, roles, switches, check)).toBeGreaterThan(5);
}

describe('In every order in which the steps of processes on one backend may come', PATIENCE, () => {
  it('a session is listed while it is renamed, once', async () => {
    await always(
      () => sessionsAt(ONE, TWO),
      [renames(ONE, NEW), lists],
      (live, answers) => {
        expect(answers).toEqual(['done', [ONE, TWO]]);
        expect(live).toEqual({ [NEW]: ONE, [TWO]: TWO });
      },
      3,
    );
  });

  it('a session that is renamed twice at a time is listed where it lies', async () => {
    await always(
      () => sessionsAt(ONE),
      [renames(ONE, NEW), renames(ONE, OTHER)],
      (live, answers) => {
        expect(answers).toEqual(['done', 'done']);
        expect(Object.values(live)).toEqual([ONE]);
        expect(live).not.toHaveProperty([ONE]);
      },
      2,
    );
  });

  it('a session that is renamed, and once more by who heard of that, is listed where it lies', async () => {
    const movesOn: Role = async (store) => {
      const found = await store.get(ONE, NOW);
      return store.rename(found && 'successor' in found ? found.successor : ONE, OTHER, renameOptions());
    };
    await always(
      () => sessionsAt(ONE),
      [renames(ONE, NEW), movesOn],
      (live) => expect(Object.values(live)).toEqual([ONE]),
      2,
    );
  });

  it('two sessions that are renamed at a time are both listed where they lie', async () => {
    await always(
      () => sessionsAt(ONE, TWO),
      [renames(ONE, NEW), renames(TWO, OTHER)],
      (live, answers) => {
        expect(answers).toEqual(['done', 'done']);
        expect(live).toEqual({ [NEW]: ONE, [OTHER]: TWO });
      },
      3,
    );
  });

  it.each([
    ['renamed', renames(ONE, NEW)],
    ['changed', changes(ONE)],
    ['touched', touches(ONE)],
    ['removed', removes(ONE)],
    ['listed', lists],
  ])('nothing is left of sessions of which one is %s while all are revoked', async (_verb, role) => {
    await always(
      () => usedSessionsAt(ONE, TWO),
      [role, revokes()],
      (live) => expect(live).toEqual({}),
      3,
    );
  });

  it('a session that is added while all are revoked is one of them, or it isn’t', async () => {
    await always(
      () => sessionsAt(ONE),
      [adds(NEW), revokes()],
      (live, [added, ended]) => {
        expect(added).toBe('added');
        expect(live).toEqual(ended === 2 ? {} : { [NEW]: NEW });
      },
    );
  });

  it('of two that spare themselves one is left', async () => {
    await always(
      () => sessionsAt(ONE, TWO),
      [revokes(ONE), revokes(TWO)],
      (live, answers) => {
        expect(answers).toEqual(answers[0] === 1 ? [1, 'gone'] : ['gone', 1]);
        expect(live).toEqual(answers[0] === 1 ? { [ONE]: ONE } : { [TWO]: TWO });
      },
    );
  });

  it('one that is spared is so while it is renamed', async () => {
    await always(
      () => sessionsAt(ONE, TWO),
      [renames(ONE, NEW), revokes(ONE)],
      (live, answers) => {
        expect(answers).toEqual(['done', 1]);
        expect(live).toEqual({ [NEW]: ONE });
      },
      4,
    );
  });

  it('sessions that are added at a time all live', async () => {
    await always(
      () => sessionsAt(ONE),
      [adds(NEW), adds(OTHER)],
      (live, answers) => {
        expect(answers).toEqual(['added', 'added']);
        expect(live).toEqual({ [ONE]: ONE, [NEW]: NEW, [OTHER]: OTHER });
      },
    );
  });

  it.each([
    ['an addition', adds(OTHER), { [ONE]: ONE, [OTHER]: OTHER }],
    ['a rename', renames(ONE, NEW, { forwardUntil: LATE + MINUTE }), { [NEW]: ONE }],
  ])(
    'a touch that the index has to be told of is not lost by %s, nor the other way round',
    async (_verb, role, after) => {
      await always(
        () => usedSessionsAt(ONE),
        [role, touches(ONE)],
        (live, answers) => {
          expect([
            ['added', true],
            ['done', true],
          ]).toContainEqual(answers);
          expect(live).toEqual(after);
        },
        3,
        LATE + 30 * MINUTE,
      );
    },
  );

  it('a limit lets as many in as it says', async () => {
    const limit = { max: 2, onMax: 'refuse' } as const;
    await always(
      () => sessionsAt(ONE),
      [adds(NEW, limit), adds(OTHER, limit)],
      (live, answers) => {
        expect(answers.map(String).sort()).toEqual(['added', 'limit']);
        const added = answers[0] === 'added' ? NEW : OTHER;
        expect(live).toEqual({ [ONE]: ONE, [added]: added });
      },
      4,
    );
  });

  it('a limit lets one in again for one that was removed meanwhile, or for none', async () => {
    const limit = { max: 1, onMax: 'refuse' } as const;
    await always(
      () => sessionsAt(ONE),
      [adds(NEW, limit), removes(ONE)],
      (live, [added, removed]) => {
        expect(removed).toBe(true);
        expect(live).toEqual(added === 'added' ? { [NEW]: NEW } : {});
      },
    );
  });

  it('a limit that removes the oldest leaves as many as it says, and tells the others', async () => {
    const limit = { max: 1, onMax: 'remove-oldest' } as const;
    await always(
      () => sessionsAt(ONE),
      [adds(NEW, limit), adds(OTHER, limit)],
      (live, answers) => {
        const displaced = answers.flatMap((answer) => (answer as { displaced: string[] }).displaced);
        expect(displaced).toHaveLength(2);
        expect(Object.values(live)).toEqual([ONE, NEW, OTHER].filter((handle) => !displaced.includes(handle)));
      },
      3,
    );
  });

  it('of two that replace the same one, a limit lets one in', async () => {
    const limit = { max: 1, onMax: 'refuse' } as const;
    await always(
      () => sessionsAt(ONE),
      [adds(NEW, limit, ONE), adds(OTHER, limit, ONE)],
      (live, answers) => {
        expect(answers.map(String).sort()).toEqual(['added', 'limit']);
        const added = answers[0] === 'added' ? NEW : OTHER;
        expect(live).toEqual({ [added]: added });
      },
      3,
    );
  });

  it('a session that is added twice by one op is there once', async () => {
    const limit = { max: 1, onMax: 'refuse' } as const;
    await always(sessionsAt, [adds(NEW, limit), adds(NEW, limit)], (live, answers) => {
      expect(answers).toEqual(['added', 'added']);
      expect(live).toEqual({ [NEW]: NEW });
    });
  });

  it('three at a time: renames and a revocation leave nothing', async () => {
    await always(
      () => sessionsAt(ONE),
      [renames(ONE, NEW), renames(ONE, OTHER), revokes()],
      (live) => expect(live).toEqual({}),
      1,
    );
  });

  it('three at a time: a rename, a touch and an addition lose nothing', async () => {
    await always(
      () => usedSessionsAt(ONE),
      [renames(ONE, NEW, { forwardUntil: LATE + MINUTE }), touches(ONE), adds(OTHER)],
      (live, answers) => {
        expect(answers).toEqual(['done', true, 'added']);
        expect(live).toEqual({ [NEW]: ONE, [OTHER]: OTHER });
      },
      1,
    );
  });
});

describe('A process that dies', () => {
  /** A rename looks at the session and the index, claims the new key, and tells the index. */
  const STEPS_BEFORE_HAND_OVER = 4;

  async function diesAfter(steps: number, texts: Map<Key, string>, role: Role): Promise<boolean> {
    let left = steps;
    const dying = new MapStore(texts, <T>(take: () => T) =>
      left-- > 0 ? Promise.resolve(take()) : new Promise<T>(() => undefined),
    );
    return Promise.race([role(dying).then(() => true), setImmediate(false)]);
  }

  /** What others find after it died, for each number of steps it came to take. */
  async function afterEachStep(
    setUp: () => Promise<Map<Key, string>>,
    role: Role,
    look: (store: MapStore) => Promise<void>,
  ): Promise<void> {
    let finished = false;
    for (let steps = 0; !finished; steps++) {
      const texts = await setUp();
      finished = await diesAfter(steps, texts, role);
      await look(new MapStore(texts));
    }
  }

  it('during a rename leaves the session listed where it lies', async () => {
    const places: Key[] = [];
    await afterEachStep(
      () => sessionsAt(ONE),
      renames(ONE, NEW),
      async ({ texts }) => {
        const live = await living(texts);
        expect(Object.values(live)).toEqual([ONE]);
        places.push(...Object.keys(live));
      },
    );
    expect(new Set(places)).toEqual(new Set([ONE, NEW]));
  });

  it('during a rename leaves nothing that a revocation does not end', async () => {
    await afterEachStep(
      () => sessionsAt(ONE),
      renames(ONE, NEW),
      async (store) => {
        expect(await store.removeAll(TAG, NOW)).toBe(1);
        expect(await living(store.texts)).toEqual({});
      },
    );
  });

  it('during a rename, beside one that goes on, leaves the session listed where that one moves it', async () => {
    const texts = await sessionsAt(ONE);
    const stopped = new Barrier();
    let left = STEPS_BEFORE_HAND_OVER;
    const renaming = new MapStore(texts, async (take) => {
      if (left-- === 0) await stopped.pass();
      return take();
    });
    const renamed = renames(ONE, NEW)(renaming);
    await stopped.reached;
    await diesAfter(STEPS_BEFORE_HAND_OVER, texts, renames(ONE, OTHER));
    stopped.open();
    expect(await renamed).toBe('done');
    expect(await living(texts)).toEqual({ [NEW]: ONE });
  });

  it('during a rename leaves nothing of another session in the place of its own', async () => {
    const texts = await sessionsAt(ONE, TWO);
    await diesAfter(STEPS_BEFORE_HAND_OVER, texts, renames(ONE, NEW));
    // As a backend that evicts.
    texts.delete(ONE);
    expect(await renames(TWO, NEW)(new MapStore(texts))).toBe('done');
    expect(await living(texts)).toEqual({ [NEW]: TWO });
  });

  it('during an addition leaves a session that lives and is listed, or neither; by the same op it is added', async () => {
    await afterEachStep(
      () => sessionsAt(ONE),
      adds(NEW),
      async (store) => {
        const live = Object.values(await living(store.texts));
        expect([[ONE], [ONE, NEW]]).toContainEqual(live);
        if (live.length === 1) {
          expect(await store.touch(NEW, NOW)).toBe(false);
          expect(await store.rename(NEW, OTHER, renameOptions())).toBe('gone');
        }
        expect(await adds(NEW)(store)).toBe('added');
        expect(await living(store.texts)).toEqual({ [ONE]: ONE, [NEW]: NEW });
      },
    );
  });

  it('during an addition in the place of another one leaves one of them', async () => {
    const limit = { max: 1, onMax: 'refuse' } as const;
    await afterEachStep(
      () => sessionsAt(ONE),
      adds(NEW, limit, ONE),
      async (store) => {
        expect([[ONE], [NEW]]).toContainEqual(Object.values(await living(store.texts)));
        expect(await adds(NEW, limit, ONE)(store)).toBe('added');
        expect(await living(store.texts)).toEqual({ [NEW]: NEW });
      },
    );
  });

  it('during an addition that displaces leaves as many as there may be', async () => {
    const limit = { max: 2, onMax: 'remove-oldest' } as const;
    await afterEachStep(
      () => sessionsAt(ONE, TWO),
      adds(NEW, limit),
      async ({ texts }) => expect(Object.keys(await living(texts))).toHaveLength(2),
    );
  });

  it('during a revocation leaves all, or none', async () => {
    await afterEachStep(
      () => sessionsAt(ONE, TWO),
      revokes(),
      async (store) => {
        const live = await living(store.texts);
        expect([[ONE, TWO], []]).toContainEqual(Object.values(live));
        for (const key of Object.keys(live).length > 0 ? [] : [ONE, TWO]) {
          expect(await changes(key)(store)).toBe('gone');
          expect(await store.touch(key, NOW)).toBe(false);
          expect(await store.rename(key, NEW, renameOptions())).toBe('gone');
          expect(await store.remove(key)).toBe(false);
        }
      },
    );
  });

  it('during a touch leaves a session that is listed as long as it lives', async () => {
    const ends: boolean[] = [];
    await afterEachStep(
      () => usedSessionsAt(ONE),
      touches(ONE),
      async (store) => {
        const now = LATE + 30 * MINUTE;
        const isTouched = store.texts.get(ONE)?.includes(String(LATE)) ?? false;
        await store.purge({ now, batchSize: 100, deadline: 1_000 });
        expect(await store.list(TAG, now)).toHaveLength(isTouched ? 1 : 0);
        ends.push(isTouched);
      },
    );
    expect(new Set(ends)).toEqual(new Set([false, true]));
  });

  it('during a remove leaves no name that counts', async () => {
    const limit = { max: 1, onMax: 'refuse' } as const;
    await afterEachStep(
      () => sessionsAt(ONE),
      removes(ONE),
      async (store) => {
        const live = Object.keys(await living(store.texts));
        expect(await adds(NEW, limit)(store)).toBe(live.length === 0 ? 'added' : 'limit');
      },
    );
  });

  it.each([
    ['a rename', renames(ONE, NEW)],
    ['an addition', adds(NEW)],
    ['an addition that displaces', adds(NEW, { max: 1, onMax: 'remove-oldest' })],
    ['a touch', touches(ONE)],
    ['a remove', removes(ONE)],
    ['a revocation', revokes()],
  ])('during %s leaves nothing that a purge does not remove in the end', async (_verb, role) => {
    await afterEachStep(
      () => usedSessionsAt(ONE, TWO),
      role,
      async (store) => {
        await store.purge({ now: NOW + 10 * 60 * MINUTE, batchSize: 100, deadline: 1_000 });
        expect(store.texts).toEqual(new Map());
      },
    );
  });
});

describe('The index of a principal', () => {
  it('outlives its sessions, and is seldom written for their accesses', async () => {
    const store = new KeepingStore(await sessionsAt(ONE, TWO));
    for (let minute = 0; minute < 240; minute += 5) {
      store.now = NOW + minute * MINUTE;
      expect(await store.touch(ONE, store.now)).toBe(true);
      expect(store.keptUntil.get(INDEX) ?? Infinity).toBeGreaterThanOrEqual(store.now + 61 * MINUTE);
    }
    expect(store.swapsOf(INDEX)).toBeLessThan(5);
    expect(await store.list(TAG, NOW + 240 * MINUTE)).toHaveLength(1);
  });

  it('is kept no longer than the last session may last', async () => {
    const store = new KeepingStore(new Map());
    await store.add(ONE, sessionOf(ONE, { ends: NOW + 30 * MINUTE }), { op: 'op' });
    expect(store.keptUntil.get(INDEX)).toBe(NOW + 31 * MINUTE);
  });

  it('is kept no longer for a session that is removed', async () => {
    const store = new KeepingStore(new Map());
    for (const key of [ONE, TWO]) await store.add(key, sessionOf(key), { op: key });
    const kept = store.keptUntil.get(INDEX);
    await store.remove(ONE);
    expect(store.swapsOf(INDEX)).toBe(3);
    expect(store.keptUntil.get(INDEX)).toBe(kept);
  });

  it('names a session no more that was removed, and is gone with the last one', async () => {
    const store = new MapStore(await sessionsAt(ONE, TWO));
    await store.remove(ONE);
    expect(store.texts.get(INDEX)).not.toContain(ONE);
    await store.remove(TWO);
    expect(store.texts).toEqual(new Map());
  });

  it('forgets what has ended when another one is added, and not what was used since', async () => {
    const store = new MapStore(await sessionsAt(ONE, TWO));
    await store.touch(TWO, NOW + 59 * MINUTE);
    const now = NOW + 130 * MINUTE;
    await store.touch(TWO, NOW + 110 * MINUTE);
    await store.add(NEW, sessionOf(NEW, { created: now, accessed: now }), { op: 'op' });
    expect(store.texts.get(INDEX)).not.toContain(ONE);
    expect((await store.list(TAG, now)).map(({ key }) => key).sort()).toEqual([NEW, TWO]);
  });

  it('knows no more keys of a session than it takes, however often that is renamed', async () => {
    const store = new MapStore(await sessionsAt(ONE));
    let from = ONE;
    for (let turn = 0; turn < 50; turn++) {
      const to = `${TAG}.${turn}`;
      expect(await store.rename(from, to, renameOptions())).toBe('done');
      from = to;
    }
    expect(store.texts.get(INDEX)?.split(`${TAG}.`).length).toBeLessThan(5);
  });

  it('that is lost logs everybody out, and lets nobody in', async () => {
    const store = new MapStore(await sessionsAt(ONE, TWO));
    store.texts.delete(INDEX);
    expect(await living(store.texts)).toEqual({});
    expect(await changes(ONE)(store)).toBe('gone');
    await store.add(NEW, sessionOf(NEW), { op: 'op' });
    expect(await living(store.texts)).toEqual({ [NEW]: NEW });
  });

  it.each(['hello', '["index"]', '["index",0,["handle"]]', '["index-2",0]'])(
    'that can’t be read, %j, is left alone: its sessions are broken, can be removed, and all be revoked',
    async (text) => {
      const store = new MapStore(await sessionsAt(ONE, TWO));
      store.texts.set(INDEX, text);
      expect(await store.get(ONE, NOW)).toEqual({ broken: expect.any(String) });
      expect(await store.get(NEW, NOW)).toBeUndefined();
      expect(await store.touch(ONE, NOW)).toBe(false);
      expect(await changes(ONE)(store)).toBe('gone');
      expect(await store.list(TAG, NOW)).toEqual([]);
      await expect(adds(NEW)(store)).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect(await store.removeAll(TAG, NOW, ONE)).toBe('gone');
      await store.purge({ now: NOW, batchSize: 100, deadline: 1_000 });
      expect(store.texts.get(INDEX)).toBe(text);
      expect(await store.remove(ONE)).toBe(true);
      expect(store.texts.has(ONE)).toBe(false);
      await store.removeAll(TAG, NOW);
      expect(store.texts.has(INDEX)).toBe(false);
    },
  );

  it('costs one read more than a session without, and sessions without cost what they did', async () => {
    const store = new KeepingStore(await sessionsAt(ONE));
    await store.add('abcd.key', recordOf({ accessed: NOW }), { op: 'op' });
    const costOf = async (role: Role): Promise<string> => {
      store.calls = '';
      await role(store);
      return store.calls;
    };
    expect([await costOf((one) => one.get('abcd.key', NOW)), await costOf((one) => one.get(ONE, NOW))]).toEqual([
      'r',
      'rr',
    ]);
    expect([await costOf(changes('abcd.key')), await costOf(changes(ONE))]).toEqual(['rs', 'rrs']);
    expect([await costOf(renames('abcd.key', 'abcd.new')), await costOf(renames(ONE, NEW))]).toEqual([
      'rsss',
      'rrssss',
    ]);
    expect([await costOf(removes('abcd.new')), await costOf(removes(NEW))]).toEqual(['rs', 'rrss']);
    const added = async (key: Key) => costOf((one) => one.add(key, sessionOf(key), { op: 'op' }));
    expect([await added('abcd.other'), await added(OTHER)]).toEqual(['s', 'srs']);
  });

  it('is no session for a purge to count', async () => {
    const store = new MapStore(await sessionsAt(ONE, TWO));
    const purged = await store.purge({ now: NOW + 10 * 60 * MINUTE, batchSize: 100, deadline: 1_000 });
    expect(purged).toEqual({ completed: true, removed: 2 });
    expect(store.texts.size).toBe(0);
  });

  it('and what it named are all there is: nothing is left of what was refused, displaced, replaced or revoked', async () => {
    const store = new MapStore(await sessionsAt(ONE, TWO));
    expect(await adds(NEW, { max: 2, onMax: 'refuse' })(store)).toBe('limit');
    expect([...store.texts.keys()].sort()).toEqual([INDEX, ONE, TWO]);
    expect(await adds(NEW, { max: 2, onMax: 'remove-oldest' })(store)).toEqual({ displaced: [ONE] });
    expect([...store.texts.keys()].sort()).toEqual([INDEX, NEW, TWO]);
    expect(await adds(OTHER, undefined, TWO)(store)).toBe('added');
    expect([...store.texts.keys()].sort()).toEqual([INDEX, NEW, OTHER]);
    expect(await revokes(NEW)(store)).toBe(1);
    expect([...store.texts.keys()].sort()).toEqual([INDEX, NEW]);
    expect(await revokes()(store)).toBe(1);
    expect(store.texts).toEqual(new Map());
  });

  it('is listed and revoked with no more than a hundred sessions at a time', async () => {
    let [running, most] = [0, 0];
    const store = new MapStore(new Map(), async (take) => {
      most = Math.max(most, ++running);
      await setImmediate();
      running--;
      return take();
    });
    const keys = Array.from({ length: 250 }, (_, index) => `${TAG}.${index}`);
    for (const key of keys) await store.add(key, sessionOf(key), { op: key });
    expect((await store.list(TAG, NOW)).map(({ key }) => key)).toEqual(keys);
    expect(await store.removeAll(TAG, NOW)).toBe(250);
    expect(store.texts).toEqual(new Map());
    expect(most).toBe(100);
  });

  it('lets nobody hear of a session that has expired and was revoked', async () => {
    const store = new MapStore(await sessionsAt(ONE, TWO));
    const late = NOW + 60 * MINUTE;
    expect(await store.get(ONE, late)).toEqual({ expired: ONE });
    const { texts } = store;
    const left = texts.get(ONE) ?? '';
    await store.removeAll(TAG, NOW);
    texts.set(ONE, left);
    expect(await store.get(ONE, late)).toBeUndefined();
  });

  it('tells how many were revoked, also if what is left of them can’t be cleared', async () => {
    const store = new FailingStore(await sessionsAt(ONE, TWO));
    store.isDown = (key) => key !== INDEX;
    expect(await store.removeAll(TAG, NOW)).toBe(2);
    store.isDown = () => false;
    expect(await living(store.texts)).toEqual({});
  });

  it('that can’t be told of a remove is told of a session that isn’t there', async () => {
    const store = new FailingStore(await sessionsAt(ONE, TWO));
    store.isDown = (key) => key === INDEX;
    expect(await store.remove(ONE)).toBe(true);
    store.isDown = () => false;
    expect(store.texts.get(INDEX)).toContain(ONE);
    expect(await living(store.texts)).toEqual({ [TWO]: TWO });
  });

  it('that can’t be told of a rename, or an addition, makes them fail', async () => {
    const store = new FailingStore(await sessionsAt(ONE));
    store.isDown = (key) => key === INDEX;
    await expect(renames(ONE, NEW)(store)).rejects.toThrow('down');
    await expect(adds(OTHER)(store)).rejects.toThrow('down');
    await expect(revokes()(store)).rejects.toThrow('down');
    store.isDown = () => false;
    expect(await living(store.texts)).toEqual({ [ONE]: ONE });
  });
});

/** Can't write under some keys. */
class FailingStore extends MapStore {
  isDown: (key: Key) => boolean = () => false;

  protected override swap(...args: Parameters<MapStore['swap']>): ReturnType<MapStore['swap']> {
    if (this.isDown(args[0])) throw new Error('down');
    return super.swap(...args);
  }
}

/** Remembers what it was asked, and for how long the backend may drop nothing. */
class KeepingStore extends MapStore {
  readonly keptUntil = new Map<Key, number>();
  now = NOW;
  calls = '';
  readonly #swaps: Key[] = [];

  swapsOf(key: Key): number {
    return this.#swaps.filter((one) => one === key).length;
  }

  protected override read(key: Key): ReturnType<MapStore['read']> {
    this.calls += 'r';
    return super.read(key);
  }

  protected override async swap(...[key, expected, next, keepFor]: Parameters<MapStore['swap']>): Promise<boolean> {
    this.calls += 's';
    this.#swaps.push(key);
    const swapped = await super.swap(key, expected, next, keepFor);
    if (swapped) this.keptUntil.set(key, this.now + keepFor);
    return swapped;
  }
}
