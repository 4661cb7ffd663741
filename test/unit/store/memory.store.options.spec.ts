/** What a `MemoryStore` is made with. */
import { MemoryStore, type MemoryStoreOptions } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { errorOf, sessionErrorOf } from '../fixtures/session.error.js';

describe('a MemoryStore refuses', () => {
  it.each<[option: string, given: unknown, told: string, allowed: string]>([
    ['purgeInterval', 0, '0', '30m'],
    ['purgeInterval', -1, '-1', '30m'],
    ['purgeInterval', 'often', '"often"', '30m'],
    ['purgeInterval', null, 'null', '30m'],
    ['purgeInterval', '30d', '"30d"', '24d'], // beyond what a timer takes: it would run all the time
    ['maxSessions', 0, '0', '1'],
    ['maxSessions', -1, '-1', '1'],
    ['maxSessions', 1.5, '1.5', 'integer'],
    ['maxSessions', '100', '"100"', 'integer'],
    ['maxSessions', Infinity, 'Infinity', 'integer'],
  ])('%s: %j', (option, given, told, allowed) => {
    const error = sessionErrorOf(() => new MemoryStore({ [option]: given }));
    expect(error).toEqual(errorOf('INVALID_OPTION', `"${option}"`, told, allowed));
  });

  it('an option that does not exist, naming those that do', () => {
    const options = { maxsessions: 5 } as MemoryStoreOptions;
    expect(() => new MemoryStore(options)).toThrow(errorOf('INVALID_OPTION', 'maxsessions', 'maxSessions'));
  });

  it.each([['10s'], [null], [5]])('%j instead of options', (options) => {
    expect(() => new MemoryStore(options as MemoryStoreOptions)).toThrow(errorOf('INVALID_OPTION'));
  });
});

it('a MemoryStore says what it can promise', () => {
  expect(new MemoryStore().capabilities).toEqual({ shared: false, atomic: true, acknowledged: 'backend' });
});
