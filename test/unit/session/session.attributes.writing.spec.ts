/** What is committed: what differs from the store, by attribute, set or changed in place, and nothing else. */
import { type Attributes, createSession, type Delta } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { turns } from '../fixtures/turns.js';
import { createExchange, TestServer, type Visit } from '../fixtures/test.server.js';

const ATTRS = {
  cart: ['apple'],
  nested: { deep: { list: [1] } },
  byName: new Map([['a', 1]]),
  tags: new Set(['x']),
  since: new Date(0),
  bytes: Buffer.from([1, 2]),
  name: 'Ann',
  count: 1,
};

let server: TestServer;
let first: Visit;
let visit: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login({ attrs: ATTRS });
  visit = await server.return(first);
  server.store.forget();
});

/** What the next commit sends. */
function nextDelta(): Promise<Delta> {
  return new Promise((resolve) => {
    server.store.intercept('change', (proceed, [, delta]) => {
      resolve(delta);
      return proceed();
    });
  });
}

describe('a change in place is committed, and nothing else is', () => {
  it.each<[string, keyof typeof ATTRS, (visit: Visit) => void, unknown]>([
    ['an element pushed', 'cart', ({ session }) => session.attr('cart').push('pear'), ['apple', 'pear']],
    ['a property deep inside', 'nested', ({ session }) => (session.attr('nested').deep.list[0] = 2), { deep: { list: [2] } }], // prettier-ignore
    ['a property deleted', 'nested', ({ session }) => delete session.attr('nested').deep, {}],
    ['an entry of a Map', 'byName', ({ session }) => session.attr('byName').set('b', 2), new Map([['a', 1], ['b', 2]])], // prettier-ignore
    ['a member of a Set', 'tags', ({ session }) => session.attr('tags').delete('x'), new Set()],
    ['a Date set', 'since', ({ session }) => session.attr('since').setTime(1), new Date(1)],
    ['a byte', 'bytes', ({ session }) => (session.attr('bytes')[0] = 9), Buffer.from([9, 2])],
  ])('%s', async (_, name, change, expected) => {
    visit.session.attrs(); // everything was read
    change(visit);
    const delta = nextDelta();
    await visit.session.save();
    expect([...(await delta).set.keys()]).toEqual([name]);
    expect((await delta).unset).toEqual([]);
    expect((await server.return(first)).session.attr(name)).toEqual(expected);
  });

  it('also of a value that was set in this request', async () => {
    const list = [1];
    visit.session.setAttr('list', list);
    list.push(2);
    await visit.session.save();
    list.push(3);
    await visit.session.save();
    expect((await server.return(first)).session.attr('list')).toEqual([1, 2, 3]);
  });

  it('also of a value that the session was created with', async () => {
    const { session, ...client } = await server.login({ attrs: { cart: ['apple'] } });
    session.attr('cart').push('pear');
    await session.save();
    expect((await server.return(client)).session.attr('cart')).toEqual(['apple', 'pear']);
  });

  it('while the session is being added, too', async () => {
    const held = server.store.hold('add');
    const session = createSession<Attributes>({ attrs: { cart: ['apple'], count: 1, extra: 1 } });
    const { response } = createExchange();
    const added = server.manager.add(session, response);
    await held.reached;
    session.attr('cart').push('pear');
    session.setAttr('count', 2);
    session.setAttr('extra', undefined);
    session.setAttr('late', true);
    held.release();
    await added;
    await session.save();
    expect((await server.return({ response })).session.attrs()).toEqual({
      cart: ['apple', 'pear'],
      count: 2,
      late: true,
    });
  });
});

describe('setAttr', () => {
  it('shows at once, and is stored by the commit', async () => {
    visit.session.setAttr('name', 'Bob');
    expect(visit.session.attr('name')).toBe('Bob');
    expect((await server.return(first)).session.attr('name')).toBe('Ann');
    await visit.session.save();
    expect((await server.return(first)).session.attr('name')).toBe('Bob');
  });

  it('keeps the very value for the rest of the request', () => {
    const cart = ['pear'];
    visit.session.setAttr('cart', cart);
    expect(visit.session.attr('cart')).toBe(cart);
  });

  it.each([null, undefined])('to %s deletes', async (nothing) => {
    visit.session.setAttr('name', nothing);
    expect(visit.session.attr('name')).toBeUndefined();
    const delta = nextDelta();
    await visit.session.save();
    expect((await delta).unset).toEqual(['name']);
    expect((await delta).set.size).toBe(0);
    expect('name' in (await server.return(first)).session.attrs()).toBe(false);
  });

  it.each<[string, (visit: Visit) => void]>([
    ['the same value again', ({ session }) => session.setAttr('name', 'Ann')],
    ['an equal object', ({ session }) => session.setAttr('nested', { deep: { list: [1] } })],
    ['another value and then the old one', ({ session }) => (session.setAttr('count', 2), session.setAttr('count', 1))],
    [
      'a change in place that was undone',
      ({ session }) => (session.attr('cart').push('x'), session.attr('cart').pop()),
    ],
    ['the deletion of what is not there', ({ session }) => session.setAttr('nothing', null)],
    [
      'something new that was deleted again',
      ({ session }) => (session.setAttr('new', 1), session.setAttr('new', null)),
    ],
  ])('writes nothing for %s', async (_, change) => {
    change(visit);
    await visit.session.save();
    expect(server.store.writes).toBe(0);
  });

  it('after a commit writes again, with just what changed since', async () => {
    visit.session.setAttr('name', 'Bob');
    visit.session.setAttr('count', 2);
    await visit.session.save();
    visit.session.setAttr('count', 3);
    const delta = nextDelta();
    await visit.session.save();
    expect([...(await delta).set.keys()]).toEqual(['count']);
  });

  it('while a commit is on its way is left to the next commit', async () => {
    const held = server.store.hold('change', 'after');
    visit.session.setAttr('count', 2);
    const saved = visit.session.save();
    await held.reached;
    visit.session.setAttr('count', 3);
    held.release();
    await saved;
    await visit.session.save();
    expect((await server.return(first)).session.attr('count')).toBe(3);
  });
});

describe('requests that overlap', () => {
  it('and change different attributes do not undo each other', async () => {
    const other = await server.return(first);
    visit.session.setAttr('name', 'Bob');
    other.session.attr('cart').push('pear');
    await Promise.all([visit.session.save(), other.session.save()]);
    const { session } = await server.return(first);
    expect([session.attr('name'), session.attr('cart')]).toEqual(['Bob', ['apple', 'pear']]);
  });

  it('and change the same attribute leave what was committed last', async () => {
    const other = await server.return(first);
    visit.session.setAttr('count', 2);
    other.session.setAttr('count', 3);
    await other.session.save();
    await visit.session.save();
    expect((await server.return(first)).session.attr('count')).toBe(2);
  });

  it('see nothing of each other in what they loaded', async () => {
    const other = await server.return(first);
    visit.session.attr('cart').push('pear');
    await visit.session.save();
    await turns();
    expect(other.session.attr('cart')).toEqual(['apple']);
  });
});
