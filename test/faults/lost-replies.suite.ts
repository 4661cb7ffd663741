/** Replies that are lost when the backend has done what it was asked: it happened, once and whole, whatever the client was told. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Client, Platform, TestApp } from '../e2e/harness.js';
import { openFaultsApp } from './faults.app.js';
import type { Stage } from './stages/stage.js';

/** Declares the tests: requests whose write gets no reply. Then the client's connection is cut. */
export function testLostReplies(platform: Platform, stageOf: () => Stage): void {
  describe(`a reply that is lost (${platform})`, () => {
    let ahead = 0;
    let stage: Stage;
    let app: TestApp;
    /** Another process, whose network is sound. */
    let beside: TestApp;

    beforeAll(async () => {
      stage = stageOf();
      const options = { clock: () => Date.now() + ahead };
      // What a client sends again has its time.
      app = await openFaultsApp(platform, stage.openStore(), { ...options, storeTimeout: '10s' });
      beside = await openFaultsApp(platform, stage.openStoreBeside(), options);
      await doEverything();
    });

    afterAll(async () => {
      await app.close();
      await beside.close();
    });

    /** Once: what a backend has to learn, such as scripts, it knows then. */
    async function doEverything(): Promise<void> {
      const client = await login();
      for (const path of ['/set/1', '/login', '/rotate']) expect((await client.post(path)).status).toBe(204);
      ahead += 20 * 60_000;
      expect((await client.get('/read')).status).toBe(200);
      expect((await client.post('/logout')).status).toBe(204);
    }

    async function login(): Promise<Client> {
      const client = app.client();
      expect((await client.post('/login')).status).toBe(204);
      return client;
    }

    /** The client's session as another process finds it. */
    async function seen(client: Client): Promise<unknown> {
      const witness = beside.client();
      for (const [name, value] of client.jar) witness.jar.set(name, value);
      const { status, text } = await witness.get('/read');
      return status === 200 ? JSON.parse(text) : status;
    }

    /**
     * Sends a request, loses the reply to its write, and lets others do something before the client can send it again.
     * @returns whether it was answered with success; else it was refused, and set no cookie
     */
    async function loseReply(
      send: () => ReturnType<Client['get']>,
      meanwhile = async (): Promise<unknown> => undefined,
    ): Promise<boolean> {
      const lost = stage.proxy.loseReply(stage.writes);
      const answered = send();
      await lost;
      stage.proxy.refuse();
      await meanwhile();
      await stage.proxy.accept();
      const { status, setCookies } = await answered;
      expect([200, 204, 503]).toContain(status);
      if (status === 503) expect(setCookies).toEqual([]);
      expect(status === 503, 'whether it was refused').toBe(!stage.resends);
      await serving();
      return status !== 503;
    }

    /** Resolves when the client has found its way back. */
    async function serving(): Promise<void> {
      const client = app.client();
      await vi.waitFor(async () => expect((await client.post('/login')).status).toBe(204), {
        timeout: 30_000,
        interval: 50,
      });
    }

    it('to a change: it is there, whole', async () => {
      const client = await login();
      await loseReply(() => client.post('/set/1'));
      expect(await seen(client)).toEqual({ count: 0, a1: 1, b1: 1 });
    });

    it('to a change: what was changed after it stays', async () => {
      const client = await login();
      const other = beside.client();
      for (const [name, value] of client.jar) other.jar.set(name, value);
      await loseReply(
        () => client.post('/set/1'),
        () => other.post('/set/2'),
      );
      expect(await seen(client)).toEqual({ count: 0, a1: 1, b1: 1, a2: 2, b2: 2 });
    });

    it('to an update: it counts once', async () => {
      const client = await login();
      await loseReply(() => client.post('/increment'));
      expect(await seen(client)).toEqual({ count: 1 });
      expect((await client.post('/increment')).json()).toEqual({ count: 2 });
    });

    it('to an update: it counts once with others in between', async () => {
      const client = await login();
      const other = beside.client();
      for (const [name, value] of client.jar) other.jar.set(name, value);
      await loseReply(
        () => client.post('/increment'),
        async () => {
          for (let times = 0; times < 7; times++) expect((await other.post('/increment')).status).toBe(200);
        },
      );
      expect(await seen(client)).toEqual({ count: 8 });
    });

    it('to a touch: the session lives on from that access', async () => {
      const client = await login();
      ahead += 20 * 60_000;
      await loseReply(() => client.get('/read'));
      ahead += 20 * 60_000;
      expect(await seen(client)).toEqual({ count: 0 });
    });

    it('to a login: there is one session more, which opens to nobody else', async () => {
      const client = app.client();
      const before = await stage.count();
      const isServed = await loseReply(() => client.post('/login'));
      // And that of the client which found that all works again.
      expect(await stage.count()).toBe(before + 2);
      expect(await seen(client)).toEqual(isServed ? { count: 0 } : 401);
    });

    it('to a login over another session: the old one is over', async () => {
      const client = await login();
      const old = client.copy();
      const before = await stage.count();
      const isServed = await loseReply(() => client.post('/login'));
      expect(await stage.count()).toBe(before + 1);
      expect(await seen(old)).toBe(401);
      expect(await seen(client)).toEqual(isServed ? { count: 0 } : 401);
    });

    it('to a rotation: the old id is dead', async () => {
      const client = await login();
      const old = client.copy();
      const isServed = await loseReply(() => client.post('/rotate'));
      expect(await seen(old)).toBe(401);
      expect(await seen(client)).toEqual(isServed ? { count: 0 } : 401);
    });

    it('to a logout: the session is over, and logging out once more succeeds', async () => {
      const client = await login();
      const old = client.copy();
      await loseReply(() => client.post('/logout'));
      expect(await seen(old)).toBe(401);
      expect((await client.post('/logout')).status).toBe(204);
    });
  });
}
