import type { Delta, Key, RenameOptions } from 'nestjs-http-session/core';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../../support/barrier.js';
import { recordOf } from '../fixtures/record.js';
import { type Ending, MapStore, playAll, type Role } from './compare-and-swap.fixture.js';

const NOW = 1_000;
const [OLD, NEW, OTHER] = ['tag.old', 'tag.new', 'tag.other'];
/** Every order there is. Where that are thousands, those with a few switches from one process to another find as much. */
const ANY = Infinity;
/** A busy machine may take its time for thousands of plays. */
const PATIENCE = { timeout: 120_000 };

let ops = 0;

async function oneSession(): Promise<Map<Key, string>> {
  const store = new MapStore();
  await store.add(OLD, recordOf({ attrs: new Map([['kept', '1']]) }), { op: 'add' });
  return store.texts;
}

function renameOptions(): RenameOptions {
  return { op: `op-${ops++}`, now: NOW, forwardUntil: NOW + 60_000, graceUntil: NOW + 5_000 };
}

function deltaOf(name: string, more: Partial<Delta> = {}): Delta {
  return { set: new Map([[name, '1']]), unset: [], op: `op-${ops++}`, ...more };
}

const renames =
  (to: Key, from: Key = OLD): Role =>
  (store) =>
    store.rename(from, to, renameOptions());
const changes =
  (name: string, key: Key = OLD): Role =>
  (store) =>
    store.change(key, deltaOf(name), NOW);
const removes: Role = (store) => store.remove(OLD);

/** The keys under which a session lives, and the names of its attributes. */
async function living(texts: Map<Key, string>): Promise<Record<Key, string[]>> {
  const store = new MapStore(texts);
  const found: Record<Key, string[]> = {};
  for (const key of [OLD, NEW, OTHER]) {
    const there = await store.get(key, NOW);
    expect(Object.keys(there ?? {})).not.toContain('broken');
    if (there && 'record' in there) found[key] = [...there.record.attrs.keys()].sort();
  }
  return found;
}

/** Every way in which these roles may come in between each other, with so many switches, ends as `expected` says. */
async function always(
  roles: readonly Role[],
  expected: (ending: { living: Record<Key, string[]>; answers: readonly unknown[] }) => void,
  switches = ANY,
  setUp = oneSession,
): Promise<void> {
  const check = async (texts: Map<Key, string>, { answers, order }: Ending): Promise<void> => {
    const ending = { living: await living(texts), answers };
    try {
      expected(ending);
    } catch (error) {
      throw new Error(`in the order ${order}: ${JSON.stringify(ending)}`, { cause: error });
    }
  };
  expect(await playAll(setUp, roles, switches, check)).toBeGreaterThan(5);
}

