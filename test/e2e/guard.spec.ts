/** `SessionGuard`, and what tests of an application may override. */
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  AllowAnonymous,
  type AnySession,
  HttpSessionManager,
  MemoryStore,
  Sess,
  Session,
  SessionGuard,
  SessionInterceptor,
  SessionManager,
  SessionStore,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { of, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { failing } from '../support/store.faults.js';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp } from './harness.js';

const IsAdmin = SessionGuard.where((sess) => sess.attr('role') === 'admin');
const IsAdminSoon = SessionGuard.where(async (sess) => {
  await Promise.resolve();
  return sess.attr('role') === 'admin';
});
const AdminsOnly = SessionGuard.where((sess) => {
  if (sess.attr('role') !== 'admin') throw new ForbiddenException();
  return true;
});

@Controller('guarded')
class GuardedController {
  @Get('session')
  @UseGuards(SessionGuard)
  session(): string {
    return 'in';
  }

  @Get('admin')
  @UseGuards(IsAdmin)
  admin(): string {
    return 'in';
  }

  @Get('admin-soon')
  @UseGuards(IsAdminSoon)
  adminSoon(): string {
    return 'in';
  }

  @Get('admins-only')
  @UseGuards(AdminsOnly)
  adminsOnly(): string {
    return 'in';
  }
}

@Controller('open')
class OpenController {
  @Get('closed')
  closed(): string {
    return 'in';
  }

  @Get('method')
  @AllowAnonymous()
  method(@Sess() sess?: Session): string {
    return sess ? 'known' : 'anonymous';
  }
}

@Controller('lobby')
@AllowAnonymous()
class LobbyController {
  @Get()
  lobby(): string {
    return 'in';
  }
}

describe.each(PLATFORMS)('SessionGuard on %s', (platform) => {
  it('lets requests with a session in, and answers 401 to others', async () => {
    const app = await startApp(platform, { controllers: [BasicsController, GuardedController] });
    const client = app.client();
    expect((await client.get('/guarded/session')).status).toBe(401);
    await client.post('/login');
    expect((await client.get('/guarded/session')).text).toBe('in');
    const thief = client.copy();
    await client.post('/logout');
    expect((await thief.get('/guarded/session')).status).toBe(401);
  });

  it.each([
    { path: 'admin', refused: 401 },
    { path: 'admin-soon', refused: 401 },
    { path: 'admins-only', refused: 403 },
  ])('$path asks more of a session: $refused', async ({ path, refused }) => {
    const app = await startApp(platform, { controllers: [BasicsController, GuardedController] });
    const [nobody, guest, admin] = [app.client(), app.client(), app.client()];
    await guest.post('/login', { body: { attrs: { role: 'guest' } } });
    await admin.post('/login', { body: { attrs: { role: 'admin' } } });
    const statuses = [];
    for (const client of [nobody, guest, admin]) statuses.push((await client.get(`/guarded/${path}`)).status);
    expect(statuses).toEqual([401, refused, 200]);
  });

  it.each(['fail', 'anonymous'] as const)(
    'answers 503 when the store fails, with onStoreError %s',
    async (onStoreError) => {
      const store = new ObservedStore(new MemoryStore());
      const app = await startApp(platform, {
        session: { store, onStoreError },
        controllers: [BasicsController, GuardedController],
      });
      const client = app.client();
      await client.post('/login', { body: { attrs: { role: 'admin' } } });
      const heal = failing(store, 'get');
      expect((await client.get('/guarded/session')).status).toBe(503);
      expect((await client.get('/guarded/admin')).status).toBe(503);
      expect((await client.get('/attrs')).status).toBe(onStoreError === 'fail' ? 503 : 200);
      heal();
      expect((await client.get('/guarded/session')).status).toBe(200);
    },
  );

  it('as an APP_GUARD it protects everything but @AllowAnonymous()', async () => {
    const app = await startApp(platform, {
      controllers: [OpenController, LobbyController],
      providers: [{ provide: APP_GUARD, useClass: SessionGuard }],
    });
    const client = app.client();
    expect((await client.get('/open/closed')).status).toBe(401);
    expect((await client.get('/open/method')).text).toBe('anonymous');
    expect((await client.get('/lobby')).text).toBe('in');
  });

  it('@AllowAnonymous() routes don’t ask the store for their guard', async () => {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store },
      controllers: [BasicsController, LobbyController],
      providers: [{ provide: APP_GUARD, useClass: SessionGuard }],
    });
    const client = app.client();
    await client.get('/lobby', { headers: { cookie: '__Host-sessid=abcd.0123456789012345678901' } });
    expect(store.calls).toEqual([]);
  });

  describe('outside HTTP', () => {
    class AnyController {
      handle(): void {}
    }

    function contextOf(type: string): ExecutionContext {
      const context = new ExecutionContextHost([{}, {}, {}], AnyController, AnyController.prototype.handle);
      context.setType(type);
      return context;
    }

    it.each(['rpc', 'ws', 'graphql'])('%s: the guard denies with a clear error', async (type) => {
      const denied = expect(new SessionGuard().canActivate(contextOf(type))).rejects;
      await denied.toMatchObject({ name: 'SessionError', code: 'CONTEXT_UNSUPPORTED' });
      await denied.toThrow(`"${type}"`);
      await expect(IsAdmin.canActivate(contextOf(type))).rejects.toMatchObject({ code: 'CONTEXT_UNSUPPORTED' });
    });

    it.each(['rpc', 'ws', 'graphql'])('%s: the interceptor passes through', async (type) => {
      const next: CallHandler = { handle: () => of('value') };
      expect(await lastValueFrom(new SessionInterceptor().intercept(contextOf(type), next))).toBe('value');
    });
  });
});

