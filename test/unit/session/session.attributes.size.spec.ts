/** `maxSize` bounds the bytes of all serialised attributes, however they came to be; the refusal names the one that was too much. */
import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { TestServer } from '../fixtures/test.server.js';

/** The text of a string is two bytes longer, its name counts too: `a` with `fill(7)` takes ten. */
function fill(characters: number): string {
  return 'x'.repeat(characters);
}

async function loggedIn(init: Parameters<TestServer['login']>[0] = {}, maxSize = 100) {
  const server = new TestServer({ maxSize });
  const visit = await server.login(init);
  return { server, ...visit };
}

const CONSTANTS = '{}'.length; // there are none, which takes two bytes

describe('maxSize', () => {
  it('is reached without harm', async () => {
    const { session } = await loggedIn();
    session.setAttr('a', fill(97 - CONSTANTS));
    await session.save();
    expect(session.attr('a')).toHaveLength(95);
  });

  it('refuses one byte more, naming the attribute, the size and what is allowed', async () => {
    const { session } = await loggedIn();
    expect(() => session.setAttr('a', fill(98 - CONSTANTS))).toThrow(
      errorOf('ATTRIBUTES_TOO_LARGE', '"a"', '101 bytes', '100 bytes'),
    );
  });

  it('counts bytes, not characters', async () => {
    const { session } = await loggedIn();
    expect(() => session.setAttr('a', '😀'.repeat(25))).toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"a"'));
  });

  it('counts names', async () => {
    const { session } = await loggedIn();
    expect(() => session.setAttr(fill(100), 1)).toThrow(errorOf('ATTRIBUTES_TOO_LARGE'));
  });

  it('counts all attributes together, and names the one that was too much', async () => {
    const { session } = await loggedIn({ attrs: { a: fill(40) } });
    session.setAttr('b', fill(40));
    expect(() => session.setAttr('c', fill(40))).toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"c"'));
  });

  it('counts attributes that this request has not read', async () => {
    const { server, response } = await loggedIn({ attrs: { a: fill(90) } });
    const { session } = await server.return({ response });
    expect(() => session.setAttr('b', fill(10))).toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"b"'));
  });

  it('counts constant attributes', async () => {
    const { session } = await loggedIn({ constAttrs: { user: fill(60) } });
    expect(() => session.setAttr('b', fill(30))).toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"b"'));
  });

  it('leaves what was there when it refuses', async () => {
    const { session, server, response } = await loggedIn({ attrs: { a: 'before' } });
    expect(() => session.setAttr('a', fill(200))).toThrow();
    expect(session.attr('a')).toBe('before');
    session.setAttr('b', fill(50)); // and counts nothing of it
    await session.save();
    expect((await server.return({ response })).session.attr('a')).toBe('before');
  });

  it('has room again for what was deleted or became smaller', async () => {
    const { session } = await loggedIn({ attrs: { a: fill(40), b: fill(40) } });
    session.setAttr('a', undefined);
    session.setAttr('c', fill(40));
    session.setAttr('b', 'x');
    session.setAttr('d', fill(30));
    await session.save();
  });

  it('is not cheated by deleting again and again what is deleted', async () => {
    const { session } = await loggedIn({ attrs: { a: fill(80) } });
    for (let times = 0; times < 3; times++) session.setAttr('a', undefined);
    expect(() => session.setAttr('b', fill(150))).toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"b"'));
  });

  it('is not cheated by deleting and setting again', async () => {
    const { session } = await loggedIn({ attrs: { a: fill(80) } });
    for (let times = 0; times < 3; times++) {
      session.setAttr('a', undefined);
      session.setAttr('a', fill(80));
    }
    expect(() => session.setAttr('b', fill(50))).toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"b"'));
  });

  it('bounds what grew in place, when it is committed, by name; the store keeps what it had', async () => {
    const { server, response } = await loggedIn({ attrs: { cart: ['apple'], other: [1] } });
    const { session } = await server.return({ response });
    session.attr('other').push(2);
    session.attr('cart').push(fill(100));
    server.store.forget();
    await expect(session.save()).rejects.toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"cart"'));
    expect(server.store.writes).toBe(0);
  });

  it('lets a session be saved again once what grew is smaller', async () => {
    const { server, response } = await loggedIn({ attrs: { cart: ['apple'] } });
    const { session } = await server.return({ response });
    session.attr('cart').push(fill(100));
    await expect(session.save()).rejects.toThrow(errorOf('ATTRIBUTES_TOO_LARGE'));
    session.attr('cart').pop();
    session.attr('cart').push('pear');
    await session.save();
    expect((await server.return({ response })).session.attr('cart')).toEqual(['apple', 'pear']);
  });

  it('bounds what update makes, by name, and the store keeps what it had', async () => {
    const { session, server, response } = await loggedIn({ attrs: { a: 'before' } });
    await expect(session.update('a', () => fill(200))).rejects.toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"a"'));
    expect((await server.return({ response })).session.attr('a')).toBe('before');
  });

  it('counts what update made', async () => {
    const { session } = await loggedIn({ attrs: { a: 'x' } });
    session.setAttr('b', 'x'); // from here on it is known how much there is
    await session.update('a', () => fill(80));
    expect(() => session.setAttr('b', fill(50))).toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '"b"'));
  });

  it.each([
    ['attrs', { attrs: { a: fill(60), b: fill(60) } }, '"b"'],
    ['constAttrs', { constAttrs: { a: fill(60), b: fill(60) } }, '"b"'],
    ['both together', { constAttrs: { a: fill(60) }, attrs: { b: fill(60) } }, '"b"'],
  ])('bounds what a session is created with: %s', async (_, init, named) => {
    await expect(loggedIn(init)).rejects.toThrow(errorOf('ATTRIBUTES_TOO_LARGE', named));
  });

  it('is 65536 bytes if nothing else is said', async () => {
    const { session } = await new TestServer().login();
    session.setAttr('a', fill(65_536 - 3 - CONSTANTS));
    expect(() => session.setAttr('a', fill(65_537 - 3 - CONSTANTS))).toThrow(errorOf('ATTRIBUTES_TOO_LARGE', '65536'));
  });
});