describe('In every order in which the steps of processes on one backend may come', PATIENCE, () => {
  it('changes that overlap all survive', async () => {
    await always([changes('a'), changes('b')], ({ living, answers }) => {
      expect(living).toEqual({ [OLD]: ['a', 'b', 'kept'] });
      expect(answers).toEqual(expect.arrayContaining([{ version: 2 }, { version: 3 }]));
    });
  });

  it('of changes that expect one version one is made', async () => {
    const role: Role = async (store) =>
      'version' in Object(await store.change(OLD, deltaOf('a', { ifVersion: 1 }), NOW)) ? 'made' : 'conflict';
    await always([role, role], ({ answers }) => {
      expect(answers.map(String).sort()).toEqual(['conflict', 'made']);
    });
  });

  it('nothing is left of a session that is changed while it is removed', async () => {
    await always([changes('a'), removes], ({ living, answers }) => {
      expect(living).toEqual({});
      expect(answers[1]).toBe(true);
    });
  });

  it('a change that overlaps a rename reaches the successor', async () => {
    await always([renames(NEW), changes('a')], ({ living, answers }) => {
      expect(living).toEqual({ [NEW]: ['a', 'kept'] });
      expect(answers).toEqual(['done', { version: 2 }]);
    });
  });

  it('a change under the new key, by who learned it from the forward, survives', async () => {
    const follows: Role = async (store) => {
      const found = await store.get(OLD, NOW);
      const key = found && 'successor' in found ? found.successor : OLD;
      return store.change(key, deltaOf('a'), NOW);
    };
    await always([renames(NEW), follows], ({ living, answers }) => {
      expect(living).toEqual({ [NEW]: ['a', 'kept'] });
      expect(answers).toEqual(['done', { version: 2 }]);
    });
  });

  it('a session is found while it is renamed: under the old key, or under the one it tells', async () => {
    const looks: Role = async (store) => {
      let found = await store.get(OLD, NOW);
      if (found && 'successor' in found) found = await store.get(found.successor, NOW);
      return found && 'record' in found ? 'found' : found;
    };
    await always([renames(NEW), looks], ({ answers }) => {
      expect(answers).toEqual(['done', 'found']);
    });
  });

  it('a touch that overlaps a rename reaches the successor', async () => {
    await always([renames(NEW), (store) => store.touch(OLD, NOW + 5)], ({ answers }) => {
      expect(answers).toEqual(['done', true]);
    });
  });

  it('a remove that overlaps a rename ends the successor', async () => {
    await always([renames(NEW), removes], ({ living, answers }) => {
      expect(living).toEqual({});
      expect(answers).toEqual([expect.stringMatching(/done|gone/), true]);
    });
  });

  it('of renames to different keys exactly one successor lives', async () => {
    const check: Parameters<typeof always>[1] = ({ living, answers }) => {
      expect(Object.values(living)).toEqual([['kept']]);
      expect(living).not.toHaveProperty([OLD]);
      expect(answers).toEqual(['done', 'done']);
    };
    await always([renames(NEW), renames(OTHER)], check, 5);
  });

  it('of renames to one key one is made, and the successor lives', async () => {
    await always([renames(NEW), renames(NEW)], ({ living, answers }) => {
      expect(living).toEqual({ [NEW]: ['kept'] });
      expect(answers.map(String).sort()).toEqual(['done', 'exists']);
    });
  });

  it('of renames of two sessions to one key one is made, and both sessions live', async () => {
    const twoSessions = async (): Promise<Map<Key, string>> => {
      const texts = await oneSession();
      await new MapStore(texts).add(OTHER, recordOf({ attrs: new Map([['other', '1']]) }), { op: 'add' });
      return texts;
    };
    const both: Role[] = [renames(NEW), renames(NEW, OTHER)];
    const check: Parameters<typeof always>[1] = ({ living, answers }) => {
      const first = { [NEW]: ['kept'], [OTHER]: ['other'] };
      const second = { [OLD]: ['kept'], [NEW]: ['other'] };
      expect(living).toEqual(answers[0] === 'done' ? first : second);
      expect(answers.map(String).sort()).toEqual(['done', 'exists']);
    };
    await always(both, check, ANY, twoSessions);
  });

  it('a rename of what is just being renamed moves it on', async () => {
    const movesOn: Role = async (store) => {
      const found = await store.get(OLD, NOW);
      const key = found && 'successor' in found ? found.successor : OLD;
      return store.rename(key, OTHER, renameOptions());
    };
    const check: Parameters<typeof always>[1] = ({ living, answers }) => {
      expect(Object.values(living)).toEqual([['kept']]);
      expect(answers).toEqual(['done', 'done']);
    };
    await always([renames(NEW), movesOn], check, 4);
  });

  it('a session that is added twice by one op is there once, and a third one is refused', async () => {
    const adds =
      (op: string): Role =>
      (store) =>
        store.add(NEW, recordOf(), { op, replaces: OLD });
    await always([adds('x'), adds('x')], ({ living, answers }) => {
      expect(living).toEqual({ [NEW]: [] });
      expect(answers).toEqual(['added', 'added']);
    });
    await always([adds('x'), adds('y')], ({ living, answers }) => {
      expect(living).toEqual({ [NEW]: [] });
      expect(answers.map(String).sort()).toEqual(['added', 'exists']);
    });
  });

  it('three at a time: renames to one key and a remove leave nothing', async () => {
    await always([renames(NEW), renames(NEW), removes], ({ living }) => expect(living).toEqual({}), 3);
  });

  it('three at a time: renames to different keys and a change leave one successor, changed', async () => {
    await always(
      [renames(NEW), renames(OTHER), changes('a')],
      ({ living }) => expect(Object.values(living)).toEqual([['a', 'kept']]),
      3,
    );
  });

  it('three at a time: renames to one key and a change leave one successor, changed', async () => {
    await always(
      [renames(NEW), renames(NEW), changes('a')],
      ({ living }) => expect(living).toEqual({ [NEW]: ['a', 'kept'] }),
      3,
    );
  });
});

