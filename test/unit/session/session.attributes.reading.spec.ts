/** Reading is lazy and free: what isn't asked for isn't decoded, and what was only read isn't written. */
import { type AttributeCodec, defaultCodec } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestServer, type Visit } from '../fixtures/test.server.js';

/** The default codec, taking down what it is asked. */
class ObservedCodec implements AttributeCodec {
  decoded: string[] = [];
  encoded: unknown[] = [];

  encode(value: unknown): string {
    this.encoded.push(value);
    return defaultCodec.encode(value);
  }

  decode(text: string): unknown {
    this.decoded.push(text);
    return defaultCodec.decode(text);
  }
}

describe('an attribute', () => {
  let codec: ObservedCodec;
  let server: TestServer;
  let visit: Visit;

  beforeEach(async () => {
    codec = new ObservedCodec();
    server = new TestServer({ codec });
    const first = await server.login({ attrs: { a: 'text', b: [1], c: { deep: 1 } }, constAttrs: { d: 'const' } });
    visit = await server.return(first);
    codec.decoded = [];
    codec.encoded = [];
    server.store.forget();
  });

  it('is decoded when it is asked for, and no other is', () => {
    expect(visit.session.attr('b')).toEqual([1]);
    expect(codec.decoded).toEqual(['[1]']);
  });

  it('is decoded once, and is the same object each time', () => {
    expect(visit.session.attr('c')).toBe(visit.session.attr('c'));
    expect(codec.decoded).toHaveLength(1);
  });

  it('is not decoded to be replaced or deleted', () => {
    visit.session.setAttr('b', [2]);
    visit.session.setAttr('c', undefined);
    expect(codec.decoded).toEqual([]);
  });

  it('that is constant is decoded when it is asked for, once', () => {
    expect(codec.decoded).toEqual([]);
    expect([visit.session.constAttr('d'), visit.session.constAttr('d')]).toEqual(['const', 'const']);
    expect(codec.decoded).toEqual(['"const"']);
  });

  it('that nobody asked for costs a commit nothing', async () => {
    await visit.session.save();
    expect([codec.decoded, codec.encoded, server.store.writes]).toEqual([[], [], 0]);
  });

  it('that was only read is not written', async () => {
    visit.session.attrs();
    await visit.session.save();
    expect(server.store.writes).toBe(0);
  });

  it('that is no object is not even looked at again by a commit', async () => {
    visit.session.attr('a');
    await visit.session.save();
    expect(codec.encoded).toEqual([]);
  });

  it('that does not exist is undefined, whatever objects inherit', () => {
    const { session } = visit;
    for (const name of ['nothing', 'constructor', 'toString', '__proto__', '']) {
      expect([session.attr(name), session.constAttr(name)]).toEqual([undefined, undefined]);
    }
  });
});

describe('attrs()', () => {
  it('is a new object each time, with the values themselves', async () => {
    const server = new TestServer();
    const { session } = await server.return(await server.login({ attrs: { list: [1], name: 'Ann' } }));
    const all = session.attrs();
    expect(all).toEqual({ list: [1], name: 'Ann' });
    expect(session.attrs()).not.toBe(all);
    expect(session.attrs()['list']).toBe(session.attr('list'));
  });

  it('is a copy: what is done to it is not done to the session', async () => {
    const server = new TestServer();
    const first = await server.login({ attrs: { name: 'Ann', gone: 1 } });
    const { session } = await server.return(first);
    const all = session.attrs();
    all['name'] = 'Eve';
    all['more'] = true;
    delete all['gone'];
    await session.save();
    expect((await server.return(first)).session.attrs()).toEqual({ name: 'Ann', gone: 1 });
  });

  it('has what was set in this request, and not what was deleted', async () => {
    const server = new TestServer();
    const { session } = await server.return(await server.login({ attrs: { a: 1, b: 2 } }));
    session.setAttr('c', 3);
    session.setAttr('a', null);
    expect(Object.keys(session.attrs())).toEqual(['b', 'c']);
  });

  it('has a __proto__ as just a name', async () => {
    const server = new TestServer();
    const { session } = await server.login();
    session.setAttr('__proto__', { admin: true });
    const all = session.attrs();
    expect(Object.keys(all)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(all)).toBe(Object.prototype);
  });
});
