/** Writes that reach the backend when their request was refused long ago, and others have done something since. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Answer, Client, Platform, TestApp } from '../e2e/harness.js';
import { Barrier } from '../support/barrier.js';
import { until } from '../support/servers/until.js';
import { openFaultsApp } from './faults.app.js';
import { Crossing } from './faults.controller.js';
import type { Stage } from './stages/stage.js';

/** Declares the tests. A write is held on its way to the backend until its request has been answered. */
export function testLateWrites(platform: Platform, stageOf: () => Stage): void {
  describe(`a write that arrives late (${platform})`, () => {
    let stage: Stage;
    let app: TestApp;
    /** Another process, whose network is sound. */
    let beside: TestApp;

    beforeAll(async () => {
      stage = stageOf();
      app = await openFaultsApp(platform, stage.openStore());
      beside = await openFaultsApp(platform, stage.openStoreBeside());
    });

    afterAll(async () => {
      await app.close();
      await beside.close();
    });

    /** A session, with a client for either process. */
    async function login(): Promise<{ client: Client; other: Client }> {
      const client = app.client();
      expect((await client.post('/login')).status).toBe(204);
      const other = beside.client();
      for (const [name, value] of client.jar) other.jar.set(name, value);
      return { client, other };
    }

    /** Holds the write of a request that has loaded its session; does something when it is refused; lets the write arrive. */
    async function arrivingLate(send: () => Promise<Answer>, meanwhile: () => Promise<unknown>): Promise<void> {
      const crossing = app.app.get(Crossing);
      const loaded = (crossing.barrier = new Barrier());
      const answered = send();
      await loaded.reached;
      crossing.barrier = undefined;
      const write = stage.proxy.hold('requests');
      loaded.open();
      await write.reached;
      expect(await answered).toMatchObject({ status: 503, setCookies: [] });
      await meanwhile();
      const recording = stage.proxy.record();
      stage.proxy.pass('requests');
      write.open();
      await until('the backend replies to the late write', async () => recording.piecesOf('replies').length > 0);
      recording.stop();
      // For tiers that do something more when it has.
      await vi.waitFor(async () => expect((await app.client().post('/login')).status).toBe(204), { timeout: 30_000 });
    }

    async function logout(client: Client): Promise<void> {
      expect((await client.post('/logout')).status).toBe(204);
    }

    it.each(['/set/1', '/increment', '/rotate', '/login', '/logout'])(
      'of %s: a session that was removed meanwhile stays removed',
      async (path) => {
        const { client, other } = await login();
        const [old, otherOld] = [client.copy(), other.copy()];
        await arrivingLate(
          () => client.post(path),
          () => logout(other),
        );
        for (const one of [client, old, otherOld]) expect((await one.get('/read')).status).toBe(401);
      },
    );

    it('changes what it was to change, whole, and nothing else', async () => {
      const { client, other } = await login();
      await arrivingLate(
        () => client.post('/set/1'),
        () => other.post('/set/2'),
      );
      const attrs = { count: 0, a1: 1, b1: 1, a2: 2, b2: 2 };
      expect((await client.get('/read')).json()).toEqual(attrs);
      expect((await other.get('/read')).json()).toEqual(attrs);
    });

    it('of an update doesn’t overwrite those that came before it', async () => {
      const { client, other } = await login();
      await arrivingLate(
        () => client.post('/increment'),
        async () => {
          for (const count of [1, 2]) expect((await other.post('/increment')).json()).toEqual({ count });
        },
      );
      expect((await client.get('/read')).json()).toEqual({ count: 2 });
      expect((await client.post('/increment')).json()).toEqual({ count: 3 });
    });

    it('of a change reaches the successor of a session that was rotated meanwhile', async () => {
      const { client, other } = await login();
      await arrivingLate(
        () => client.post('/set/1'),
        async () => expect((await other.post('/rotate')).status).toBe(204),
      );
      await vi.waitFor(async () => expect((await other.get('/read')).json()).toEqual({ count: 0, a1: 1, b1: 1 }), {
        timeout: 10_000,
      });
      expect((await client.get('/read')).status).toBe(401);
    });
  });
}
