/** A wrong option never waits for a request: it is refused at start, by name, with what was given and what is allowed. */
import {
  CookieTransport,
  createSession,
  HeaderTransport,
  HttpSessionManager,
  MemoryStore,
  type SessionManagerOptions,
} from 'nestjs-http-session/core';
import { describe, expect, it, vi } from 'vitest';
import { errorOf, sessionErrorOf } from '../fixtures/session.error.js';
import { createExchange, TestServer } from '../fixtures/test.server.js';

const SPAN = '30m';

class DuckTypedStore {
  get(): undefined {
    return undefined;
  }
}

describe('a manager refuses', () => {
  it.each<[option: string, given: unknown, told: string, allowed: string]>([
    ['store', {}, 'an object', 'SessionStore'],
    ['store', new DuckTypedStore(), 'an object', 'SessionStore'],
    ['store', MemoryStore, 'a function', 'SessionStore'],
    ['store', null, 'null', 'SessionStore'],
    ['timeout', 0, '0', SPAN],
    ['timeout', -1, '-1', SPAN],
    ['timeout', '-30m', '"-30m"', SPAN],
    ['timeout', 'half an hour', '"half an hour"', SPAN],
    ['timeout', null, 'null', SPAN],
    ['timeout', false, 'false', SPAN],
    ['lifetime', 0, '0', SPAN],
    ['lifetime', true, 'true', SPAN],
    ['lifetime', Infinity, 'Infinity', SPAN],
    ['touchInterval', 0, '0', SPAN],
    ['touchInterval', '', '""', SPAN],
    ['storeTimeout', 0, '0', SPAN],
    ['storeTimeout', NaN, 'NaN', SPAN],
    ['storeTimeout', '25d', '"25d"', '24d'],
    ['idLength', 8, '8', '16 to 180'],
    ['idLength', 15, '15', '16 to 180'],
    ['idLength', 181, '181', '16 to 180'],
    ['idLength', 18.5, '18.5', 'integer'],
    ['idLength', '18', '"18"', 'integer'],
    ['maxSize', 0, '0', '1 or more'],
    ['maxSize', -5, '-5', '1 or more'],
    ['maxSize', '64kb', '"64kb"', 'integer'],
    ['codec', {}, 'an object', 'encode and decode'],
    ['codec', { encode: JSON.stringify }, 'an object', 'encode and decode'],
    ['codec', null, 'null', 'encode and decode'],
    ['codec', 'json', '"json"', 'encode and decode'],
    ['onStoreError', 'ignore', '"ignore"', "'fail' or 'anonymous'"],
    ['onStoreError', true, 'true', "'fail' or 'anonymous'"],
    ['logger', true, 'true', 'debug, warn and error'],
    ['logger', {}, 'an object', 'debug, warn and error'],
    ['logger', null, 'null', 'debug, warn and error'],
    ['clock', 5, '5', 'a function'],
    ['clock', new Date(0), 'an object', 'a function'],
    ['transport', [], 'an empty array', 'SessionTransport'],
    ['transport', {}, 'an object', 'SessionTransport'],
    ['transport', [new CookieTransport(), {}], 'an array', 'SessionTransport'],
    ['transport', 'cookie', '"cookie"', 'SessionTransport'],
    ['transport', [new CookieTransport(), new CookieTransport()], 'cookie __Host-sessid', 'share nothing'],
    ['transport', [new HeaderTransport({ header: 'X-A' }), new HeaderTransport({ header: 'x-a' })], 'header x-a', 'share nothing'], // prettier-ignore
    ['cookie', true, 'true', 'options'],
    ['cookie', 'sessid', '"sessid"', 'options'],
    ['cookie', null, 'null', 'options'],
    ['cookie', ['sessid'], 'an array', 'options'],
  ])('%s: %o', (option, given, told, allowed) => {
    const error = sessionErrorOf(() => new HttpSessionManager({ [option]: given }));
    expect(error).toEqual(errorOf('INVALID_OPTION', `"${option}"`, told, allowed));
  });

  it('cookie and transport together', () => {
    const options = { cookie: {}, transport: new CookieTransport() };
    expect(() => new HttpSessionManager(options)).toThrow(errorOf('INVALID_OPTION', 'transport', 'cookie'));
  });

  it.each([
    ['timeOut', 'timeout'],
    ['secret', 'cookie'],
    ['ttl', 'lifetime'],
  ])('the option %s, which does not exist, naming those that do', (option, hint) => {
    const options = { [option]: 1 } as SessionManagerOptions;
    expect(() => new HttpSessionManager(options)).toThrow(errorOf('INVALID_OPTION', option, hint));
  });

  it.each([[null], ['30m'], [[]], [5]])('%j instead of options', (options) => {
    expect(() => new HttpSessionManager(options as unknown as SessionManagerOptions)).toThrow(
      errorOf('INVALID_OPTION', 'an object of options'),
    );
  });

  it('a name that its cookie can not have', () => {
    expect(() => new HttpSessionManager({}, 'my admin')).toThrow(errorOf('INVALID_OPTION', 'cookie.name'));
  });

  it('without leaving a cleaner behind', () => {
    const started = vi.spyOn(globalThis, 'setInterval');
    expect(() => new HttpSessionManager({ idLength: 1 })).toThrow();
    expect(() => new HttpSessionManager({ cookie: { path: 'x' } })).toThrow();
    expect(started).not.toHaveBeenCalled();
  });
});

