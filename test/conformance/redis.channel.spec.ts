/** Removals are told to the other processes, by every client that can subscribe. */
import { HttpSessionManager, createSession, PrincipalRegistry, type SessionEvent } from 'nestjs-http-session/core';
import { RedisStore, type RedisSubscriber } from 'nestjs-http-session/redis';
import { createExchange } from 'nestjs-http-session/testing';
import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { type OpenClient, type OpensClient, removeKeys, SINGLE_CLIENTS } from '../support/redis.clients.js';

const { 'a pool of node-redis': pool, ...SUBSCRIBING } = SINGLE_CLIENTS;

/** A manager as one process has it, and what it hears. */
class Process {
  readonly heard: SessionEvent[] = [];
  readonly manager: HttpSessionManager;

  constructor(client: OpenClient, subscriber: OpenClient | undefined, keyPrefix: string) {
    const listening = subscriber && { subscriber: subscriber.client as object as RedisSubscriber };
    const store = new RedisStore(client.client, { keyPrefix, ...listening });
    this.manager = new HttpSessionManager({ store, logger: false });
    this.manager.events.subscribe((event) => this.heard.push(event));
  }

  /** Waits for the first removal. */
  async removal(): Promise<SessionEvent> {
    for (;;) {
      const found = this.heard.find(({ type }) => type === 'removed');
      if (found) return found;
      await setTimeout(5);
    }
  }
}

await describeWith(Backend.REDIS, 'RedisStore with a subscriber', () => {
  async function opened(open: OpensClient): Promise<OpenClient> {
    const client = await open([Backend.REDIS.url]);
    onTestFinished(() => void client.close());
    return client;
  }

  async function twoProcesses(openClient: OpensClient, openSubscriber: OpensClient) {
    const keyPrefix = `${uniqueName('channel')}:`;
    onTestFinished(() => removeKeys(Backend.REDIS.url, `*${keyPrefix}*`));
    const process = async () => new Process(await opened(openClient), await opened(openSubscriber), keyPrefix);
    const processes = [await process(), await process()] as const;
    // A subscription is there when Redis has said so; nobody waits for that but a test.
    await untilSubscribed(await opened(SINGLE_CLIENTS['node-redis']), `${keyPrefix}removed`, 2);
    return processes;
  }

  it.each(Object.entries({ ...SUBSCRIBING, 'a pool, and node-redis that listens': pool }))(
    'tells the other process what was removed: %s',
    async (_, open) => {
      const [here, there] = await twoProcesses(open, open === pool ? SINGLE_CLIENTS['node-redis'] : open);
      const { response } = createExchange();
      const session = createSession({ principal: 'ann' });
      await here.manager.add(session, response);
      await here.manager.remove(session, response);
      const removed = { type: 'removed', reason: 'logout', handle: session.handle, principal: 'ann' };
      expect(await here.removal()).toEqual(removed);
      expect(await there.removal()).toEqual({ ...removed, elsewhere: true });
      await there.manager.close();
      await here.manager.close();
    },
  );

  it('tells of a revocation, and says nothing more when it is closed', async () => {
    const open = SINGLE_CLIENTS['node-redis'];
    const [here, there] = await twoProcesses(open, open);
    await here.manager.add(createSession({ principal: 'ann' }), createExchange().response);
    await new PrincipalRegistry(there.manager).revokeAll('ann');
    expect(await here.removal()).toEqual({ type: 'removed', reason: 'revoked', principal: 'ann', elsewhere: true });
    await here.manager.close();
    expect(here.heard.filter(({ type }) => type === 'removed')).toHaveLength(1);
  });

  it('refuses what can’t listen, and the very client that the store works with', async () => {
    const { client } = await opened(SINGLE_CLIENTS['node-redis']);
    for (const subscriber of [client, {}, 'redis://localhost', null]) {
      expect(() => new RedisStore(client, { subscriber: subscriber as RedisSubscriber })).toThrow('"subscriber"');
    }
  });
});

async function untilSubscribed({ client }: OpenClient, channel: string, count: number): Promise<void> {
  const admin = client as { sendCommand(args: string[]): Promise<unknown> };
  for (;;) {
    const reply = (await admin.sendCommand(['PUBSUB', 'NUMSUB', channel])) as
      readonly unknown[] | Record<string, number>;
    const subscribers = Array.isArray(reply) ? reply[1] : Object.values(reply)[0];
    if (Number(subscribers) >= count) return;
    await setTimeout(5);
  }
}
