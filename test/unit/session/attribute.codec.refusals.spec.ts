/** Promise 9, second half: what an attribute can't carry exactly is refused when it is set, by name, and never told. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Session } from 'nestjs-http-session/core';
import { errorOf, sessionErrorOf } from '../fixtures/session.error.js';
import { TestServer } from '../fixtures/test.server.js';

const SECRET = 'hunter2';

/** A codec of strings, which it leaves as they are. */
const AS_IT_IS = { encode: String, decode: (text: string) => text };

class Account {
  password = SECRET;
}
class Ledger extends Map<string, string> {}
class Tags extends Set<string> {}
class Rows extends Array<string> {}
class Day extends Date {}
class Pattern extends RegExp {}
class Bytes extends Uint8Array {}
class Octets extends Buffer {}

/** Its prototype has none itself, as a plain object's has none, but it isn't a plain object's. */
function rootless(): object {
  const prototype = Object.assign(Object.create(null) as object, { password: SECRET });
  return Object.create(prototype) as object;
}

const argumentsOf = function (): IArguments {
  return arguments;
} as (...given: unknown[]) => IArguments;

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({ password: SECRET }, {});
  revoke();
  return proxy;
}

function searching(): RegExp {
  const pattern = /u/g;
  pattern.test(SECRET);
  return pattern;
}

const REFUSED: [what: string, make: () => unknown][] = [
  ['a function', () => () => SECRET],
  ['an async function', () => async () => SECRET],
  ['a class', () => Account],
  ['a symbol', () => Symbol(SECRET)],
  ['a registered symbol', () => Symbol.for(SECRET)],
  ['an instance of a class', () => new Account()],
  ['an object made from one without prototype', rootless],
  ['an object made from an instance', () => Object.create(new Account()) as unknown],
  ['an instance of a subclass of Map', () => new Ledger([['password', SECRET]])],
  ['an instance of a subclass of Set', () => new Tags([SECRET])],
  ['an instance of a subclass of Array', () => Rows.of(SECRET)],
  ['an instance of a subclass of Date', () => new Day(0)],
  ['an instance of a subclass of RegExp', () => new Pattern(SECRET)],
  ['an instance of a subclass of Uint8Array', () => new Bytes(Buffer.from(SECRET))],
  [
    'an instance of a subclass of Buffer',
    () => Object.setPrototypeOf(Buffer.from(SECRET), Octets.prototype) as unknown,
  ],
  ['a boxed string', () => Object(SECRET) as unknown],
  ['a boxed number', () => Object(5) as unknown],
  ['a boxed boolean', () => Object(true) as unknown],
  ['a boxed BigInt', () => Object(5n) as unknown],
  ['a boxed symbol', () => Object(Symbol(SECRET)) as unknown],
  ['an object with a getter', () => ({ get password() { return SECRET; } })], // prettier-ignore
  ['an object with a setter', () => ({ set password(_: string) {} })],
  ['an object with a symbol for a name', () => ({ [Symbol('password')]: SECRET })],
  ['an object with a hidden property', () => Object.defineProperty({}, 'password', { value: SECRET })],
  ['an array with a named property', () => Object.assign([1], { password: SECRET })],
  ['an array with a name that is nearly an index', () => Object.assign([1], { '01': SECRET })],
  ['an array with a name beyond all indices', () => Object.assign([1], { 4_294_967_295: SECRET })],
  ['an array with a name between indices', () => Object.assign([1], { '0.5': SECRET })],
  ['an array with a negative name', () => Object.assign([1], { '-1': SECRET })],
  ['an array with a symbol for a name', () => Object.assign([1], { [Symbol('password')]: SECRET })],
  ['a Map with a property', () => Object.assign(new Map(), { password: SECRET })],
  ['a Set with a property', () => Object.assign(new Set(), { password: SECRET })],
  ['a Date with a property', () => Object.assign(new Date(0), { password: SECRET })],
  ['a RegExp in the middle of a search', searching],
  ['an own __proto__ beside what JSON does not carry', () => JSON.parse(`{"__proto__":"${SECRET}"}`, (_, v: unknown) => (v === SECRET ? 5n : v)) as unknown], // prettier-ignore
  ['an Error', () => new Error(SECRET)],
  ['a TypeError', () => new TypeError(SECRET)],
  ['a Promise', () => Promise.resolve(SECRET)],
  ['a WeakMap', () => new WeakMap()],
  ['a WeakSet', () => new WeakSet()],
  ['a WeakRef', () => new WeakRef({ password: SECRET })],
  ['a URL', () => new URL(`https://user:${SECRET}@example.com`)],
  ['URLSearchParams', () => new URLSearchParams({ password: SECRET })],
  ['Headers', () => new Headers({ authorization: SECRET })],
  ['a generator', () => (function* () { yield SECRET; })()], // prettier-ignore
  ['an iterator', () => [SECRET].values()],
  ['arguments', () => argumentsOf(SECRET)],
  ['Math', () => Math],
  ['a SharedArrayBuffer', () => new SharedArrayBuffer(4)],
  ['a resizable ArrayBuffer', () => Reflect.construct(ArrayBuffer, [4, { maxByteLength: 8 }]) as unknown],
  ['a proxy of a Map', () => new Proxy(new Map([['password', SECRET]]), {})],
  ['a revoked proxy', revokedProxy],
];

