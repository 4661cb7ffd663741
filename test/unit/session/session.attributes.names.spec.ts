/** Attribute names are just names; those that some store can't keep are refused wherever one is given. */
import { createSession, type CreateSessionOptions } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { TestServer } from '../fixtures/test.server.js';

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'toJSON',
  'length',
  '0',
  '-1',
  ' ',
  'a b',
  'a.b[0]',
  '$set',
  '"quoted"',
  "it's; DROP TABLE",
  'line\nbreak',
  'ä',
  '😀',
  'n'.repeat(256),
];

describe.each(NAMES)('the name %j', (name) => {
  it('is one of a variable attribute', async () => {
    const server = new TestServer();
    const first = await server.login();
    first.session.setAttr(name, { value: 1 });
    await first.session.save();
    const { session } = await server.return(first);
    expect(session.attr(name)).toEqual({ value: 1 });
    expect(Object.entries(session.attrs())).toEqual([[name, { value: 1 }]]);
    await session.update(name, () => 2);
    session.setAttr(name, undefined);
    await session.save();
    expect(Object.keys((await server.return(first)).session.attrs())).toEqual([]);
  });

  it('is one of an attribute given at creation, constant or not', async () => {
    const server = new TestServer();
    const given = Object.fromEntries([[name, 'given']]);
    const { session } = await server.return(await server.login({ attrs: given, constAttrs: given }));
    expect([session.attr(name), session.constAttr(name)]).toEqual(['given', 'given']);
    expect(Object.entries(session.constAttrs())).toEqual([[name, 'given']]);
  });
});

const REFUSED: [what: string, name: unknown][] = [
  ['an empty name', ''],
  ['a name of more than 256 characters', 'n'.repeat(257)],
  ['a name with NUL', 'a\0b'],
  ['a name with a lone surrogate', 'a\ud800'],
  ['a number', 5],
  ['null', null],
  ['undefined', undefined],
  ['an object', { name: 'a' }],
  ['a symbol', Symbol('a')],
];

describe.each(REFUSED)('%s is refused', (_, given) => {
  const name = given as string;

  it('by setAttr of a new session', () => {
    expect(() => createSession().setAttr(name, 1)).toThrow(errorOf('ATTRIBUTE_REFUSED'));
  });

  it('by setAttr of a stored session', async () => {
    const { session } = await new TestServer().login();
    expect(() => session.setAttr(name, 1)).toThrow(errorOf('ATTRIBUTE_REFUSED'));
  });

  it('by update, which changes nothing then', async () => {
    const server = new TestServer();
    const { session } = await server.login();
    server.store.forget();
    await expect(session.update(name, () => 1)).rejects.toThrow(errorOf('ATTRIBUTE_REFUSED'));
    expect(server.store.writes).toBe(0);
  });
});

describe.each(REFUSED.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))(
  '%s is refused by createSession',
  (_, name) => {
    it.each<[string, CreateSessionOptions]>([
      ['attrs', { attrs: { [name]: 1 } }],
      ['constAttrs', { constAttrs: { [name]: 1 } }],
    ])('in %s', (__, options) => {
      expect(() => createSession(options)).toThrow(errorOf('ATTRIBUTE_REFUSED'));
    });
  },
);
