/** `save`: commits now, for code that sends the response itself. */
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { TestServer, type Visit } from '../fixtures/test.server.js';
import { isSettled, unhandledRejections } from '../fixtures/turns.js';

let server: TestServer;
let first: Visit;
let visit: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login({ attrs: { count: 0, list: ['a'] } });
  visit = await server.return(first);
  server.store.forget();
});

describe('save', () => {
  it('resolves once the store has the changes', async () => {
    const held = server.store.hold('change');
    visit.session.setAttr('count', 1);
    const saved = visit.session.save();
    await expect(isSettled(saved)).resolves.toBe(false);
    held.release();
    await saved;
    expect(server.record.attrs.get('count')).toBe('1');
  });

  it('does nothing without changes, whatever became of the session', async () => {
    await server.manager.remove(first.session, first.response);
    server.store.forget();
    await visit.session.save();
    expect(server.store.calls).toEqual([]);
  });

  it('called twice at once writes once, and both wait for it', async () => {
    const held = server.store.hold('change');
    visit.session.setAttr('count', 1);
    const saved = [visit.session.save(), visit.session.save()];
    await held.reached;
    await expect(isSettled(Promise.race(saved))).resolves.toBe(false);
    held.release();
    await Promise.all(saved);
    expect(server.store.count('change')).toBe(1);
  });

  it('called again with new changes writes them after the first ones', async () => {
    const held = server.store.hold('change');
    visit.session.setAttr('count', 1);
    const first = visit.session.save();
    await held.reached;
    visit.session.setAttr('count', 2);
    visit.session.attr('list').push('b');
    const second = visit.session.save();
    held.release();
    await Promise.all([first, second]);
    expect(server.store.count('change')).toBe(2);
    expect(Object.fromEntries(server.record.attrs)).toEqual({ count: '2', list: '["a","b"]' });
  });

  it('that fails leaves the changes for the next one', async () => {
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    visit.session.setAttr('count', 1);
    await expect(visit.session.save()).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(server.record.attrs.get('count')).toBe('0');
    await visit.session.save();
    expect(server.record.attrs.get('count')).toBe('1');
  });

  it('that fails does not fail the one that waits for it', async () => {
    server.store.intercept('change', () => Promise.reject(new Error('down')));
    visit.session.setAttr('count', 1);
    const unhandled = await unhandledRejections(async () => {
      const [failed, saved] = [visit.session.save(), visit.session.save()];
      await expect(failed).rejects.toThrow(errorOf('STORE_FAILED'));
      await saved;
    });
    expect(unhandled).toEqual([]);
    expect(server.record.attrs.get('count')).toBe('1');
  });

  it('reaches the successor if another request rotated the session', async () => {
    await server.manager.rotate(first.session, first.response);
    visit.session.setAttr('count', 1);
    await visit.session.save();
    expect((await server.return(first)).session.attr('count')).toBe(1);
  });
});

describe('once the session was removed, nothing brings it back:', () => {
  it.each<[string, (visit: Visit) => Promise<unknown>]>([
    ['save', ({ session }) => (session.setAttr('count', 1), session.save())],
    ['update', ({ session }) => session.update('count', () => 1)],
    ['rotate', ({ session, response }) => server.manager.rotate(session, response)],
    ['runExclusive', ({ session }) => session.runExclusive(() => session.setAttr('count', 1))],
  ])('%s of a request that loaded it before rejects', async (_, act) => {
    await server.manager.remove(first.session, first.response);
    await expect(act(visit)).rejects.toThrow(errorOf('SESSION_GONE'));
    await expect(act(visit)).rejects.toThrow(errorOf('SESSION_GONE'));
    expect(server.memory.size).toBe(0);
  });

  it.each<[string, (visit: Visit) => Promise<unknown>]>([
    ['save', ({ session }) => session.save()],
    ['save of a change', ({ session }) => (session.setAttr('count', 1), session.save())],
    ['update', ({ session }) => session.update('count', () => 1)],
    ['rotate', ({ session, response }) => server.manager.rotate(session, response)],
    ['runExclusive', ({ session }) => session.runExclusive(() => undefined)],
  ])('%s of the very request that removed it rejects, and asks the store for nothing', async (_, act) => {
    await server.manager.remove(visit.session, visit.response);
    server.store.forget();
    await expect(act(visit)).rejects.toThrow(errorOf('SESSION_GONE'));
    expect(server.store.calls).toEqual([]);
  });

  it('a save that overlaps the removal comes before it or rejects', async () => {
    const held = server.store.hold('change');
    visit.session.setAttr('count', 1);
    const saved = visit.session.save();
    await held.reached;
    await server.manager.remove(first.session, first.response);
    held.release();
    await expect(saved).rejects.toThrow(errorOf('SESSION_GONE'));
    expect(server.memory.size).toBe(0);
  });
});

it('a session that expired meanwhile is gone too', async () => {
  visit.session.setAttr('count', 1);
  server.clock.set(visit.session.expires);
  await expect(visit.session.save()).rejects.toThrow(errorOf('SESSION_GONE'));
});
