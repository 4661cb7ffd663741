/** Promises 9 to 11: what is stored comes back exactly, breaks nothing if it can't be read, and is the same everywhere. */
import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { keyOf } from '../../session/session.id.js';
import type { Suite } from '../store.trial.js';
import { type ServerTrial, toldBy } from '../server.trial.js';
import { createSession } from '../../session/session.js';

/** What attributes can carry. */
function storableValues(): Record<string, unknown> {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const shared = { a: 1 };
  const sparse: number[] = [];
  sparse[2] = 1;
  return {
    text: 'é e\u0301 名前 😀 \0 \ud800 \u2028',
    'empty text': '',
    'the text null': 'null',
    'the text ~[]': '~[]',
    zero: 0,
    'minus zero': -0,
    fraction: 0.1 + 0.2,
    'largest number': Number.MAX_VALUE,
    infinity: -Infinity,
    'not a number': NaN,
    yes: true,
    no: false,
    bigint: 2n ** 100n,
    date: new Date(1_234_567_890_123),
    map: new Map<unknown, unknown>([
      [{ key: 1 }, new Set([1n])],
      ['a', new Map()],
    ]),
    set: new Set(['a', 1, null, undefined]),
    regexp: /a+\/"/giu,
    buffer: Buffer.from([0, 127, 255]),
    bytes: new Uint8Array([0, 127, 255]),
    floats: new Float64Array([0.1, NaN, -0]),
    'empty object': {},
    'empty array': [],
    nested: { list: [{ at: new Date(0), none: null, missing: undefined }] },
    'odd names': JSON.parse('{"__proto__":{"a":1},"constructor":1,"0":2,"":3}') as unknown,
    sparse,
    circular,
    shared: [shared, shared],
  };
}

class Unknown {
  readonly a = 1;
}

/** What attributes can't carry exactly. */
const REFUSED: Readonly<Record<string, unknown>> = {
  'a function': () => 1,
  'a symbol': Symbol('s'),
  'a promise': Promise.resolve(1),
  'a weak map': new WeakMap(),
  'an instance of a class': new Unknown(),
  'an instance deep inside': { list: [new Map([['a', new Unknown()]])] },
  'an array with a named property': Object.assign([1], { named: 2 }),
};

export function describeValues({ describe, it }: Suite<ServerTrial>): void {
  describe('9. values survive or are refused', () => {
    it('values that were added come back as what they were', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: storableValues() });
      deepStrictEqual((await there.open(headers)).session.attrs(), storableValues());
    });

    it('values that were set later come back as what they were', async ({ here, there }) => {
      const { headers } = await here.login();
      const request = await here.open(headers);
      for (const [name, value] of Object.entries(storableValues())) request.session.setAttr(name, value);
      await here.answer(request);
      deepStrictEqual((await there.open(headers)).session.attrs(), storableValues());
    });

    it('constant attributes come back as what they were, frozen', async ({ here, there }) => {
      const { headers } = await here.login({ constAttrs: storableValues() });
      const { session } = await there.open(headers);
      deepStrictEqual(session.constAttrs(), storableValues());
      ok(Object.isFrozen(session.constAttr('nested')));
    });

    for (const [what, value] of Object.entries(REFUSED)) {
      it(`${what} is refused, naming the attribute, and nothing is changed`, async ({ here, there }) => {
        const { headers } = await here.login({ attrs: { cart: 'as it was' } });
        const request = await here.open(headers);
        const refusal = { code: 'ATTRIBUTE_REFUSED', message: /"cart"/ };
        throws(() => request.session.setAttr('cart', value), refusal);
        await rejects(
          request.session.update('cart', () => value),
          refusal,
        );
        await here.answer(request);
        strictEqual((await there.open(headers)).session.attr('cart'), 'as it was');
      });
    }

    it('a new session with such a value is refused as a whole, and the client is told nothing', async ({ here }) => {
      const { response } = await here.visit({});
      const session = createSession({ attrs: { fine: 1, cart: new Unknown() } });
      await rejects(here.manager.add(session, response), { code: 'ATTRIBUTE_REFUSED', message: /"cart"/ });
      strictEqual(here.store.count(), 0);
      deepStrictEqual(response.getHeaderNames(), []);
    });

    it('an attribute may have any name', async ({ here, there }) => {
      const names = ['__proto__', 'constructor', 'toString', 'length', '0', 'a.b', '$set', ' ', '名前', '😀'];
      const { headers } = await here.login();
      const request = await here.open(headers);
      for (const name of names) request.session.setAttr(name, { is: name });
      await here.answer(request);
      const fresh = await there.open(headers);
      for (const name of names) deepStrictEqual(fresh.session.attr(name), { is: name });
      deepStrictEqual(Object.keys(fresh.session.attrs()).sort(), [...names].sort());
      for (const name of names) fresh.session.setAttr(name, null);
      await there.answer(fresh);
      deepStrictEqual((await here.open(headers)).session.attrs(), {});
    });
  });

  describe('10. a broken record is no session', () => {
    it('it reads as absent, and is reported', async ({ here }) => {
      const { headers } = await here.login();
      here.store.intercept('get', () => ({ broken: 'half a record' }));
      strictEqual(await here.look(headers), undefined);
      const event = here.events.at(-1);
      ok(event?.type === 'undecodable');
      match(event.what, /half a record/);
    });

    it('it stays where it is, and stands in the way of no new session', async ({ here }) => {
      const { headers } = await here.login();
      here.store.intercept('get', () => ({ broken: 'half a record' }));
      const request = await here.visit(headers);
      here.store.forget();
      await here.manager.add(createSession({ attrs: { fresh: true } }), request.response);
      deepStrictEqual(
        here.store.calls.map(({ method }) => method),
        ['add'],
      );
      strictEqual((await here.open(toldBy(request.response))).session.attr('fresh'), true);
    });

    it('an attribute that can not be read counts as absent, and the others are there', async ({ here, stores }) => {
      const { headers, session } = await here.login({ attrs: { fine: 1, broken: 2 } });
      const key = keyOf('default', session.id);
      await stores.store.change(key, stores.newDelta({ broken: '{"half' }), stores.now);
      const request = await here.open(headers);
      deepStrictEqual(request.session.attrs(), { fine: 1 });
      deepStrictEqual(here.events.at(-1)?.type, 'undecodable');
      request.session.setAttr('broken', 3);
      await here.answer(request);
      deepStrictEqual((await here.open(headers)).session.attrs(), { fine: 1, broken: 3 });
    });
  });

  describe('11. same answers everywhere', () => {
    it('every process sees the same session, whoever added it', async ({ here, there }) => {
      const created = await here.login({ attrs: { a: 1 }, constAttrs: { c: 2 }, timeout: '7m', lifetime: '3d' });
      const seen = await there.open(created.headers);
      const { isNew: createdIsNew, ...mine } = created.session.toJSON() as { isNew: boolean };
      const { isNew: seenIsNew, ...theirs } = seen.session.toJSON() as { isNew: boolean };
      deepStrictEqual(theirs, mine);
      deepStrictEqual([createdIsNew, seenIsNew], [true, false]);
      strictEqual(seen.session.id, created.session.id);
    });

    it('the id of one named session opens nothing in another on the same store', async (trial) => {
      const { here } = trial;
      const { session } = await here.login();
      const admin = trial.newServer({ cookie: { name: 'sessid' } }, 'admin');
      strictEqual(await admin.look({ cookie: `__Host-sessid=${session.id}` }), undefined);
      ok(await here.look({ cookie: `__Host-sessid=${session.id}` }));
    });
  });
}
