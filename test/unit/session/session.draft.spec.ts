/** A session that no store knows yet: what can be done with it before `add`. */
import { type Attributes, createSession } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { createExchange, setCookies, TestServer } from '../fixtures/test.server.js';

describe('before it is added, a session', () => {
  it('takes and deletes attributes', () => {
    const session = createSession<Attributes>({ attrs: { a: 1, b: 2 } });
    session.setAttr('a', 5);
    session.setAttr('b', null);
    session.setAttr('c', { list: [] });
    expect(session.attrs()).toStrictEqual({ a: 5, c: { list: [] } });
  });

  it('takes values that can not be stored: add is what checks them', () => {
    const session = createSession();
    session.setAttr('handler', () => 1);
    expect(session.attr('handler')).toBeTypeOf('function');
  });

  it("can't be saved", async () => {
    await expect(createSession().save()).rejects.toThrow(errorOf('SESSION_NOT_ADDED', 'add'));
  });

  it("can't be rotated, and the client is told nothing", async () => {
    const { response } = createExchange();
    await expect(new TestServer().manager.rotate(createSession(), response)).rejects.toThrow(
      errorOf('SESSION_NOT_ADDED'),
    );
    expect(setCookies(response)).toEqual([]);
  });

  it('runs exclusive work at once', async () => {
    await expect(createSession().runExclusive(() => 'done')).resolves.toBe('done');
    await expect(createSession().runExclusive(() => Promise.resolve('done'))).resolves.toBe('done');
  });
});

describe('update of a session that is not added yet', () => {
  it('changes the attribute and returns what it is now', async () => {
    const session = createSession({ attrs: { count: 1 } });
    await expect(session.update('count', (count = 0) => count + 1)).resolves.toBe(2);
    expect(session.attr('count')).toBe(2);
  });

  it.each([null, undefined])('to %s deletes', async (nothing) => {
    const session = createSession({ attrs: { count: 1 } });
    await expect(session.update('count', () => nothing)).resolves.toBe(nothing);
    expect(session.attrs()).toStrictEqual({});
  });

  it('rejects with what the change throws, and changes nothing', async () => {
    const session = createSession({ attrs: { count: 1 } });
    const thrown = new RangeError('no');
    const updated = session.update('count', () => {
      throw thrown;
    });
    await expect(updated).rejects.toBe(thrown);
    expect(session.attr('count')).toBe(1);
  });

  it('refuses a promise', async () => {
    const session = createSession({ attrs: { count: 1 } });
    const change = async (count = 0) => count + 1;
    await expect(session.update('count', change as unknown as () => number)).rejects.toThrow(
      errorOf('ATTRIBUTE_REFUSED', '"count"'),
    );
    expect(session.attr('count')).toBe(1);
  });
});