describe.each(PLATFORMS)('Overriding in tests on %s', (platform) => {
  it('overrideGuard(SessionGuard) opens guarded routes', async () => {
    const app = await startApp(platform, {
      controllers: [GuardedController],
      override: (builder) => builder.overrideGuard(SessionGuard).useValue({ canActivate: () => true }),
    });
    expect((await app.client().get('/guarded/session')).text).toBe('in');
  });

  it('overrideInterceptor(SessionInterceptor) stands in for ours', async () => {
    const seen: string[] = [];
    const standIn = {
      intercept: (context: ExecutionContext, next: CallHandler) => {
        seen.push(context.getHandler().name);
        return next.handle();
      },
    };
    const app = await startApp(platform, {
      controllers: [BasicsController],
      override: (builder) => builder.overrideInterceptor(SessionInterceptor).useValue(standIn),
    });
    await app.client().get('/attrs');
    expect(seen).toEqual(['attrs']);
  });

  it('overrideProvider(SessionStore) replaces the store', async () => {
    const [configured, store] = [new ObservedStore(new MemoryStore()), new ObservedStore(new MemoryStore())];
    const app = await startApp(platform, {
      session: { store: configured },
      controllers: [BasicsController],
      override: (builder) => builder.overrideProvider(SessionStore).useValue(store),
    });
    const client = app.client();
    await client.post('/login', { body: { attrs: { in: 'the other' } } });
    expect((await client.get('/attrs')).json()).toEqual({ attrs: { in: 'the other' } });
    expect([configured.count(), store.count('add')]).toEqual([0, 1]);
  });

  it('overrideProvider(SessionManager) replaces the manager, by one of ours …', async () => {
    const store = new ObservedStore(new MemoryStore());
    const manager = new HttpSessionManager({ store, logger: false, cookie: { name: 'other' } });
    const app = await startApp(platform, {
      controllers: [BasicsController, GuardedController],
      override: (builder) => builder.overrideProvider(SessionManager).useValue(manager),
    });
    const client = app.client();
    await client.post('/login');
    expect([...client.jar.keys()]).toEqual(['__Host-other']);
    expect((await client.get('/guarded/session')).text).toBe('in');
  });

  it('… or by one that does no more than it must', async () => {
    class LastManager extends SessionManager {
      readonly added: AnySession[] = [];

      get(): Promise<undefined> {
        return Promise.resolve(undefined);
      }

      add(session: AnySession): Promise<void> {
        this.added.push(session);
        return Promise.resolve();
      }

      remove(): Promise<void> {
        return Promise.resolve();
      }

      rotate(): Promise<void> {
        return Promise.resolve();
      }

      purge(): Promise<{ completed: boolean; removed: number }> {
        return Promise.resolve({ completed: true, removed: 0 });
      }

      close(): Promise<void> {
        return Promise.resolve();
      }
    }
    const manager = new LastManager();
    const app = await startApp(platform, {
      controllers: [BasicsController],
      override: (builder) => builder.overrideProvider(SessionManager).useValue(manager),
    });
    const client = app.client();
    expect((await client.post('/login')).status).toBe(204);
    expect((await client.get('/attrs')).json()).toEqual({ attrs: null });
    expect(manager.added).toHaveLength(1);
  });

  it('what is injected is what the routes use', async () => {
    @Controller('injected')
    class InjectedController {
      constructor(
        readonly manager: SessionManager,
        readonly store: SessionStore,
        readonly host: HttpAdapterHost,
      ) {}

      @Get()
      injected(): string[] {
        return [this.manager, this.store].map((player) => (player.constructor as Type).name);
      }
    }
    const app = await startApp(platform, { controllers: [InjectedController] });
    expect((await app.client().get('/injected')).json()).toEqual(['HttpSessionManager', 'MemoryStore']);
  });
});
