/** `createSession`: its defaults, what it takes, and what it refuses, naming the option, the value and what is allowed. */
import { createSession, type CreateSessionOptions, HttpSessionManager } from 'nestjs-http-session/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf, sessionErrorOf } from '../fixtures/session.error.js';
import { createExchange, setCookies, TestServer } from '../fixtures/test.server.js';

const NOW = Date.UTC(2030, 0, 1);

describe('a session that was just created', () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());

  it('is new, was created now, times out after 30 minutes, and has no attributes', () => {
    const session = createSession();
    expect(session.isNew).toBe(true);
    expect(session.created).toEqual(new Date(NOW));
    expect(session.accessed).toEqual(new Date(NOW));
    expect(session.timeout).toBe(30 * 60_000);
    expect(session.expires).toEqual(new Date(NOW + 30 * 60_000));
    expect([session.attrs(), session.constAttrs()]).toEqual([{}, {}]);
  });

  it('has an id of a tag and 24 random characters', () => {
    expect(createSession().id).toMatch(/^[\w-]{4}\.[\w-]{24}$/);
    expect(new Set(Array.from({ length: 1_000 }, () => createSession().id)).size).toBe(1_000);
  });

  it.each([
    [16, 22],
    [18, 24],
    [32, 43],
    [180, 240],
  ])('has %i random bytes in its id, %i characters, if it is told so', (idLength, characters) => {
    expect(createSession({ idLength }).id.split('.')[1]).toHaveLength(characters);
  });

  it('has the attributes it was given', () => {
    const session = createSession({ attrs: { count: 1 }, constAttrs: { user: 'Ann' } });
    expect([session.attr('count'), session.constAttr('user')]).toEqual([1, 'Ann']);
    expect([session.attrs(), session.constAttrs()]).toEqual([{ count: 1 }, { user: 'Ann' }]);
  });

  it('takes no note of attributes that are null or undefined', () => {
    const nothing = { a: null, b: undefined };
    const session = createSession({ attrs: nothing, constAttrs: nothing });
    expect([Object.keys(session.attrs()), Object.keys(session.constAttrs())]).toEqual([[], []]);
  });

  it('ends at the nearer of its idle and its absolute deadline', () => {
    expect(createSession({ timeout: '1h', lifetime: '30m' }).expires).toEqual(new Date(NOW + 30 * 60_000));
    expect(createSession({ timeout: '1h', lifetime: '2h' }).expires).toEqual(new Date(NOW + 60 * 60_000));
    expect(createSession({ timeout: '1h', lifetime: false }).expires).toEqual(new Date(NOW + 60 * 60_000));
  });

  it('gives new Date objects each time: changing one changes nothing', () => {
    const session = createSession();
    session.created.setTime(0);
    session.expires.setTime(0);
    expect(session.created).toEqual(new Date(NOW));
    expect(session.expires.getTime()).toBeGreaterThan(NOW);
  });
});

describe('the id of a new session', () => {
  it('stays what it is when it is added, unless the manager wants another length', async () => {
    const { manager } = new TestServer();
    const session = createSession();
    const shown = session.id;
    await manager.add(session, createExchange().response);
    expect(session.id).toBe(shown);
  });

  it("is drawn anew when it is added, if the manager's idLength isn't the default", async () => {
    const { manager } = new TestServer({ idLength: 32 });
    const session = createSession();
    const shown = session.id;
    await manager.add(session, createExchange().response);
    expect(session.id).not.toBe(shown);
    expect(session.id).toMatch(/^[\w-]{4}\.[\w-]{43}$/);
  });

  it('keeps the length it was given, whatever the manager wants', async () => {
    const { manager } = new TestServer({ idLength: 32 });
    const session = createSession({ idLength: 16 });
    const shown = session.id;
    await manager.add(session, createExchange().response);
    expect(session.id).toBe(shown);
  });
});

