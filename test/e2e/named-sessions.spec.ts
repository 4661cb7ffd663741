/** Several kinds of sessions in one application: each has its own store, cookie and lifetime. */
import { Controller, Get, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  createSession,
  getSessionManagerToken,
  getSessionStoreToken,
  HttpSessionManager,
  InjectSessionManager,
  MemoryStore,
  Sess,
  SessCtx,
  Session,
  SessionContext,
  SessionGuard,
  SessionManager,
  SessionModule,
  type SessionModuleOptions,
  SessionStore,
  UseSession,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { createApp, PLATFORMS, startApp } from './harness.js';

@Controller('admin')
@UseSession('admin')
class AdminController {
  constructor(@InjectSessionManager('admin') private readonly manager: SessionManager) {}

  @Post('login')
  @HttpCode(204)
  async login(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.add({ attrs: { who: 'admin' } });
  }

  @Post('login-by-manager')
  @HttpCode(204)
  async loginByManager(@Res({ passthrough: true }) response: unknown): Promise<void> {
    await this.manager.add(createSession({ attrs: { who: 'admin' } }), response);
  }

  @Get('attrs')
  async attrs(@Sess() sess: Session | undefined, @Req() request: unknown): Promise<object> {
    return { attrs: sess?.attrs() ?? null, same: sess === (await this.manager.get(request)) };
  }

  @Get('guarded')
  @UseGuards(SessionGuard)
  guarded(): string {
    return 'in';
  }

  @Get('user')
  @UseSession('default')
  user(@Sess() sess?: Session): object {
    return { attrs: sess?.attrs() ?? null };
  }
}

@Controller('mixed')
class MixedController {
  @Get('admin')
  @UseSession('admin')
  admin(@Sess() sess?: Session): object {
    sess?.setAttr('seen', 'by the method');
    return { attrs: sess?.attrs() ?? null };
  }

  @Get('user')
  user(@Sess() sess?: Session): object {
    return { attrs: sess?.attrs() ?? null };
  }
}

describe.each(PLATFORMS)('Named sessions on %s', (platform) => {
  async function start(admin: SessionModuleOptions = {}, user: SessionModuleOptions = {}) {
    return startApp(platform, {
      session: user,
      imports: [SessionModule.forRoot({ name: 'admin', logger: false, ...admin })],
      controllers: [BasicsController, AdminController, MixedController],
    });
  }

  it('each has its own cookie and its own store', async () => {
    const [users, admins] = [new ObservedStore(new MemoryStore()), new ObservedStore(new MemoryStore())];
    const app = await start({ store: admins }, { store: users });
    const client = app.client();
    await client.post('/login', { body: { attrs: { who: 'user' } } });
    expect([...client.jar.keys()]).toEqual(['__Host-sessid']);
    await client.post('/admin/login');
    expect([...client.jar.keys()]).toEqual(['__Host-sessid', '__Host-sessid-admin']);
    expect([users.count('add'), admins.count('add')]).toEqual([1, 1]);
    expect((await client.get('/attrs')).json()).toEqual({ attrs: { who: 'user' } });
    expect((await client.get('/admin/attrs')).json()).toEqual({ attrs: { who: 'admin' }, same: true });
  });

  it('@UseSession(name) means that session on a class and on a method, and the method’s counts', async () => {
    const app = await start();
    const client = app.client();
    await client.post('/login', { body: { attrs: { who: 'user' } } });
    await client.post('/admin/login');
    expect((await client.get('/admin/user')).json()).toEqual({ attrs: { who: 'user' } });
    expect((await client.get('/mixed/user')).json()).toEqual({ attrs: { who: 'user' } });
    await client.get('/mixed/admin');
    expect((await client.get('/admin/attrs')).json()).toMatchObject({ attrs: { seen: 'by the method' } });
  });

  it('guards and injected managers mean the named one', async () => {
    const app = await start();
    const client = app.client();
    await client.post('/login');
    expect((await client.get('/admin/guarded')).status).toBe(401);
    await client.post('/admin/login-by-manager');
    expect((await client.get('/admin/guarded')).text).toBe('in');
  });

  it('a logout of one leaves the other', async () => {
    const app = await start();
    const client = app.client();
    await client.post('/login');
    await client.post('/admin/login');
    await client.post('/logout');
    expect((await client.get('/attrs')).json()).toEqual({ attrs: null });
    expect((await client.get('/admin/attrs')).json()).toMatchObject({ attrs: { who: 'admin' } });
  });

  it('an id of one opens nothing in the other, on the same store', async () => {
    const store = new MemoryStore();
    const app = await start({ store }, { store });
    const client = app.client();
    await client.post('/login', { body: { attrs: { who: 'user' } } });
    client.jar.set('__Host-sessid-admin', client.jar.get('__Host-sessid') ?? '');
    expect((await client.get('/admin/attrs')).json()).toMatchObject({ attrs: null });
    expect((await client.get('/admin/guarded')).status).toBe(401);
    expect((await client.get('/attrs')).json()).toEqual({ attrs: { who: 'user' } });
  });

  it('a cookie with options but no name gets the name of its session', async () => {
    for (const cookie of [{ sameSite: 'strict' }, { name: undefined }] as SessionModuleOptions['cookie'][]) {
      const app = await start({ ...(cookie && { cookie }) });
      const client = app.client();
      await client.post('/admin/login');
      expect([...client.jar.keys()]).toEqual(['__Host-sessid-admin']);
    }
  });

  it('can be injected by their tokens', async () => {
    const store = new MemoryStore();
    @Controller('tokens')
    class TokensController {
      constructor(
        private readonly manager: SessionManager,
        @Inject(getSessionManagerToken('admin')) private readonly adminManager: SessionManager,
        private readonly store: SessionStore,
        @Inject(getSessionStoreToken('admin')) private readonly adminStore: SessionStore,
      ) {}

      @Get()
      tokens(): boolean[] {
        return [this.manager !== this.adminManager, this.store !== this.adminStore, this.adminStore === store];
      }
    }
    const app = await startApp(platform, {
      imports: [SessionModule.forRoot({ name: 'admin', store })],
      controllers: [TokensController],
    });
    expect((await app.client().get('/tokens')).json()).toEqual([true, true, true]);
  });

  it.each([
    ['the same cookie name twice', { cookie: { name: 'sessid' } }, /cookie.name.*__Host-sessid.*default.*admin/],
    [
      'the same name twice',
      { name: 'default', cookie: { name: 'other' } },
      /forRoot\(\) is imported twice for the session "default"/,
    ],
  ])('%s: refuses to start', async (_, options, message) => {
    const app = await createApp(platform, { imports: [SessionModule.forRoot({ name: 'admin', ...options })] });
    const starting = app.init();
    await expect(starting).rejects.toMatchObject({ name: 'SessionError', code: 'INVALID_OPTION' });
    await expect(starting).rejects.toThrow(message);
    await app.close();
  });

  it('a manager made elsewhere may be a named one', async () => {
    const manager = new HttpSessionManager({ logger: false, cookie: { name: 'staff' } }, 'admin');
    const app = await startApp(platform, {
      imports: [SessionModule.forRoot({ name: 'admin', manager })],
      controllers: [AdminController],
    });
    const client = app.client();
    await client.post('/admin/login');
    expect([...client.jar.keys()]).toEqual(['__Host-staff']);
    expect((await client.get('/admin/attrs')).json()).toMatchObject({ attrs: { who: 'admin' } });
  });
});