describe('a manager takes', () => {
  it.each<[string, SessionManagerOptions]>([
    ['no options', {}],
    ['one transport', { transport: new HeaderTransport() }],
    ['several transports', { transport: [new HeaderTransport(), new CookieTransport()] }],
    ['no absolute deadline', { lifetime: false }],
    ['no logs', { logger: false }],
    ['milliseconds', { timeout: 1_000, lifetime: 5_000, touchInterval: 10, storeTimeout: 50 }],
    ['spans', { timeout: '20m', lifetime: '12h', touchInterval: '10s', storeTimeout: '500ms' }],
    ['undefined for what is not said', { store: undefined, timeout: undefined, logger: undefined }],
  ])('%s', async (_, options) => {
    await new HttpSessionManager(options).close();
  });

  it("an undefined name of a cookie for none: the session's own name counts", () => {
    const cookie = { name: undefined } as unknown as NonNullable<SessionManagerOptions['cookie']>;
    expect(new HttpSessionManager({ cookie }, 'admin').carriers).toEqual(['cookie __Host-sessid-admin']);
  });
});

describe('if nothing else is said', () => {
  it('sessions time out after 30 minutes, end after 30 days, and accesses are recorded once a minute', async () => {
    const server = new TestServer();
    await server.login();
    const { timeout, touchInterval, ends, created } = server.record;
    expect([timeout, touchInterval, (ends ?? 0) - created]).toEqual([30 * 60_000, 60_000, 30 * 86_400_000]);
  });

  it('warnings and errors go to the console, the rest does not', async () => {
    const spied = (['debug', 'log', 'info', 'warn', 'error'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => undefined),
    );
    const [debug, log, info, warn, error] = spied;
    const server = new TestServer({ logger: undefined });
    const first = await server.login();
    server.store.intercept('get', () => ({ broken: 'format 7' }));
    await server.find(first);
    server.store.intercept('get', () => Promise.reject(new Error('down')));
    await server.find(first).catch(() => undefined);
    expect([debug, log, info, warn, error].map((spy) => spy?.mock.calls.length)).toEqual([0, 0, 0, 1, 1]);
  });

  it('the time is the machine’s', async () => {
    const manager = new HttpSessionManager({ logger: false });
    const session = createSession();
    const before = Date.now();
    await manager.add(session, createExchange().response);
    expect(session.created.getTime()).toBeGreaterThanOrEqual(before);
    expect(session.created.getTime()).toBeLessThanOrEqual(Date.now());
    await manager.close();
  });
});
