/** The promises over HTTP: any store, behind a real Nest application, on Express and on Fastify. */
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import {
  type Awaitable,
  type HttpSessionManager,
  Sess,
  SessCtx,
  Session,
  SessionContext,
  SessionManager,
  type SessionModuleOptions,
  type SessionStore,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { BasicsController } from '../e2e/basics.controller.js';
import { type Client, PLATFORMS, startApp, type TestApp } from '../e2e/harness.js';
import { Barrier, Meeting } from '../support/barrier.js';
import { writesOf } from '../support/store.faults.js';

const MINUTE = 60_000;

/** What the handlers below wait at. */
interface Stage {
  /** Between the handler's start and its change. */
  gate: { pass(): Promise<void> };
}

/**
 * Declares the tests.
 *
 * @param storeName - for the tests' names
 * @param createStore - a fresh store for each test, empty or not; it is closed with the application
 * @param increments - so many requests of one session at a time. (A thousand take seconds, most of them none of the store's.)
 */
export function testSessionsOverHttp(
  storeName: string,
  createStore: () => Awaitable<SessionStore>,
  increments = 100,
): void {
  describe.each(PLATFORMS)(`Sessions over HTTP: ${storeName} on %s`, (platform) => {
    const stage: Stage = { gate: { pass: () => Promise.resolve() } };

    @Controller('race')
    class RaceController {
      /** Loads, waits, changes. */
      @Post('set/:name')
      @HttpCode(200)
      async set(@Sess() sess: Session, @Param('name') name: string, @Body('value') value: unknown): Promise<string> {
        sess.attr(name);
        await stage.gate.pass();
        sess.setAttr(name, value);
        return 'set';
      }

      @Post('push/:name')
      @HttpCode(200)
      async push(@Sess() sess: Session, @Param('name') name: string, @Body('value') value: unknown): Promise<void> {
        const list = sess.attr(name) as unknown[];
        await stage.gate.pass();
        list.push(value);
      }

      @Post('count')
      @HttpCode(200)
      async count(@Sess() sess: Session): Promise<object> {
        await stage.gate.pass();
        return { count: await sess.update('count', (count: number | undefined) => (count ?? 0) + 1) };
      }

      @Post('rotate')
      @HttpCode(200)
      async rotate(@SessCtx() ctx: SessionContext): Promise<void> {
        await stage.gate.pass();
        await ctx.rotate();
      }

      @Post('rotate-and-set')
      @HttpCode(200)
      async rotateAndSet(@SessCtx() ctx: SessionContext): Promise<void> {
        await ctx.rotate();
        await stage.gate.pass();
        ctx.session?.setAttr('set', 'after the rotation');
      }

      @Post('save')
      @HttpCode(200)
      async save(@Sess() sess: Session): Promise<string> {
        await stage.gate.pass();
        sess.setAttr('saved', true);
        return sess.save().then(
          () => 'saved',
          (error: { code: string }) => error.code,
        );
      }

      @Get('read')
      read(@Sess() sess?: Session): object {
        return { attrs: sess?.attrs() ?? null, constants: sess?.constAttrs() ?? null };
      }
    }

    async function start(options: SessionModuleOptions = {}) {
      const store = new ObservedStore(await createStore());
      const app = await startApp(platform, {
        session: { store, ...options },
        controllers: [BasicsController, RaceController],
      });
      stage.gate = { pass: () => Promise.resolve() };
      return { app, store };
    }

    async function login(app: TestApp, attrs: object = {}, more: object = {}): Promise<Client> {
      const client = app.client();
      expect((await client.post('/login', { body: { attrs, ...more } })).status).toBe(204);
      return client;
    }

    async function attrsOf(client: Client): Promise<unknown> {
      return ((await client.get('/attrs')).json() as { attrs: unknown }).attrs;
    }

    describe('no lost update', () => {
      it('overlapping requests change different attributes: all survive', async () => {
        const { app } = await start();
        const client = await login(app, { first: 'as ever' });
        const names = Array.from({ length: 20 }, (_, index) => `name-${index}`);
        const everybody = new Meeting(names.length);
        stage.gate = { pass: () => everybody.join() };
        await Promise.all(names.map((name) => client.post(`/race/set/${name}`, { body: { value: name } })));
        const all = Object.fromEntries(names.map((name) => [name, name]));
        expect(await attrsOf(client)).toEqual({ first: 'as ever', ...all });
      });

      it('overlapping requests change one attribute: the last commit wins', async () => {
        const { app } = await start();
        const client = await login(app, { who: 'nobody' });
        const [early, late] = [new Barrier(), new Barrier()];
        const gates = [late, early];
        stage.gate = { pass: () => (gates.shift() ?? early).pass() };
        const first = client.post('/race/set/who', { body: { value: 'came first, ended last' } });
        await late.reached;
        const second = client.post('/race/set/who', { body: { value: 'came last, ended first' } });
        await early.reached;
        early.open();
        await second;
        late.open();
        await first;
        expect(await attrsOf(client)).toEqual({ who: 'came first, ended last' });
      });

      it(`${increments} concurrent increments by update make exactly ${increments}`, async () => {
        const { app } = await start({ storeTimeout: '20s' });
        const client = await login(app);
        const everybody = new Meeting(increments);
        stage.gate = { pass: () => everybody.join() };
        const answers = await Promise.all(Array.from({ length: increments }, () => client.post('/race/count')));
        const counts = answers.map((answer) => (answer.json() as { count: number }).count);
        expect(new Set(counts).size).toBe(increments);
        expect(await attrsOf(client)).toEqual({ count: increments });
      });

      it('what is changed in place counts, beside what others changed meanwhile', async () => {
        const { app } = await start();
        const client = await login(app, { cart: ['apple'], deep: [{ list: [1] }] });
        const gate = new Barrier();
        stage.gate = gate;
        const pushed = client.post('/race/push/cart', { body: { value: 'pear' } });
        await gate.reached;
        stage.gate = { pass: () => Promise.resolve() };
        await client.post('/race/push/deep', { body: { value: 'more' } });
        gate.open();
        await pushed;
        expect(await attrsOf(client)).toEqual({ cart: ['apple', 'pear'], deep: [{ list: [1] }, 'more'] });
      });

      it('a change that overlaps a rotation reaches the successor', async () => {
        const { app } = await start();
        const client = await login(app);
        const gate = new Barrier();
        stage.gate = gate;
        const changed = client.post('/race/set/late', { body: { value: 'kept' } });
        await gate.reached;
        const counted = client.post('/race/count');
        await client.post('/rotate');
        gate.open();
        await Promise.all([changed, counted]);
        expect(await attrsOf(client)).toEqual({ late: 'kept', count: 1 });
      });

      it('a change by the very request that rotates reaches the successor', async () => {
        const { app } = await start();
        const client = await login(app);
        await client.post('/race/rotate-and-set');
        expect(await attrsOf(client)).toEqual({ set: 'after the rotation' });
      });
    });

    describe('remove is final', () => {
      it('a request that outlives a logout doesn’t bring the session back, and sends no cookie', async () => {
        const { app } = await start();
        const client = await login(app);
        const thief = client.copy();
        const gate = new Barrier();
        stage.gate = gate;
        const outliving = client.post('/race/set/late', { body: { value: 'too late' } });
        await gate.reached;
        await client.copy().post('/logout');
        gate.open();
        expect(await outliving).toMatchObject({ status: 200, text: 'set', setCookies: [] });
        expect(await attrsOf(thief)).toBeNull();
      });

      it('a request that rotated, and then outlives a logout of the successor, sends no cookie either', async () => {
        const { app, store } = await start();
        const client = await login(app);
        // The logout has loaded the session before it is rotated, and removes it after.
        const removal = store.hold('remove');
        const leaving = client.copy().post('/logout');
        await removal.reached;
        const gate = new Barrier();
        stage.gate = gate;
        const rotating = client.post('/race/rotate-and-set');
        await gate.reached;
        removal.release();
        await leaving;
        gate.open();
        expect(await rotating).toMatchObject({ status: 200, setCookies: [] });
        expect(await attrsOf(client)).toBeNull();
      });

      it('the changes that come too late are told by one event', async () => {
        const { app } = await start();
        const client = await login(app);
        const told: string[] = [];
        const manager: HttpSessionManager = app.app.get(SessionManager);
        manager.events.subscribe(({ type }) => told.push(type));
        const gate = new Barrier();
        stage.gate = gate;
        const outliving = client.post('/race/set/late', { body: { value: 'too late' } });
        await gate.reached;
        await client.copy().post('/logout');
        gate.open();
        await outliving;
        await app.client().get('/ping');
        expect(told).toEqual(['removed', 'discarded']);
      });

      it.each([
        { what: 'save', path: 'save', status: 200, text: 'SESSION_GONE' },
        { what: 'update', path: 'count', status: 401, text: /Unauthorized|401/ },
        { what: 'rotate', path: 'rotate', status: 401, text: /Unauthorized|401/ },
      ])('$what says so after a logout, and brings nothing back', async ({ path, status, text }) => {
        const { app } = await start();
        const client = await login(app);
        const thief = client.copy();
        const gate = new Barrier();
        stage.gate = gate;
        const outliving = client.post(`/race/${path}`);
        await gate.reached;
        await thief.copy().post('/logout');
        gate.open();
        const answer = await outliving;
        expect(answer).toMatchObject({ status, setCookies: [] });
        expect(answer.text).toMatch(text);
        expect(await attrsOf(thief)).toBeNull();
      });

      it('a logout that overlaps a rotation ends the successor', async () => {
        const { app, store } = await start();
        const client = await login(app);
        const removal = store.hold('remove');
        const leaving = client.copy().post('/logout');
        await removal.reached;
        await client.post('/rotate');
        expect(await attrsOf(client)).toEqual({});
        removal.release();
        await leaving;
        expect(await attrsOf(client)).toBeNull();
      });

      it('a logout by an id that was just rotated ends the successor', async () => {
        const { app } = await start();
        const client = await login(app);
        const late = client.copy();
        await client.post('/rotate');
        expect(await attrsOf(client)).toEqual({});
        const { setCookies } = await late.post('/logout');
        expect(setCookies).toHaveLength(1);
        expect(await attrsOf(client)).toBeNull();
      });

      it('a logout clears the cookie: same name, path and flags', async () => {
        const { app } = await start({ cookie: { path: '/', sameSite: 'strict', domain: 'a.example' } });
        const client = app.client();
        const [set] = (await client.post('/login')).setCookies;
        const [cleared] = (await client.post('/logout')).setCookies;
        const shapeOf = (line = '') =>
          line
            .split('; ')
            .map((part, index) => (index === 0 ? part.split('=')[0] : part))
            .filter((part) => !/^(Max-Age|Expires)=/.test(part ?? ''));
        expect(shapeOf(cleared)).toEqual(shapeOf(set));
        expect(shapeOf(set)).toContain('Domain=a.example');
        expect(cleared).toMatch(/^[\w-]+=; .*Max-Age=0/);
        expect(client.jar.size).toBe(0);
      });

      it('a login over a session removes the old one, and leaves others alone', async () => {
        const { app } = await start();
        const client = await login(app, { who: 'ann' });
        const [before, bystander] = [client.copy(), await login(app, { who: 'bob' })];
        await client.post('/login', { body: { attrs: { who: 'ann again' } } });
        expect([await attrsOf(before), await attrsOf(client)]).toEqual([null, { who: 'ann again' }]);
        expect(await attrsOf(bystander)).toEqual({ who: 'bob' });
      });

      it('a request that outlives a login over its session changes neither', async () => {
        const { app } = await start();
        const client = await login(app, { who: 'ann' });
        const gate = new Barrier();
        stage.gate = gate;
        const before = client.copy();
        const outliving = before.post('/race/set/who', { body: { value: 'eve' } });
        await gate.reached;
        await client.post('/login', { body: { attrs: { who: 'ann again' } } });
        gate.open();
        expect(await outliving).toMatchObject({ status: 200, setCookies: [] });
        expect([await attrsOf(before), await attrsOf(client)]).toEqual([null, { who: 'ann again' }]);
      });
    });

    describe('ids', () => {
      it('a rotation kills the old id at once, and keeps the data', async () => {
        const { app } = await start();
        const client = await login(app, { who: 'ann' }, { constAttrs: { userName: 'ann' } });
        const thief = client.copy();
        expect((await client.post('/rotate')).setCookies).toHaveLength(1);
        expect(client.cookieHeader).not.toBe(thief.cookieHeader);
        expect(await attrsOf(thief)).toBeNull();
        expect((await client.get('/race/read')).json()).toEqual({
          attrs: { who: 'ann' },
          constants: { userName: 'ann' },
        });
      });

      it('of parallel rotations one id survives, with the data', async () => {
        const { app } = await start();
        const client = await login(app, { who: 'ann' });
        const everybody = new Meeting(5);
        stage.gate = { pass: () => everybody.join() };
        const tabs = Array.from({ length: 5 }, () => client.copy());
        await Promise.all(tabs.map((tab) => tab.post('/race/rotate')));
        const alive = [];
        for (const tab of [client, ...tabs]) if ((await attrsOf(tab)) !== null) alive.push(await attrsOf(tab));
        expect(alive).toEqual([{ who: 'ann' }]);
      });

      it('an unknown id is never adopted', async () => {
        const { app } = await start();
        const client = app.client();
        client.jar.set('__Host-sessid', 'evil.0123456789abcdefABCDEF--');
        expect(await attrsOf(client)).toBeNull();
        const attacker = client.copy();
        await client.post('/login', { body: { attrs: { who: 'ann' } } });
        expect(client.cookieHeader).not.toBe(attacker.cookieHeader);
        expect(await attrsOf(client)).toEqual({ who: 'ann' });
        expect(await attrsOf(attacker)).toBeNull();
      });

      it('a stale id is never adopted', async () => {
        const { app } = await start();
        const client = await login(app, { who: 'ann' });
        const stale = client.copy();
        await client.post('/logout');
        const again = stale.copy();
        await again.post('/login', { body: { attrs: { who: 'bob' } } });
        expect(again.cookieHeader).not.toBe(stale.cookieHeader);
        expect([await attrsOf(stale), await attrsOf(again)]).toEqual([null, { who: 'bob' }]);
      });

      it('parallel logins of one client leave one session that it holds', async () => {
        const { app } = await start();
        const client = await login(app, { who: 'first' });
        const tabs = Array.from({ length: 5 }, () => client.copy());
        await Promise.all(tabs.map((tab, index) => tab.post('/login', { body: { attrs: { tab: index } } })));
        expect(await attrsOf(client)).toBeNull();
        expect(await Promise.all(tabs.map(attrsOf))).toEqual(tabs.map((_, index) => ({ tab: index })));
      });
    });

    describe('time and cost', () => {
      it('a session is served until its idle deadline, and not at it', async () => {
        let now = Date.now();
        const { app } = await start({ clock: () => now, timeout: '30m', touchInterval: '1m' });
        const client = await login(app, { who: 'ann' });
        now += 31 * MINUTE - 1;
        expect(await attrsOf(client)).toEqual({ who: 'ann' });
        // That was an access.
        now += 31 * MINUTE - 1;
        expect(await attrsOf(client)).toEqual({ who: 'ann' });
        now += 31 * MINUTE;
        expect(await attrsOf(client)).toBeNull();
      });

      it('a session is served until its absolute deadline, and not at it, however it is used', async () => {
        let now = Date.now();
        const { app } = await start({ clock: () => now, timeout: '30m', lifetime: '1h' });
        const client = await login(app, { count: 0 });
        now += 30 * MINUTE;
        await client.post('/race/count');
        now += 30 * MINUTE - 1;
        await client.post('/rotate');
        expect(await attrsOf(client)).toEqual({ count: 1 });
        now += 1;
        expect(await attrsOf(client)).toBeNull();
      });

      it('a request that outlives its session’s deadline doesn’t bring it back', async () => {
        let now = Date.now();
        const { app } = await start({ clock: () => now, timeout: '30m', touchInterval: '1m' });
        const client = await login(app);
        const gate = new Barrier();
        stage.gate = gate;
        const outliving = client.post('/race/set/late', { body: { value: 'too late' } });
        await gate.reached;
        now += 31 * MINUTE;
        gate.open();
        expect(await outliving).toMatchObject({ status: 200, setCookies: [] });
        expect(await attrsOf(client)).toBeNull();
      });

      it('a request that only reads writes nothing and sets no cookie', async () => {
        const { app, store } = await start();
        const client = await login(app, { cart: ['apple'], when: { deep: [1, 2] } });
        store.forget();
        for (let times = 0; times < 3; times++) {
          const { setCookies, headers } = await client.get('/race/read');
          expect(setCookies).toEqual([]);
          expect(headers).not.toHaveProperty('vary');
        }
        expect(store.calls.map(({ method }) => method)).toEqual(['get', 'get', 'get']);
      });

      it('an access is recorded once a touch interval, whatever the number of requests', async () => {
        let now = Date.now();
        const { app, store } = await start({ clock: () => now, touchInterval: '1m' });
        const client = await login(app);
        store.forget();
        for (let seconds = 0; seconds < 180; seconds += 10) {
          await client.get('/race/read');
          now += 10_000;
        }
        expect(writesOf(store)).toEqual(['touch', 'touch']);
      });

      it('a request without an id asks nothing of the store', async () => {
        const { app, store } = await start();
        expect(await attrsOf(app.client())).toBeNull();
        expect(store.calls).toEqual([]);
      });
    });

    it('values that JSON can’t carry come back as what they were', async () => {
      const values = { big: 2n ** 70n, map: new Map([[new Date(0), new Set([1])]]), bytes: new Uint8Array([1, 2]) };
      const got: unknown[] = [];
      @Controller('values')
      class ValuesController {
        @Post('set')
        set(@Sess() sess: Session): void {
          sess.setAttr('values', values);
          sess.setAttr('__proto__', 'just a name');
        }

        @Get('get')
        get(@Sess() sess: Session): void {
          got.push(sess.attr('values'), sess.attr('__proto__'));
        }
      }
      const app = await startApp(platform, {
        session: { store: await createStore() },
        controllers: [BasicsController, ValuesController],
      });
      const client = await login(app);
      await client.post('/values/set');
      await client.get('/values/get');
      expect(got).toEqual([values, 'just a name']);
    });
  });
}
