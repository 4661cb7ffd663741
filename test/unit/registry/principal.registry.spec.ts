/** The principal's view: list, revoke one, all others, all. */
import { createSession, PrincipalRegistry } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { TestServer, type Visit } from '../fixtures/test.server.js';

let server: TestServer;
let registry: PrincipalRegistry;

beforeEach(() => {
  server = new TestServer();
  registry = new PrincipalRegistry(server.manager);
});

async function loggedIn(principal: string, device: string): Promise<Visit> {
  server.clock.advance('1m');
  return server.login({ principal, labels: { device } });
}

describe('sessionsOf', () => {
  it('tells what a page needs, the last accessed first, and marks the current one', async () => {
    const laptop = await loggedIn('ann', 'laptop');
    const phone = await loggedIn('ann', 'phone');
    await loggedIn('bob', 'tablet');
    server.clock.advance('5m');
    const { session } = await server.return(laptop);
    await session.save();
    const sessions = await registry.sessionsOf('ann', session);
    expect(sessions).toEqual([
      {
        handle: laptop.session.handle,
        created: laptop.session.created,
        accessed: new Date(server.clock.now()),
        expires: session.expires,
        isCurrent: true,
        labels: { device: 'laptop' },
      },
      {
        handle: phone.session.handle,
        created: phone.session.created,
        accessed: phone.session.accessed,
        expires: phone.session.expires,
        isCurrent: false,
        labels: { device: 'phone' },
      },
    ]);
  });

  it('shows nothing that opens a session, or that the store knows it by', async () => {
    const { session } = await loggedIn('ann', 'laptop');
    const shown = JSON.stringify(await registry.sessionsOf('ann', session));
    expect(shown).not.toContain(session.id);
    expect(shown).not.toContain(session.id.split('.')[1]);
    expect(shown).not.toContain(server.key.split('.')[1]);
    expect(await server.manager.get(requestWith(session.handle))).toBeUndefined();
  });

  it('is empty for who has none, and loses what expires', async () => {
    expect(await registry.sessionsOf('ann')).toEqual([]);
    const { session } = await loggedIn('ann', 'laptop');
    server.clock.set(session.expires.getTime() - 1);
    expect(await registry.sessionsOf('ann')).toHaveLength(1);
    server.clock.set(session.expires);
    expect(await registry.sessionsOf('ann')).toEqual([]);
  });

  it('keeps the place and the name of a session that is rotated', async () => {
    const laptop = await loggedIn('ann', 'laptop');
    const before = await registry.sessionsOf('ann');
    await server.manager.rotate(laptop.session, laptop.response);
    expect(await registry.sessionsOf('ann')).toEqual(before);
  });

  it('knows the sessions of its own name only', async () => {
    const admin = new TestServer({ store: server.store }, 'admin');
    await server.login({ principal: 'ann' });
    expect(await new PrincipalRegistry(admin.manager).sessionsOf('ann')).toEqual([]);
  });

  it.each(['', 'a\0', 'a'.repeat(256), 42 as unknown as string])('refuses what is no principal', async (principal) => {
    await expect(registry.sessionsOf(principal)).rejects.toThrow(errorOf('INVALID_OPTION', '"principal"'));
    await expect(registry.revokeAll(principal)).rejects.toThrow(errorOf('INVALID_OPTION', '"principal"'));
    await expect(registry.revoke(principal, 'h')).rejects.toThrow(errorOf('INVALID_OPTION', '"principal"'));
  });

  it.each(['list', 'removeAll'] as const)('fails as the store does: %s', async (method) => {
    const { session } = await loggedIn('ann', 'laptop');
    server.store.intercept(method, () => Promise.reject(new Error('secret')), Infinity);
    const calls = {
      list: [() => registry.sessionsOf('ann'), () => registry.revoke('ann', session.handle)],
      removeAll: [() => registry.revokeAll('ann'), () => registry.revokeOthers(session)],
    };
    for (const call of calls[method]) await expect(call()).rejects.toThrow(errorOf('STORE_FAILED'));
    expect(server.memory.size).toBe(1);
  });
});

