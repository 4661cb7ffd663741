/** Records are plain data: who holds one holds no part of the store. And the data come back exactly. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import type { SessionRecord } from '../../session/session.record.js';
import { DAY, MINUTE, type StoreTrial, type Suite } from '../store.trial.js';

/** Names that trip up who keeps attributes as properties, fields or columns. */
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'length',
  '0',
  '1',
  '-1',
  '#',
  '=',
  '>',
  'a.b',
  'a[0]',
  '$.a',
  '"quoted"',
  "it's",
  'back\\slash',
  'with space',
  'with space ',
  'line\nbreak',
  'name',
  'Name',
  '\u00e9',
  'e\u0301',
  '名前',
  '😀',
  'x'.repeat(256),
];

/** Texts that trip up who takes empty for absent, escapes, or counts characters instead of bytes. */
const ODD_TEXTS = [
  '',
  ' ',
  'null',
  '{}',
  '0',
  '"',
  '\\',
  '\\u0000',
  "'; --",
  '\r\n\t',
  'é',
  'e\u0301',
  '名前',
  '😀'.repeat(99),
];

export function describeIsolation({ describe, it }: Suite<StoreTrial>): void {
  describe('records', () => {
    it('stay as they are when the caller changes the one it gave', async (trial) => {
      const given = new Map([['count', '1']]);
      const { key } = await trial.keep({ attrs: given });
      given.set('count', '2');
      given.set('more', '3');
      deepStrictEqual((await trial.recordOf(key))?.attrs, new Map([['count', '1']]));
    });

    it('stay as they are when the caller changes the one it got', async (trial) => {
      const { key, record } = await trial.keep();
      const found = await trial.store.get(key, trial.now);
      ok(found && 'record' in found);
      vandalise(found.record);
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('stay as they are when the caller changes the one a conflict gave it', async (trial) => {
      const { key, record } = await trial.keep();
      const changed = await trial.store.change(key, trial.newDelta({ count: '2' }, { ifVersion: 7 }), trial.now);
      ok(changed !== 'gone' && 'conflict' in changed);
      vandalise(changed.conflict);
      deepStrictEqual(await trial.recordOf(key), record);
    });

    it('stay as they are when the caller changes the delta it gave', async (trial) => {
      const { key } = await trial.keep();
      const set = new Map([['count', '2']]);
      const unset = ['other'];
      await trial.store.change(key, { set, unset, op: trial.newOp() }, trial.now);
      set.set('count', '3');
      unset.push('count');
      deepStrictEqual((await trial.recordOf(key))?.attrs, new Map([['count', '2']]));
    });

    it('keep attributes of any name, from the start', async (trial) => {
      const attrs = new Map(ODD_NAMES.map((name, index) => [name, `"${index}"`]));
      const { key } = await trial.keep({ attrs });
      deepStrictEqual((await trial.recordOf(key))?.attrs, attrs);
    });

    it('keep attributes of any name that are set later, and let go of each', async (trial) => {
      const { key } = await trial.keep({ attrs: new Map() });
      const set = new Map(ODD_NAMES.map((name, index) => [name, `"${index}"`]));
      await trial.store.change(key, { set, unset: [], op: trial.newOp() }, trial.now);
      deepStrictEqual((await trial.recordOf(key))?.attrs, set);
      for (const name of ODD_NAMES) {
        await trial.store.change(key, { set: new Map(), unset: [name], op: trial.newOp() }, trial.now);
        set.delete(name);
        deepStrictEqual((await trial.recordOf(key))?.attrs, set);
      }
    });

    it('keep any text of an attribute, the empty one too', async (trial) => {
      const attrs = new Map(ODD_TEXTS.map((text, index) => [`text-${index}`, text]));
      const { key } = await trial.keep({ attrs });
      deepStrictEqual((await trial.recordOf(key))?.attrs, attrs);
      const set = new Map(ODD_TEXTS.map((text, index) => [`later-${index}`, text]));
      await trial.store.change(key, { set, unset: [], op: trial.newOp() }, trial.now);
      deepStrictEqual((await trial.recordOf(key))?.attrs, new Map([...attrs, ...set]));
    });

    it('keep attributes of 64 KB', async (trial) => {
      const large = 'ü'.repeat(32 * 1024);
      const { key } = await trial.keep({ attrs: new Map([['added', large]]) });
      await trial.store.change(key, trial.newDelta({ set: large }), trial.now);
      deepStrictEqual(
        (await trial.recordOf(key))?.attrs,
        new Map([
          ['added', large],
          ['set', large],
        ]),
      );
    });

    it('keep thousands of attributes', async (trial) => {
      const attrs = new Map(Array.from({ length: 3_000 }, (_, index) => [`added-${index}`, String(index)]));
      const { key } = await trial.keep({ attrs });
      const set = new Map(Array.from({ length: 3_000 }, (_, index) => [`set-${index}`, String(index)]));
      const unset = [...attrs.keys()];
      await trial.store.change(key, { set, unset, op: trial.newOp() }, trial.now);
      deepStrictEqual((await trial.recordOf(key))?.attrs, set);
    });

    it('keep everything else exactly', async (trial) => {
      const { key, record } = await trial.keep({
        created: trial.now - 123_456_789,
        accessed: trial.now - 1,
        timeout: 400 * DAY + 1,
        touchInterval: 0,
        ends: null,
        version: 41,
        persistent: false,
        handle: '-_handle_-',
        seed: '-_seed_-',
        consts: JSON.stringify({ ['__proto__']: '"1"', 名前: '"😀"', empty: '' }),
        attrs: new Map(),
      });
      deepStrictEqual(await trial.recordOf(key, trial.now + MINUTE), record);
    });

    it("keep what only a principal's session has", async (trial) => {
      const { key, record } = await trial.keepOf('名前 😀', {
        principal: '名前 😀',
        labels: JSON.stringify({ ['__proto__']: 'a', device: 'Firefox "on" Linux\n😀' }),
        rotated: trial.now - 2,
        authenticated: trial.now - 3,
      });
      deepStrictEqual(await trial.recordOf(key), record);
    });
  });
}

/** What a caller may do to a record that it got, types or not. A store may refuse it, by throwing or by silence. */
function vandalise(record: SessionRecord): void {
  const attrs = record.attrs as Partial<Map<string, string>>;
  const deeds = [
    () => attrs.set?.('count', '"changed by a caller"'),
    () => attrs.set?.('added', '"by a caller"'),
    () => attrs.delete?.('count'),
    () => attrs.clear?.(),
    () => Reflect.set(record, 'version', 99),
    () => Reflect.set(record, 'ends', 0),
    () => Reflect.set(record, 'consts', '{}'),
    () => Reflect.deleteProperty(record, 'handle'),
    () => Reflect.set(record, 'attrs', new Map([['count', '"by another map"']])),
  ];
  for (const deed of deeds) {
    try {
      deed();
    } catch {
      // Nothing was changed, then.
    }
  }
}
