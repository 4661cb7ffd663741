/** Whose session it is: what `createSession` takes for that, what it refuses, and what it makes of the id. */
import { createSession, type CreateSessionOptions } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { TestServer } from '../fixtures/test.server.js';

const OPTIONS = { principal: 'user 42', labels: { device: 'Firefox on Linux', ['__proto__']: 'a name like others' } };

describe('a session of a principal', () => {
  it('tells whose it is, by what labels, before it is added, after that, and when it is loaded', async () => {
    const server = new TestServer();
    const visit = await server.login(OPTIONS);
    const loaded = await server.return(visit);
    for (const session of [createSession(OPTIONS), visit.session, loaded.session]) {
      expect([session.principal, session.labels]).toEqual([OPTIONS.principal, OPTIONS.labels]);
    }
    expect(loaded.session.handle).toBe(visit.session.handle);
  });

  it('has an id with the tag of its principal, and other sessions a tag of their own', async () => {
    const server = new TestServer();
    const tagOf = async (options: CreateSessionOptions, other = server) =>
      (await other.login(options)).session.id.split('.')[0];
    const tag = await tagOf(OPTIONS);
    expect(tag).toMatch(/^[\w-]{12}$/);
    expect(await tagOf({ principal: OPTIONS.principal })).toBe(tag);
    expect(await tagOf({ principal: 'user 43' })).not.toBe(tag);
    expect(await tagOf(OPTIONS, new TestServer({}, 'admin'))).not.toBe(tag);
    expect(await tagOf({})).toHaveLength(4);
  });

  it('has an id of as many characters as any other', async () => {
    const server = new TestServer({ idLength: 24 });
    const secretOf = async (options: CreateSessionOptions) => (await server.login(options)).session.id.split('.')[1];
    expect(await secretOf({ principal: 'a' })).toHaveLength(32);
    expect(await secretOf({ principal: 'a', idLength: 18 })).toHaveLength(24);
  });

  it('is nobody’s without one', () => {
    const session = createSession();
    expect([session.principal, session.labels]).toEqual([undefined, {}]);
  });
});

describe('createSession refuses', () => {
  it.each<[string, unknown]>([
    ['an empty one', ''],
    ['one of 256 bytes', 'ü'.repeat(128)],
    ['a number', 42],
    ['null', null],
    ['half a character', '\ud800'],
    ['NUL', 'a\0b'],
    ['a line break', 'a\nb'],
  ])('as principal %s, and does not show it', (_, principal) => {
    const refused = () => createSession({ principal } as CreateSessionOptions);
    expect(refused).toThrow(errorOf('INVALID_OPTION', '"principal"', '1 to 255 bytes'));
    if (typeof principal === 'string' && principal !== '') expect(refused).not.toThrow(principal);
  });

  it('takes one of 255 bytes', () => {
    expect(createSession({ principal: `${'ü'.repeat(127)}a` }).principal).toHaveLength(128);
  });

  it.each<[string, unknown]>([
    ['an array', ['a']],
    ['a text', 'a'],
    ['a number in it', { visits: 3 }],
    ['more than 2,048 bytes', { device: 'a'.repeat(2_048) }],
    ['half a character in it', { device: '\udc00' }],
  ])('as labels %s', (_, labels) => {
    const refused = () => createSession({ principal: 'a', labels } as CreateSessionOptions);
    expect(refused).toThrow(errorOf('INVALID_OPTION', '"labels"', 'an object of strings'));
  });

  it('labels without a principal, who would be told of them', () => {
    const refused = () => createSession({ labels: { device: 'a' } });
    expect(refused).toThrow(errorOf('INVALID_OPTION', '"labels"', '"principal"'));
  });

  it('takes no note of labels that are undefined', () => {
    const labels = { device: undefined } as unknown as Record<string, string>;
    expect(createSession({ principal: 'a', labels }).labels).toEqual({});
  });
});