describe('refused at setAttr', () => {
  const server = new TestServer();
  let session: Session;

  beforeEach(async () => {
    ({ session } = await server.login({ attrs: { basket: 'before' } }));
  });

  it.each(REFUSED)('%s, naming the attribute and not telling the value', (_, make) => {
    const error = sessionErrorOf(() => session.setAttr('basket', make()));
    expect(error.code).toBe('ATTRIBUTE_REFUSED');
    expect(error.message).toContain('"basket"');
    expect(error.message).not.toContain(SECRET);
    expect(error.cause).toBeUndefined();
  });

  it.each([
    ['an object', (bad: unknown) => ({ fine: 1, deep: { bad } })],
    ['an array', (bad: unknown) => [1, [bad]]],
    ["a Map's value", (bad: unknown) => new Map([['key', bad]])],
    ["a Map's key", (bad: unknown) => new Map([[bad, 'value']])],
    ['a Set', (bad: unknown) => new Set([bad])],
    ['what hangs behind a circle', (bad: unknown) => {
      const circle: unknown[] = [];
      circle.push(circle, bad);
      return circle;
    }], // prettier-ignore
  ])('what can not be stored, inside of %s', (_, wrap) => {
    for (const bad of [new Account(), () => SECRET, Symbol(SECRET), new Ledger(), new Day(0), Object(SECRET)]) {
      expect(() => session.setAttr('basket', wrap(bad))).toThrow(errorOf('ATTRIBUTE_REFUSED', '"basket"'));
    }
  });

  it('an object that is too deep to be walked', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 200_000; level++) deep = [deep];
    expect(() => session.setAttr('basket', deep)).toThrow(errorOf('ATTRIBUTE_REFUSED', '"basket"'));
  });

  it('and the attribute stays what it was, here and in the store', async () => {
    expect(() => session.setAttr('basket', new Account())).toThrow();
    expect(session.attr('basket')).toBe('before');
    server.store.forget();
    await session.save();
    expect(server.store.writes).toBe(0);
  });
});

describe('what a codec of the user throws', () => {
  it('is told without its message, which may speak of the value', async () => {
    const codec = {
      encode: (value: unknown): string => {
        throw new TypeError(`what is ${String(value)}?`);
      },
      decode: JSON.parse,
    };
    const { session } = await new TestServer({ codec }).login();
    const error = sessionErrorOf(() => session.setAttr('basket', SECRET));
    expect(error.code).toBe('ATTRIBUTE_REFUSED');
    expect(error.message).toContain('"basket"');
    expect(error.message).not.toContain(SECRET);
  });

  it('and no text at all, as JSON.stringify gives for a function, is a refusal too', async () => {
    const { session } = await new TestServer({ codec: { encode: JSON.stringify, decode: JSON.parse } }).login();
    expect(() => session.setAttr('basket', () => SECRET)).toThrow(errorOf('ATTRIBUTE_REFUSED', '"basket"'));
  });
});

const UNSTORABLE: [what: string, text: string][] = [
  ['NUL', `${SECRET}\0`],
  ['a lone high surrogate', `\ud83d${SECRET}`],
  ['a lone low surrogate', `${SECRET}\ude00`],
  ['surrogates the wrong way round', `${SECRET}\ude00\ud83d`],
];

describe.each(UNSTORABLE)('a text with %s', (_, text) => {
  it('is refused from a codec of the user, naming the attribute and not telling the value', async () => {
    const { session } = await new TestServer({ codec: AS_IT_IS }).login({ attrs: { basket: 'before' } });
    const error = sessionErrorOf(() => session.setAttr('basket', text));
    expect(error).toEqual(errorOf('ATTRIBUTE_REFUSED', '"basket"', 'NUL or lone surrogates'));
    expect(error.message).not.toContain(SECRET);
    expect(session.attr('basket')).toBe('before');
  });

  it.each(['attrs', 'constAttrs'])(
    'is refused from a codec of the user for what is created, as one of %s',
    async (which) => {
      const adding = new TestServer({ codec: AS_IT_IS }).login({ [which]: { basket: text } });
      await expect(adding).rejects.toThrow(errorOf('ATTRIBUTE_REFUSED', '"basket"', 'NUL or lone surrogates'));
    },
  );

  it('is never what the default codec writes, which carries such strings wherever they are', async () => {
    const server = new TestServer();
    const value = { text, [text]: 1, map: new Map([[text, new Set([text])]]) };
    const login = await server.login({ attrs: { plain: text, tagged: value }, constAttrs: { fixed: value } });
    const { consts, attrs } = server.record;
    for (const written of [consts, ...attrs.values()]) expect(written).not.toMatch(/\p{Surrogate}|\0/u);
    const { session } = await server.return(login);
    expect(session.attrs()).toEqual({ plain: text, tagged: value });
    expect(session.constAttrs()).toEqual({ fixed: value });
  });
});

it('a text with pairs of surrogates may be written by any codec', async () => {
  const server = new TestServer({ codec: AS_IT_IS });
  const login = await server.login({ attrs: { basket: '😀' } });
  expect((await server.return(login)).session.attr('basket')).toBe('😀');
});

describe('what a session is created with', () => {
  it.each([
    ['attrs', { attrs: { basket: new Account() } }],
    ['constAttrs', { constAttrs: { basket: new Account() } }],
  ])('is refused by add, naming the one of %s', async (_, init) => {
    await expect(new TestServer().login(init)).rejects.toThrow(errorOf('ATTRIBUTE_REFUSED', '"basket"'));
  });
});