describe('revoke', () => {
  it('ends that session for good, and tells', async () => {
    const [laptop, phone] = [await loggedIn('ann', 'laptop'), await loggedIn('ann', 'phone')];
    const overlapping = await server.return(phone);
    overlapping.session.setAttr('count', 1);
    const { handle } = phone.session;
    expect(await registry.revoke('ann', handle)).toBe(true);
    expect(await server.find(phone)).toBeUndefined();
    await expect(overlapping.session.save()).rejects.toThrow(errorOf('SESSION_GONE'));
    expect(await server.find(laptop)).toBeDefined();
    expect(server.ofType('removed')).toEqual([{ type: 'removed', reason: 'revoked', handle, principal: 'ann' }]);
    expect(await registry.revoke('ann', handle)).toBe(false);
    expect(server.ofType('removed')).toHaveLength(1);
  });

  it('ends no session of somebody else, and none that isn’t there', async () => {
    const laptop = await loggedIn('ann', 'laptop');
    expect(await registry.revoke('bob', laptop.session.handle)).toBe(false);
    expect(await registry.revoke('ann', 'no such handle')).toBe(false);
    expect(await server.find(laptop)).toBeDefined();
  });

  it('ends a session that is rotated meanwhile', async () => {
    const laptop = await loggedIn('ann', 'laptop');
    const held = server.store.hold('list', 'after');
    const revoked = registry.revoke('ann', laptop.session.handle);
    await held.reached;
    await server.manager.rotate(laptop.session, laptop.response);
    held.release();
    expect(await revoked).toBe(true);
    expect(await server.find(laptop)).toBeUndefined();
  });
});

describe('revokeOthers', () => {
  it('ends all but that one, and tells', async () => {
    const [laptop, phone, tablet] = [
      await loggedIn('ann', 'laptop'),
      await loggedIn('ann', 'phone'),
      await loggedIn('ann', 'tablet'),
    ];
    const bob = await loggedIn('bob', 'laptop');
    const { session } = await server.return(phone);
    expect(await registry.revokeOthers(session)).toBe(2);
    const found = await Promise.all([laptop, phone, tablet, bob].map((visit) => server.find(visit).then(Boolean)));
    expect(found).toEqual([false, true, false, true]);
    const event = { type: 'removed', reason: 'revoked', handle: undefined, principal: 'ann', except: session.handle };
    expect(server.ofType('removed')).toEqual([event]);
    expect(await registry.revokeOthers(session)).toBe(0);
    expect(server.ofType('removed')).toHaveLength(1);
  });

  it('spares a session that was rotated since it was loaded', async () => {
    const laptop = await loggedIn('ann', 'laptop');
    await loggedIn('ann', 'phone');
    const [one, another] = [await server.return(laptop), await server.return(laptop)];
    await server.manager.rotate(another.session, another.response);
    expect(await registry.revokeOthers(one.session)).toBe(1);
    expect(await server.find(another)).toBeDefined();
  });

  it('ends none for a session that is gone: who was thrown out can’t throw out the others', async () => {
    const [laptop, phone] = [await loggedIn('ann', 'laptop'), await loggedIn('ann', 'phone')];
    const { session } = await server.return(phone);
    await registry.revoke('ann', session.handle);
    await expect(registry.revokeOthers(session)).rejects.toThrow(errorOf('SESSION_GONE'));
    expect(await server.find(laptop)).toBeDefined();
  });

  it('refuses a session of nobody, and one that isn’t stored', async () => {
    const { session } = await server.login();
    await expect(registry.revokeOthers(session)).rejects.toThrow(errorOf('PRINCIPAL_MISSING'));
    await expect(registry.revokeOthers(createSession({ principal: 'ann' }))).rejects.toThrow(
      errorOf('SESSION_NOT_ADDED'),
    );
  });
});

describe('revokeAll', () => {
  it('ends every session that was added before, and none that is added after', async () => {
    const visits = [await loggedIn('ann', 'laptop'), await loggedIn('ann', 'phone')];
    const bob = await loggedIn('bob', 'laptop');
    expect(await registry.revokeAll('ann')).toBe(2);
    const again = await loggedIn('ann', 'laptop');
    const found = await Promise.all([...visits, bob, again].map((visit) => server.find(visit).then(Boolean)));
    expect(found).toEqual([false, false, true, true]);
    expect(server.ofType('removed')).toEqual([
      { type: 'removed', reason: 'revoked', handle: undefined, principal: 'ann' },
    ]);
    expect(await registry.revokeAll('nobody')).toBe(0);
  });

  it('ends a session that is being rotated, before and after the store has done it', async () => {
    for (const when of ['before', 'after'] as const) {
      const laptop = await loggedIn('ann', 'laptop');
      const held = server.store.hold('rename', when);
      const rotated = server.manager.rotate(laptop.session, laptop.response);
      await held.reached;
      expect(await registry.revokeAll('ann')).toBe(1);
      held.release();
      await rotated.catch(() => undefined);
      expect(await server.find(laptop)).toBeUndefined();
      expect(await registry.sessionsOf('ann')).toEqual([]);
    }
  });

  it('writes neither principal nor id into the log', async () => {
    const { session } = await loggedIn('ann@example.org', 'laptop');
    await registry.revokeAll('ann@example.org');
    const log = JSON.stringify(server.log);
    expect(log).not.toContain('ann@example.org');
    expect(log).not.toContain(session.id);
  });
});

function requestWith(id: string): unknown {
  return { headers: { cookie: `__Host-sessid=${id}` } };
}
