/** `purge` and `close`, and the events of a manager. */
import { type ManagerPurgeOptions } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { createExchange, TestServer } from '../fixtures/test.server.js';
import { isSettled } from '../fixtures/turns.js';

let server: TestServer;

beforeEach(() => void (server = new TestServer()));

describe('purge', () => {
  it('removes what has expired, and tells how many, and that it is done', async () => {
    await server.login({ timeout: '1m' });
    await server.login({ timeout: '1h' });
    server.clock.advance('2m');
    await expect(server.manager.purge()).resolves.toEqual({ completed: true, removed: 1 });
    expect(server.memory.size).toBe(1);
  });

  it.each<[ManagerPurgeOptions | undefined, { batchSize: number; deadline: number }]>([
    [undefined, { batchSize: 100, deadline: 480_000 }],
    [{ batchSize: 7 }, { batchSize: 7, deadline: 480_000 }],
    [{ deadline: '5s' }, { batchSize: 100, deadline: 5_000 }],
  ])("with %o asks the store for %o, by the app's clock", async (options, expected) => {
    const asked: unknown[] = [];
    server.store.intercept('purge', (proceed, [given]) => (asked.push(given), proceed()));
    await server.manager.purge(options);
    expect(asked).toEqual([{ now: server.clock.now(), ...expected }]);
  });

  it('passes on that the store was not done', async () => {
    server.store.intercept('purge', () => ({ completed: false, removed: 5 }));
    await expect(server.manager.purge()).resolves.toEqual({ completed: false, removed: 5 });
  });

  it('may take longer than storeTimeout', async () => {
    server = new TestServer({ storeTimeout: 5 });
    server.store.intercept('purge', async (proceed) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return proceed();
    });
    await expect(server.manager.purge()).resolves.toEqual({ completed: true, removed: 0 });
  });

  it('rejects if the store fails', async () => {
    server.store.intercept('purge', () => Promise.reject(new Error('down')));
    await expect(server.manager.purge()).rejects.toThrow(errorOf('STORE_FAILED'));
  });

  it.each([
    ['batchSize', 0],
    ['batchSize', 1.5],
    ['batchSize', '100'],
    ['deadline', 0],
    ['deadline', 'soon'],
  ])('rejects with a wrong option: %s %j', async (option, given) => {
    await expect(server.manager.purge({ [option]: given })).rejects.toThrow(errorOf('INVALID_OPTION', `"${option}"`));
  });
});

describe('close', () => {
  it('closes the store, once, however often it is called', async () => {
    await Promise.all([server.manager.close(), server.manager.close()]);
    await server.manager.close();
    expect(server.store.count('close')).toBe(1);
  });

  it('resolves when the store has written what is on its way', async () => {
    const held = server.store.hold('close');
    const closed = [server.manager.close(), server.manager.close()];
    await expect(isSettled(Promise.race(closed))).resolves.toBe(false);
    held.release();
    await Promise.all(closed);
  });

  it('refuses everything from then on', async () => {
    const first = await server.login();
    const visit = await server.return(first);
    await server.manager.close();
    server.store.forget();
    visit.session.setAttr('a', 1);
    const refused = errorOf('MANAGER_CLOSED');
    await expect(server.find(first)).rejects.toThrow(refused);
    await expect(server.login()).rejects.toThrow(refused);
    await expect(visit.session.save()).rejects.toThrow(refused);
    await expect(visit.session.update('a', () => 1)).rejects.toThrow(refused);
    await expect(server.manager.rotate(visit.session, visit.response)).rejects.toThrow(refused);
    await expect(server.manager.remove(visit.session, visit.response)).rejects.toThrow(refused);
    expect(server.store.calls).toEqual([]);
  });

  it('lets a request without an id pass: it needs no store', async () => {
    await server.manager.close();
    await expect(server.manager.get(createExchange().request)).resolves.toBeUndefined();
  });

  it('rejects if the store can not be closed', async () => {
    server.store.intercept('close', () => Promise.reject(new Error('down')));
    await expect(server.manager.close()).rejects.toThrow(errorOf('STORE_FAILED'));
  });
});

describe('a listener that throws', () => {
  it('harms no request', async () => {
    server.manager.events.subscribe(() => {
      throw new Error('the listener failed');
    });
    const first = await server.login();
    const visit = await server.return(first);
    await server.manager.rotate(visit.session, visit.response);
    await server.manager.remove(visit.session, visit.response);
    await expect(server.find(visit)).resolves.toBeUndefined();
    expect(server.events.map(({ type }) => type)).toEqual(['added', 'rotated', 'removed']);
  });
});

it('a manager tells what its transports occupy, by the name of its session', () => {
  expect(new TestServer().manager.carriers).toEqual(['cookie __Host-sessid']);
  expect(new TestServer({}, 'admin').manager.carriers).toEqual(['cookie __Host-sessid-admin']);
  expect(new TestServer({ cookie: { name: 'own', allowHttp: true } }, 'admin').manager.carriers).toEqual([
    'cookie own',
  ]);
});
