/** Removals reach the other processes, where the store can tell them. */
import { EventEmitter } from 'node:events';
import { PrincipalRegistry, type SessionChannel, type SessionEvent } from 'nestjs-http-session/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { ObservedStore, TestServer } from '../fixtures/test.server.js';

class Channel implements SessionChannel {
  readonly bus = new EventEmitter();
  readonly published: string[] = [];

  publish(message: string): void {
    this.published.push(message);
    this.bus.emit('message', message);
  }

  subscribe(listener: (message: string) => void): () => void {
    this.bus.on('message', listener);
    return () => void this.bus.off('message', listener);
  }
}

class TellingStore extends ObservedStore {
  readonly #channel: SessionChannel;

  constructor(inner: ObservedStore, channel: SessionChannel) {
    super(inner);
    this.#channel = channel;
  }

  override get channel(): SessionChannel {
    return this.#channel;
  }
}

let channel: Channel;
let here: TestServer;
let there: TestServer;

function serverOn(store: ObservedStore, name?: string, via: SessionChannel = channel): TestServer {
  return new TestServer({ store: new TellingStore(store, via) }, name);
}

beforeEach(() => {
  channel = new Channel();
  const { store } = new TestServer();
  here = serverOn(store);
  there = serverOn(store);
});

function removalsOf(server: TestServer): SessionEvent[] {
  return server.ofType('removed');
}

describe('a session that is removed', () => {
  it('is told in every process, once, and which one did it', async () => {
    const { session, response } = await here.login({ principal: 'ann' });
    await here.manager.remove(session, response, 'banned');
    const event = { type: 'removed', reason: 'banned', handle: session.handle, principal: 'ann' };
    expect(removalsOf(here)).toEqual([event]);
    expect(removalsOf(there)).toEqual([{ ...event, elsewhere: true }]);
    expect(channel.published).toHaveLength(1);
  });

  it('is told when the registry has ended it, with all others', async () => {
    await here.login({ principal: 'ann' });
    await new PrincipalRegistry(there.manager).revokeAll('ann');
    expect(removalsOf(here)).toEqual([{ type: 'removed', reason: 'revoked', principal: 'ann', elsewhere: true }]);
  });

  it('is told to those of its own name only', async () => {
    const admin = serverOn(here.store, 'admin');
    const { session, response } = await here.login();
    await here.manager.remove(session, response);
    expect(removalsOf(admin)).toEqual([]);
  });

  it('is told without its id', async () => {
    const { session, response } = await here.login();
    const { id } = session;
    await here.manager.remove(session, response);
    expect(channel.published.join()).not.toContain(id.split('.')[1]);
  });
});

describe('the relay', () => {
  it('takes no note of what is no removal', () => {
    for (const message of ['', 'null', '[]', '{"event":{"type":"added"}}', '{"event":3}']) channel.publish(message);
    expect(there.events).toEqual([]);
  });

  it('publishes nothing else', async () => {
    const { session, response } = await here.login();
    await here.manager.rotate(session, response);
    expect(channel.published).toEqual([]);
  });

  it('harms no logout when it fails, and says so', async () => {
    const failing = { publish: () => Promise.reject(new Error('down')), subscribe: () => () => undefined };
    const server = serverOn(here.store, undefined, failing);
    const { session, response } = await server.login();
    await server.manager.remove(session, response);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.logged('warn').join()).toContain('could not be told');
  });

  it('says when it can’t listen, and closes all the same', async () => {
    const deaf = { publish: () => undefined, subscribe: () => Promise.reject(new Error('down')) };
    const server = serverOn(here.store, undefined, deaf);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.logged('warn').join()).toContain('hears nothing');
    await server.manager.close();
  });

  it('ends with the manager', async () => {
    await there.manager.close();
    const { session, response } = await here.login();
    await here.manager.remove(session, response);
    expect(removalsOf(there)).toEqual([]);
    expect(channel.bus.listenerCount('message')).toBe(1);
  });
});
