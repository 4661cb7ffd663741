/** The start-up pass: a route that uses a session commits it, or the application doesn't start. */
import { Controller, Get, type Type } from '@nestjs/common';
import { MemoryStore, Sess, SessAttr, SessCtx, Session, SessionContext, UseSession } from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { writesOf } from '../support/store.faults.js';
import { BasicsController } from './basics.controller.js';
import { createApp, PLATFORMS, startApp } from './harness.js';

/** Replaces the method as badly written decorators do: without its metadata. */
function Wrapped(): MethodDecorator {
  return (_target, _key, descriptor: PropertyDescriptor) => {
    const original = descriptor.value as (...args: unknown[]) => unknown;
    Object.assign(descriptor, {
      value: function (this: unknown, ...args: unknown[]): unknown {
        return original.apply(this, args);
      },
    });
  };
}

class BaseController {
  @Get('changed')
  changed(@Sess() sess: Session): string {
    sess.setAttr('by', 'base');
    return 'base';
  }
}

@Controller('wrapped')
class WrappedController {
  @Get('changed')
  @Wrapped()
  changed(@Sess() sess: Session): void {
    sess.setAttr('by', 'wrapped');
  }
}

@Controller('overriding')
class OverridingController extends BaseController {
  @Get('changed')
  override changed(sess: Session): string {
    sess.setAttr('by', 'subclass');
    return 'subclass';
  }
}

@Controller('context')
class WrappedContextController {
  @Get('login')
  @Wrapped()
  async login(@SessCtx() ctx: SessionContext, @SessAttr('by') by: string): Promise<void> {
    await ctx.add({ attrs: { by } });
  }
}

describe.each(PLATFORMS)('Routes that lost the interceptor, on %s', (platform) => {
  it.each<[controller: Type, method: string]>([
    [WrappedController, 'WrappedController.changed'],
    [OverridingController, 'OverridingController.changed'],
    [WrappedContextController, 'WrappedContextController.login'],
  ])('%o: the application refuses to start, naming the method and the fix', async (controller, method) => {
    const starting = createApp(platform, { controllers: [controller] });
    await expect(starting).rejects.toMatchObject({ name: 'SessionError', code: 'INTERCEPTOR_LOST' });
    const { message } = (await starting.catch((error: unknown) => error)) as Error;
    expect(message).toContain(method);
    expect(message).toContain(`Put @UseSession() above ${method.split('.')[1]}`);
  });

  describe('with @UseSession()', () => {
    @Controller('wrapped')
    class FixedController {
      @UseSession()
      @Get('changed')
      @Wrapped()
      changed(@Sess() sess: Session): void {
        sess.setAttr('by', 'wrapped');
      }
    }

    @Controller('overriding')
    class FixedOverridingController extends BaseController {
      @UseSession()
      @Get('changed')
      override changed(sess: Session): string {
        sess.setAttr('by', 'overriding');
        return 'subclass';
      }
    }

    @Controller('class')
    @UseSession()
    class FixedClassController extends BaseController {
      @Get('changed')
      @Wrapped()
      override changed(sess: Session): string {
        sess.setAttr('by', 'class');
        return 'subclass';
      }
    }

    @Controller('inheriting')
    class InheritingController extends BaseController {}

    it.each([
      { path: 'wrapped', by: 'wrapped' },
      { path: 'overriding', by: 'overriding' },
      { path: 'class', by: 'class' },
      { path: 'inheriting', by: 'base' },
    ])('$path: starts, and commits before it answers', async ({ path, by }) => {
      const store = new ObservedStore(new MemoryStore());
      const app = await startApp(platform, {
        session: { store },
        controllers: [
          BasicsController,
          FixedController,
          FixedOverridingController,
          FixedClassController,
          InheritingController,
        ],
      });
      const client = app.client();
      await client.post('/login');
      store.forget();
      const held = store.hold('change');
      const wire = app.wire(`/${path}/changed`, client);
      await held.reached;
      await app.client().get('/ping');
      await app.client().get('/ping');
      expect(wire.received).toBe('');
      held.release();
      expect(await wire.answered).toMatch('HTTP/1.1 200');
      expect((await client.get('/attrs')).json()).toEqual({ attrs: { by } });
      expect(writesOf(store)).toEqual(['change']);
    });
  });

  it('a decorator where no module is imported is answered with 500', async () => {
    const app = await startApp(platform, { session: false, controllers: [BasicsController] });
    expect((await app.client().get('/attrs')).status).toBe(500);
    expect((await app.client().get('/ping')).text).toBe('pong');
  });
});