describe('A process that dies during a rename', () => {
  /** What other processes find after it died, for each number of steps it came to take. */
  async function afterEachStep(look: (store: MapStore, steps: number) => Promise<void>): Promise<void> {
    let finished = false;
    for (let steps = 0; !finished; steps++) {
      const texts = await oneSession();
      let left = steps;
      const dying = new MapStore(texts, <T>(take: () => T) =>
        left-- > 0 ? Promise.resolve(take()) : new Promise<T>(() => undefined),
      );
      const renamed = dying.rename(OLD, NEW, renameOptions());
      finished = await Promise.race([renamed.then(() => true), setImmediate(false)]);
      await look(new MapStore(texts), steps);
    }
  }

  it('leaves the session under the old key or under the new one, never under both', async () => {
    const places: string[] = [];
    await afterEachStep(async ({ texts }) => {
      const found = await living(texts);
      expect(Object.values(found)).toEqual([['kept']]);
      places.push(...Object.keys(found));
    });
    expect(new Set(places)).toEqual(new Set([OLD, NEW]));
  });

  it.each(['touch', 'change', 'remove', 'rename'] as const)('leaves a session that can be used: %s', async (verb) => {
    await afterEachStep(async (store) => {
      const [key = OLD] = Object.keys(await living(store.texts));
      for (const used of [OLD, key]) {
        if (verb === 'touch') expect(await store.touch(used, NOW)).toBe(true);
        if (verb === 'change') expect(await store.change(used, deltaOf(used), NOW)).toHaveProperty('version');
      }
      if (verb === 'remove') expect(await store.remove(OLD)).toBe(true);
      if (verb === 'rename') expect(await store.rename(OLD, OTHER, renameOptions())).toBe('done');
      const expected = {
        touch: { [key]: ['kept'] },
        change: { [key]: [...new Set(['kept', OLD, key])].sort() },
        remove: {},
        rename: { [OTHER]: ['kept'] },
      };
      expect(await living(store.texts)).toEqual(expected[verb]);
    });
  });

  it('leaves the new key free for another attempt of the same rename', async () => {
    await afterEachStep(async (store) => {
      expect(await store.rename(OLD, NEW, renameOptions())).toMatch(/done|exists/);
      expect(await living(store.texts)).toEqual({ [NEW]: ['kept'] });
    });
  });

  it('takes no claim with it that another one shares', async () => {
    const texts = await oneSession();
    const claimed = new Barrier();
    let stepsLeft = 2;
    const living = new MapStore(texts, async (take) => {
      if (stepsLeft-- === 0) await claimed.pass();
      return take();
    });
    const renamed = living.rename(OLD, NEW, renameOptions());
    await claimed.reached;
    // It finds the claim, has it kept longer, and dies.
    let sharing = 4;
    const dying = new MapStore(texts, async (take) => (sharing-- > 0 ? take() : new Promise(() => undefined)));
    void dying.rename(OLD, NEW, { ...renameOptions(), forwardUntil: NOW + 120_000 });
    await setImmediate();
    expect(sharing).toBeLessThan(0);
    claimed.open();
    expect(await renamed).toBe('done');
    // The forward has had its time.
    texts.delete(OLD);
    expect(await new MapStore(texts).get(NEW, NOW)).toHaveProperty('record');
  });

  it('leaves nothing that a purge does not remove in the end', async () => {
    await afterEachStep(async (store) => {
      await store.purge({ now: NOW + 3_600_000, batchSize: 100, deadline: 1_000 });
      expect(store.texts).toEqual(new Map());
    });
  });
});