describe('what a session leaves open is filled in when it is added', () => {
  it("by the manager's options", async () => {
    const server = new TestServer({ timeout: '2h', lifetime: '90m', touchInterval: '1s' });
    const { session } = await server.login();
    expect(session.timeout).toBe(2 * 3_600_000);
    expect(session.created).toEqual(new Date(server.clock.now()));
    expect(session.expires).toEqual(new Date(server.clock.now() + 90 * 60_000));
  });

  it('and its own options win', async () => {
    const server = new TestServer({ timeout: '2h', lifetime: '90m', touchInterval: '1s' });
    const { session } = await server.login({ timeout: '10s', lifetime: '5s' });
    expect(session.timeout).toBe(10_000);
    expect(session.expires).toEqual(new Date(server.clock.now() + 5_000));
  });

  it('its absence of an absolute deadline included', async () => {
    const server = new TestServer({ lifetime: '1m' });
    const { session } = await server.login({ lifetime: false, timeout: '1h' });
    expect(session.expires.getTime()).toBeGreaterThan(server.clock.now() + 60 * 60_000 - 1);
  });
});

describe('createSession refuses', () => {
  it.each<[option: string, given: unknown, told: string, allowed: string]>([
    ['timeout', 0, '0', '30m'],
    ['timeout', -5, '-5', '30m'],
    ['timeout', NaN, 'NaN', '30m'],
    ['timeout', Infinity, 'Infinity', '30m'],
    ['timeout', '', '""', '30m'],
    ['timeout', 'soon', '"soon"', '30m'],
    ['timeout', '-1h', '"-1h"', '30m'],
    ['timeout', null, 'null', '30m'],
    ['timeout', true, 'true', '30m'],
    ['lifetime', 0, '0', '30m'],
    ['lifetime', 'never', '"never"', '30m'],
    ['lifetime', true, 'true', '30m'],
    ['lifetime', null, 'null', '30m'],
    ['persistent', 'yes', '"yes"', 'true or false'],
    ['persistent', 0, '0', 'true or false'],
    ['idLength', 8, '8', '16'],
    ['idLength', 15, '15', '16'],
    ['idLength', 181, '181', '180'],
    ['idLength', 18.5, '18.5', 'integer'],
    ['idLength', '18', '"18"', 'integer'],
    ['attrs', null, 'null', 'an object'],
    ['attrs', 'a', '"a"', 'an object'],
    ['constAttrs', null, 'null', 'an object'],
    ['constAttrs', 5, '5', 'an object'],
  ])('%s: %j', (option, given, told, allowed) => {
    const error = sessionErrorOf(() => createSession({ [option]: given }));
    expect(error).toEqual(errorOf('INVALID_OPTION', `"${option}"`, ` is ${told};`, allowed));
  });

  it('an option that does not exist, naming those that do', () => {
    const options = { timeOut: '30m' } as CreateSessionOptions;
    expect(() => createSession(options)).toThrow(errorOf('INVALID_OPTION', 'timeOut', 'timeout', 'lifetime'));
  });

  it.each([['a string'], [5], [[]], [() => ({})]])('%j instead of options', (options) => {
    expect(() => createSession(options as CreateSessionOptions)).toThrow(errorOf('INVALID_OPTION'));
  });
});

describe('persistent: false', () => {
  it('is a cookie that ends with the browser, also after a rotation in a later request', async () => {
    const manager = new HttpSessionManager({ logger: false });
    const { response } = createExchange();
    await manager.add(createSession({ persistent: false }), response);
    expect(setCookies(response)[0]).not.toContain('Max-Age');
    const later = createExchange({ cookie: String(setCookies(response)[0]?.split(';', 1)[0]) });
    const session = await manager.get(later.request);
    if (!session) throw new Error('no session');
    await manager.rotate(session, later.response);
    expect(setCookies(later.response)).toHaveLength(1);
    expect(setCookies(later.response)[0]).not.toContain('Max-Age');
    await manager.close();
  });
});
