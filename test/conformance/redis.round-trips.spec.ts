/** What requests cost, counted where it can't be hidden: by the server. */
import { randomUUID } from 'node:crypto';
import { Controller, Get, Post } from '@nestjs/common';
import { Sess, type Session, SessionRegistry } from 'nestjs-http-session';
import { RedisStore } from 'nestjs-http-session/redis';
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BasicsController } from '../e2e/basics.controller.js';
import { type Client, PLATFORMS, startApp, type TestApp } from '../e2e/harness.js';
import { describeWith } from '../support/backends.js';
import { type OpenClient, SINGLE_CLIENTS } from '../support/redis.clients.js';
import { RedisServer } from '../support/servers/redis.server.js';

const MINUTE = 60_000;

/** The commands that a server gets, in their order; not those of its scripts. */
class CommandLog {
  readonly #monitor;
  readonly #other;
  #commands: string[] = [];
  #marks = 0;
  #markSeen: (mark: string) => void = () => undefined;

  constructor(url: string) {
    this.#monitor = createClient({ url });
    this.#other = createClient({ url });
  }

  async start(): Promise<void> {
    await this.#monitor.connect();
    await this.#other.connect();
    await this.#monitor.monitor((line) => this.#hear(String(line)));
  }

  /** The commands since the last call. */
  async take(): Promise<string[]> {
    const mark = `mark-${++this.#marks}`;
    const seen = new Promise<void>((resolve) => {
      this.#markSeen = (heard) => heard === mark && resolve();
    });
    await this.#other.ping(mark);
    await seen;
    return this.#commands.splice(0);
  }

  stop(): void {
    this.#monitor.destroy();
    this.#other.destroy();
  }

  #hear(line: string): void {
    const [, source, command = '', argument = ''] = /\[\d+ (\S+)\] "([^"]*)"(?: "([^"]*)")?/.exec(line) ?? [];
    if (source === 'lua') return;
    if (command.toUpperCase() === 'PING') this.#markSeen(argument);
    else this.#commands.push(command.toUpperCase());
  }
}

@Controller()
class ShopController {
  #seen = 0;

  @Post('cart')
  put(@Sess() sess: Session): void {
    sess.setAttr('cart', ['apple']);
    sess.setAttr('seen', ++this.#seen);
  }

  @Get('nothing')
  nothing(@Sess() _sess?: Session): void {}
}

await describeWith(RedisServer, 'Commands on the wire', () => {
  let server: RedisServer;
  let log: CommandLog;

  beforeAll(async () => {
    server = await RedisServer.start();
    log = new CommandLog(server.url);
    await log.start();
  });

  afterAll(async () => {
    log.stop();
    await server.dispose();
  });

  describe.each(['node-redis', 'ioredis'] as const)('by %s', (library) => {
    let opened: OpenClient;

    beforeAll(async () => {
      opened = await SINGLE_CLIENTS[library]([server.url]);
    });

    afterAll(() => {
      opened.close();
    });

    describe.each(PLATFORMS)('on %s', (platform) => {
      let now: number;
      let app: TestApp;
      let client: Client;

      beforeEach(async () => {
        now = Date.now();
        const store = new RedisStore(opened.client);
        app = await startApp(platform, {
          session: { store, clock: () => now },
          controllers: [BasicsController, ShopController],
        });
        // Everything once, so that Redis knows the scripts.
        client = app.client();
        for (const path of ['/login', '/login', '/cart', '/rotate', '/logout', '/login']) await client.post(path);
        now += MINUTE;
        await client.get('/attrs');
        await log.take();
      });

      it('a request that only reads, inside the touch interval: one', async () => {
        expect((await client.get('/attrs')).json()).toEqual({ attrs: {} });
        expect(await log.take()).toEqual(['HGETALL']);
        await client.get('/nothing');
        expect(await log.take()).toEqual(['HGETALL']);
      });

      it('a request that only reads, when an access is to be recorded: two', async () => {
        now += MINUTE;
        await client.get('/attrs');
        expect(await log.take()).toEqual(['HGETALL', 'EVALSHA']);
      });

      it('a request that changes attributes: two, and three when an access is to be recorded', async () => {
        await client.post('/cart');
        expect(await log.take()).toEqual(['HGETALL', 'EVALSHA']);
        now += MINUTE;
        await client.post('/cart');
        expect(await log.take()).toEqual(['HGETALL', 'EVALSHA', 'EVALSHA']);
      });

      it('a login: one, and two in the place of another session', async () => {
        const fresh = app.client();
        await fresh.post('/login');
        expect(await log.take()).toEqual(['EVALSHA']);
        await fresh.post('/login');
        expect(await log.take()).toEqual(['HGETALL', 'EVALSHA']);
      });

      it('a rotation: two', async () => {
        await client.post('/rotate');
        expect(await log.take()).toEqual(['HGETALL', 'EVALSHA']);
      });

      it('a logout: two', async () => {
        await client.post('/logout');
        expect(await log.take()).toEqual(['HGETALL', 'EVALSHA']);
      });

      describe('of a principal’s session,', () => {
        let principal: string;

        beforeEach(async () => {
          principal = randomUUID();
          // Everything once, as above.
          await client.post('/login', { body: { principal } });
          for (const path of ['/cart', '/rotate', '/logout']) await client.post(path);
          await app.app.get(SessionRegistry).revokeAll(principal);
          await client.post('/login', { body: { principal } });
          await log.take();
        });

        it('a request that only reads, inside the touch interval: two that are one round trip', async () => {
          expect((await client.get('/attrs')).json()).toEqual({ attrs: {} });
          expect(await log.take()).toEqual(['ZSCORE', 'HGETALL']);
        });

        it('a request that records an access, changes, rotates or logs out: one more', async () => {
          now += MINUTE;
          await client.get('/attrs');
          expect(await log.take()).toEqual(['ZSCORE', 'HGETALL', 'EVALSHA']);
          for (const path of ['/cart', '/rotate', '/logout']) {
            await client.post(path);
            expect(await log.take()).toEqual(['ZSCORE', 'HGETALL', 'EVALSHA']);
          }
        });

        it('a login: one, and three that are two round trips in the place of another session', async () => {
          const fresh = app.client();
          await fresh.post('/login', { body: { principal } });
          expect(await log.take()).toEqual(['EVALSHA']);
          await fresh.post('/login', { body: { principal } });
          expect(await log.take()).toEqual(['ZSCORE', 'HGETALL', 'EVALSHA']);
        });

        it('a list: one, and one for each session; to revoke all: one, and one to clear up', async () => {
          await app.client().post('/login', { body: { principal } });
          await log.take();
          const registry = app.app.get(SessionRegistry);
          expect(await registry.sessionsOf(principal)).toHaveLength(2);
          expect(await log.take()).toEqual(['ZRANGEBYSCORE', 'HMGET', 'HMGET']);
          expect(await registry.revokeAll(principal)).toBe(2);
          expect(await log.take()).toEqual(['EVALSHA', 'UNLINK']);
        });
      });

      it('a request without a cookie, or with one that can’t be ours, or one that uses no session: none', async () => {
        const stranger = app.client();
        await stranger.get('/attrs');
        stranger.jar.set('__Host-sessid', 'not an id');
        await stranger.get('/attrs');
        await client.get('/ping');
        expect(await log.take()).toEqual([]);
      });
    });
  });
});
