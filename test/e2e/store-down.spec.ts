/** A store that fails, or never answers: requests end in time, say so, and everything works again when the store does. */
import { Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import {
  MemoryStore,
  Sess,
  SessCtx,
  Session,
  SessionContext,
  SessionGuard,
  type SessionModuleOptions,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { describe, expect, it, vi } from 'vitest';
import { failing, silent } from '../support/store.faults.js';
import { BasicsController } from './basics.controller.js';
import { type Client, PLATFORMS, startApp } from './harness.js';

@Controller('work')
class WorkController {
  @Get('read')
  read(@Sess() sess?: Session): string {
    return sess ? `known, ${sess.attr('by')}` : 'anonymous';
  }

  @Post('change')
  @HttpCode(200)
  change(@Sess() sess?: Session): string {
    sess?.setAttr('by', 'change');
    return sess ? 'changed' : 'anonymous';
  }

  @Post('update')
  @HttpCode(200)
  async update(@Sess() sess: Session): Promise<void> {
    await sess.update('by', () => 'update');
  }

  @Post('login-again')
  @HttpCode(200)
  async loginAgain(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.add({ attrs: { by: 'login' } });
  }

  @Get('guarded')
  @UseGuards(SessionGuard)
  guarded(): string {
    return 'in';
  }

  @Get('without')
  without(): string {
    return 'no session used';
  }
}

const CALLS = [
  { method: 'get', send: (client: Client) => client.get('/work/read') },
  { method: 'change', send: (client: Client) => client.post('/work/change') },
  { method: 'change', send: (client: Client) => client.post('/work/update') },
  { method: 'add', send: (client: Client) => client.post('/work/login-again') },
  { method: 'rename', send: (client: Client) => client.post('/rotate') },
  { method: 'remove', send: (client: Client) => client.post('/logout') },
] as const;

describe.each(PLATFORMS)('A store that is down, on %s', (platform) => {
  async function start(options: SessionModuleOptions = {}) {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store, storeTimeout: '60ms', ...options },
      controllers: [BasicsController, WorkController],
    });
    const client = app.client();
    await client.post('/login', { body: { attrs: { by: 'login' } } });
    return { app, store, client };
  }

  it.each(CALLS)('$method that never answers: 503 in time, no cookie', async ({ method, send }) => {
    const { store, client } = await start();
    silent(store, method);
    const started = performance.now();
    const { status, setCookies } = await send(client);
    expect({ status, setCookies }).toEqual({ status: 503, setCookies: [] });
    // Far more than the timeout, far less than for ever.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each(CALLS)('$method that fails: 503, no cookie, nothing of the driver’s message', async ({ method, send }) => {
    const { app, store, client } = await start();
    failing(store, method);
    const { status, setCookies, text } = await send(client);
    expect({ status, setCookies }).toEqual({ status: 503, setCookies: [] });
    expect(text + app.log.errors.join()).not.toContain('secret');
  });

  it('a touch that is due and fails: 503, and the next one works', async () => {
    let now = Date.now();
    const { store, client } = await start({ clock: () => now });
    now += 5 * 60_000;
    const heal = failing(store, 'touch');
    expect((await client.get('/work/read')).status).toBe(503);
    heal();
    expect((await client.get('/work/read')).text).toBe('known, login');
  });

  it('a touch that fails where nothing of ours waits for it (a guard alone, on Express) is logged', async () => {
    let now = Date.now();
    const { app, store, client } = await start({ clock: () => now });
    now += 5 * 60_000;
    failing(store, 'touch');
    const { status } = await client.get('/work/guarded');
    expect(status).toBe(platform === 'Express' ? 200 : 503);
    await vi.waitFor(() => expect(app.log.errors.join()).toContain('The session store failed'));
  });

  it('routes without a session, and requests without an id, don’t notice', async () => {
    const { app, store, client } = await start();
    silent(store, 'get');
    expect((await client.get('/work/without')).status).toBe(200);
    expect((await app.client().get('/work/read')).text).toBe('anonymous');
  });

  it('onStoreError: anonymous serves without a session, takes no cookie away, and stores no login', async () => {
    const { store, client } = await start({ onStoreError: 'anonymous' });
    const heal = failing(store, 'get');
    expect(await client.get('/work/read')).toMatchObject({ status: 200, text: 'anonymous', setCookies: [] });
    expect(await client.post('/work/change')).toMatchObject({ status: 200, text: 'anonymous', setCookies: [] });
    expect(await client.post('/work/login-again')).toMatchObject({ status: 503, setCookies: [] });
    heal();
    expect((await client.get('/work/read')).text).toBe('known, login');
  });

  it('onStoreError: anonymous also when the store never answers', async () => {
    const { store, client } = await start({ onStoreError: 'anonymous' });
    silent(store, 'get');
    expect((await client.get('/work/read')).text).toBe('anonymous');
  });

  it('onStoreError: anonymous says nothing about writes: what isn’t stored isn’t answered as if it were', async () => {
    const { store, client } = await start({ onStoreError: 'anonymous' });
    failing(store, 'change');
    expect((await client.post('/work/change')).status).toBe(503);
  });

  it('after several silences in a row it isn’t asked by every request, and recovers by itself', async () => {
    const { app, store, client } = await start();
    const wake = silent(store, 'get');
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await client.get('/work/read')).status));
    expect(new Set(statuses)).toEqual(new Set([503]));
    store.forget();
    for (let times = 0; times < 20; times++) expect((await client.get('/work/read')).status).toBe(503);
    expect(store.count('get')).toBeLessThanOrEqual(2);
    wake();
    await vi.waitFor(async () => expect((await client.get('/work/read')).text).toBe('known, login'), {
      timeout: 5_000,
      interval: 100,
    });
    expect(app.log.errors).toHaveLength(1);
    expect(app.log.warnings).toEqual(['The session store answers again.']);
  });

  it('an answer that comes after the timeout harms nobody', async () => {
    const { store, client } = await start();
    const held = store.hold('change', 'after');
    const answer = client.post('/work/change');
    expect((await answer).status).toBe(503);
    held.release();
    // The outcome was unknown: it had happened.
    expect((await client.get('/work/read')).text).toBe('known, change');
  });

  it('a store that throws at once is as good as one that rejects', async () => {
    const { store, client } = await start();
    store.intercept('get', () => {
      throw new TypeError('secret');
    });
    expect(await client.get('/work/read')).toMatchObject({ status: 503, setCookies: [] });
    store.intercept('change', () => {
      throw new TypeError('secret');
    });
    expect(await client.post('/work/change')).toMatchObject({ status: 503, setCookies: [] });
    expect((await client.get('/work/read')).text).toBe('known, login');
  });

  it('a full store refuses a login with 503, and ends no session', async () => {
    const app = await startApp(platform, {
      session: { store: new MemoryStore({ maxSessions: 1 }) },
      controllers: [BasicsController, WorkController],
    });
    const [first, second] = [app.client(), app.client()];
    await first.post('/login', { body: { attrs: { by: 'first' } } });
    expect(await second.post('/login')).toMatchObject({ status: 503, setCookies: [] });
    expect((await first.get('/work/read')).text).toBe('known, first');
  });

  it('a record that can’t be read is no session, and the client may log in anew', async () => {
    const { app, store, client } = await start();
    store.intercept('get', () => ({ broken: 'no JSON' }), Infinity);
    expect((await client.get('/work/read')).text).toBe('anonymous');
    expect(await client.post('/work/login-again')).toMatchObject({ status: 200 });
    expect(app.log.warnings.length).toBeGreaterThan(0);
  });
});
