/** `SessionModule`: the ways to register it, what it shares, and how it ends. */
import {
  Controller,
  Get,
  Global,
  Injectable,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  Req,
  Scope,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  HttpSessionManager,
  MemoryStore,
  Sess,
  Session,
  SessionManager,
  SessionModule,
  type SessionModuleOptions,
  type SessionOptionsFactory,
  SessionStore,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { createApp, PLATFORMS, startApp, type TestApp } from './harness.js';

@Injectable()
class CookieNamer implements SessionOptionsFactory {
  createSessionOptions(): SessionModuleOptions {
    return { cookie: { name: 'named' }, logger: false };
  }
}

@Module({ providers: [CookieNamer], exports: [CookieNamer] })
class NamerModule {}

async function cookieNames(app: TestApp): Promise<string[]> {
  const client = app.client();
  await client.post('/login', { body: { attrs: { seen: 'yes' } } });
  expect((await client.get('/attrs')).json()).toEqual({ attrs: { seen: 'yes' } });
  return [...client.jar.keys()];
}

describe.each(PLATFORMS)('SessionModule on %s', (platform) => {
  it.each([
    ['forRoot() without options', () => SessionModule.forRoot(), '__Host-sessid'],
    ['forRoot with options', () => SessionModule.forRoot({ cookie: { name: 'mine', path: '/' } }), '__Host-mine'],
    ['forRoot with a manager', () => SessionModule.forRoot({ manager: made('made') }), '__Host-made'],
    [
      'forRootAsync with useFactory',
      () => SessionModule.forRootAsync({ useFactory: async () => Promise.resolve({ cookie: { allowHttp: true } }) }),
      'sessid',
    ],
    [
      'forRootAsync with useFactory and inject',
      () =>
        SessionModule.forRootAsync({
          imports: [NamerModule],
          inject: [CookieNamer],
          useFactory: (namer: CookieNamer) => namer.createSessionOptions(),
        }),
      '__Host-named',
    ],
    ['forRootAsync with useClass', () => SessionModule.forRootAsync({ useClass: CookieNamer }), '__Host-named'],
    [
      'forRootAsync with useExisting',
      () => SessionModule.forRootAsync({ imports: [NamerModule], useExisting: CookieNamer }),
      '__Host-named',
    ],
    [
      'forRootAsync that gives a manager',
      () => SessionModule.forRootAsync({ useFactory: () => ({ manager: made('given') }) }),
      '__Host-given',
    ],
  ])('%s', async (_, module, cookie) => {
    const app = await startApp(platform, { session: false, imports: [module()], controllers: [BasicsController] });
    expect(await cookieNames(app)).toEqual([cookie]);
  });

  it('isGlobal: false keeps manager and store to the modules that import it, the decorators work all the same', async () => {
    @Controller('wanting')
    class WantingController {
      constructor(readonly manager: SessionManager) {}

      @Get()
      wanting(): void {}
    }
    @Module({ controllers: [WantingController] })
    class WantingModule {}
    const session = SessionModule.forRoot({ isGlobal: false, logger: false });
    await expect(createApp(platform, { session: false, imports: [session, WantingModule] })).rejects.toThrow(
      /WantingController/,
    );
    @Module({ imports: [session], controllers: [WantingController, BasicsController] })
    class ImportingModule {}
    const app = await startApp(platform, { session: false, imports: [ImportingModule] });
    expect((await app.client().get('/wanting')).status).toBe(200);
    expect(await cookieNames(app)).toEqual(['__Host-sessid']);
  });

  it('is global by default', async () => {
    @Controller('wanting')
    class WantingController {
      constructor(
        readonly manager: SessionManager,
        readonly store: SessionStore,
      ) {}

      @Get()
      wanting(): void {}
    }
    @Module({ controllers: [WantingController] })
    class WantingModule {}
    const app = await startApp(platform, { imports: [WantingModule] });
    expect((await app.client().get('/wanting')).status).toBe(200);
  });

  it('works where nothing listens: an application context has manager and store', async () => {
    const store = new ObservedStore(new MemoryStore());
    const context = await Test.createTestingModule({
      imports: [SessionModule.forRoot({ store, logger: false })],
    }).compile();
    await context.init();
    expect(await context.get(SessionManager).purge()).toEqual({ completed: true, removed: 0 });
    await context.close();
    expect(store.calls.map(({ method }) => method)).toEqual(['purge', 'close']);
  });

  if (platform === 'Fastify')
    it('works with inject, without a port', async () => {
      const nest = (await createApp(platform, { controllers: [BasicsController] })) as NestFastifyApplication;
      await nest.init();
      const login = await nest.inject({ method: 'POST', url: '/login', payload: { attrs: { seen: 'yes' } } });
      const [cookie] = String(login.headers['set-cookie']).split(';');
      expect((await nest.inject({ url: '/attrs', headers: { cookie } })).json()).toEqual({ attrs: { seen: 'yes' } });
      await nest.close();
    });

  it('two applications of one process don’t meet, though they share a controller class', async () => {
    const stores = [new ObservedStore(new MemoryStore()), new ObservedStore(new MemoryStore())] as const;
    const apps = [
      await startApp(platform, { session: { store: stores[0] }, controllers: [BasicsController] }),
      await startApp(platform, {
        session: { store: stores[1], cookie: { name: 'second' } },
        controllers: [BasicsController],
      }),
    ] as const;
    expect([await cookieNames(apps[0]), await cookieNames(apps[1])]).toEqual([['__Host-sessid'], ['__Host-second']]);
    expect(stores.map((store) => store.count('add'))).toEqual([1, 1]);
    await apps[0].close();
    expect(await cookieNames(apps[1])).toEqual(['__Host-second']);
  });

  it('serves controllers that live for one request', async () => {
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class ScopedController {
      constructor(private readonly manager: SessionManager) {}

      @Get()
      async scoped(@Sess() sess: Session, @Req() request: unknown): Promise<object> {
        sess.setAttr('seen', 'by a scoped one');
        return { same: (await this.manager.get(request)) === sess };
      }
    }
    const app = await startApp(platform, { controllers: [BasicsController, ScopedController] });
    const client = app.client();
    await client.post('/login');
    expect((await client.get('/scoped')).json()).toEqual({ same: true });
    expect((await client.get('/attrs')).json()).toEqual({ attrs: { seen: 'by a scoped one' } });
  });

  it('serves routes behind a global prefix and a version', async () => {
    @Controller({ path: 'versioned', version: '2' })
    class VersionedController {
      @Get()
      versioned(@Sess() sess?: Session): void {
        sess?.setAttr('seen', 'by version 2');
      }
    }
    const app = await startApp(platform, {
      controllers: [BasicsController, VersionedController],
      prepare: (nest) => {
        nest.setGlobalPrefix('api');
        nest.enableVersioning({ type: VersioningType.URI, defaultVersion: VERSION_NEUTRAL });
      },
    });
    const client = app.client();
    await client.post('/api/login');
    await client.get('/api/v2/versioned');
    expect((await client.get('/api/attrs')).json()).toEqual({ attrs: { seen: 'by version 2' } });
  });

  it('answers to HEAD too, without a byte before the commit', async () => {
    const store = new ObservedStore(new MemoryStore());
    @Controller('head')
    class HeadController {
      @Get()
      head(@Sess() sess: Session): string {
        sess.setAttr('seen', 'by HEAD');
        return 'not sent';
      }
    }
    const app = await startApp(platform, { session: { store }, controllers: [BasicsController, HeadController] });
    const client = app.client();
    await client.post('/login');
    expect(await client.send('HEAD', '/head')).toMatchObject({ status: 200, text: '' });
    expect((await client.get('/attrs')).json()).toEqual({ attrs: { seen: 'by HEAD' } });
  });

  describe('closing', () => {
    const order: string[] = [];

    @Injectable()
    class Driver implements OnModuleDestroy, OnApplicationShutdown {
      readonly store = new ObservedStore(new MemoryStore());

      onModuleDestroy(): void {
        order.push('driver told');
      }

      onApplicationShutdown(): void {
        order.push('driver closed');
      }
    }

    @Module({ providers: [Driver], exports: [Driver] })
    class DriverModule {}

    @Global()
    @Module({ providers: [Driver], exports: [Driver] })
    class GlobalDriverModule {}

    function useDriver(driver: Driver): SessionModuleOptions {
      driver.store.intercept('close', async (proceed) => {
        await Promise.resolve();
        await proceed();
        order.push('session store closed');
      });
      return { store: driver.store, logger: false };
    }

    it.each([
      ['of a module that forRootAsync imports', [], [DriverModule]],
      ['of a global module', [GlobalDriverModule], []],
    ])('closes the store before the driver %s', async (_, imports, ownImports) => {
      order.length = 0;
      const session = SessionModule.forRootAsync({ imports: ownImports, inject: [Driver], useFactory: useDriver });
      const app = await startApp(platform, {
        session: false,
        imports: [session, ...imports],
        controllers: [BasicsController],
      });
      expect(await cookieNames(app)).toEqual(['__Host-sessid']);
      await app.close();
      expect(order.filter((step) => step !== 'driver told')).toEqual(['session store closed', 'driver closed']);
    });

    it('waits for a request that is under way', async () => {
      const store = new ObservedStore(new MemoryStore());
      const app = await startApp(platform, { session: { store }, controllers: [BasicsController] });
      const client = app.client();
      await client.post('/login');
      const held = store.hold('get');
      const answer = client.get('/attrs');
      await held.reached;
      const closed = app.app.close();
      held.release();
      expect((await answer).status).toBe(200);
      await closed;
      expect(store.calls.at(-1)?.method).toBe('close');
    });

    it('twice is fine, and the store hears of it once', async () => {
      const store = new ObservedStore(new MemoryStore());
      const app = await startApp(platform, { session: { store }, controllers: [BasicsController] });
      const manager = app.app.get(SessionManager);
      await app.app.close();
      await app.app.close();
      await manager.close();
      expect(store.count('close')).toBe(1);
    });

    it('closes a manager made elsewhere too', async () => {
      const store = new ObservedStore(new MemoryStore());
      const manager = new HttpSessionManager({ store, logger: false });
      const app = await startApp(platform, { session: { manager }, controllers: [BasicsController] });
      await app.close();
      expect(store.count('close')).toBe(1);
    });
  });
});

function made(name: string): SessionManager {
  return new HttpSessionManager({ cookie: { name }, logger: false });
}
