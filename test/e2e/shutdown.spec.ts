/** How an application ends: what has begun is answered, what is pending is written, then the store closes, then the driver. */
import {
  type BeforeApplicationShutdown,
  Controller,
  Get,
  Injectable,
  Module,
  type OnApplicationShutdown,
  Post,
} from '@nestjs/common';
import { MemoryStore, Sess, type Session, SessionManager, SessionModule } from 'nestjs-http-session';
import { TieredStore } from 'nestjs-http-session/tiered';
import { ObservedStore } from 'nestjs-http-session/testing';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp } from './harness.js';

@Controller('cart')
class CartController {
  @Post()
  add(@Sess() session: Session): void {
    session.setAttr('cart', ['book']);
  }

  @Get()
  cart(@Sess() session?: Session): unknown {
    return { cart: session?.attr('cart') };
  }
}

describe.each(PLATFORMS)('Shutdown on %s', (platform) => {
  it('answers what has begun, writes what is pending, closes the store, then the driver', async () => {
    const steps: string[] = [];
    const [handling, told] = [new Barrier(), new Barrier()];

    @Controller('slow')
    class SlowController {
      @Post()
      async change(@Sess() session: Session): Promise<unknown> {
        await handling.pass();
        session.setAttr('sum', 3);
        steps.push('handled');
        return session.attrs();
      }
    }

    const durable = new ObservedStore(new MemoryStore());
    durable.intercept('close', async (proceed) => {
      await proceed();
      steps.push('store closed');
    });

    @Injectable()
    class Driver implements BeforeApplicationShutdown, OnApplicationShutdown {
      readonly store = new TieredStore({
        cache: new MemoryStore(),
        durable,
        write: 'async',
        singleProcess: true,
      });

      /** Told after the module that imports this one. */
      beforeApplicationShutdown(): Promise<void> {
        return told.pass();
      }

      onApplicationShutdown(): void {
        steps.push('driver closed');
      }
    }

    @Module({ providers: [Driver], exports: [Driver] })
    class DriverModule {}

    const sessions = SessionModule.forRootAsync({
      imports: [DriverModule],
      inject: [Driver],
      useFactory: ({ store }: Driver) => ({ store, logger: false }),
    });
    const app = await startApp(platform, {
      session: false,
      imports: [sessions],
      controllers: [BasicsController, CartController, SlowController],
    });
    const client = app.client();
    await client.post('/login');

    const write = durable.hold('change');
    expect((await client.post('/cart')).status).toBe(201);
    await write.reached;
    const asked = client.post('/slow');
    await handling.reached;
    const closed = app.app.close().then(() => steps.push('application closed'));
    write.release();
    await told.reached;
    const lastWrite = durable.hold('change');
    handling.open();
    expect((await asked).json()).toEqual({ cart: ['book'], sum: 3 });
    told.open();
    await lastWrite.reached;
    await setTimeout(20);
    expect(steps).toEqual(['handled']);
    lastWrite.release();
    await closed;
    expect(steps).toEqual(['handled', 'store closed', 'driver closed', 'application closed']);
    const order = durable.calls.map(({ method }) => method);
    // The cart, and the sum that was changed while the application was closing.
    expect(order.filter((method) => method === 'change')).toHaveLength(2);
    expect(order.at(-1)).toBe('close');
  });

  it('serves sessions as long as modules are being told of it', async () => {
    const leaving = new Barrier();

    @Injectable()
    class Leaving implements BeforeApplicationShutdown {
      beforeApplicationShutdown(): Promise<void> {
        return leaving.pass();
      }
    }

    @Module({ providers: [Leaving] })
    class LeavingModule {}

    // Told after the session's own module, since that imports it.
    const sessions = SessionModule.forRootAsync({ imports: [LeavingModule], useFactory: () => ({ logger: false }) });
    const app = await startApp(platform, {
      session: false,
      imports: [sessions],
      controllers: [BasicsController, CartController],
    });
    const client = app.client();
    await client.post('/login');
    const closed = app.app.close();
    await leaving.reached;
    expect((await client.post('/cart')).status).toBe(201);
    expect((await client.get('/cart')).json()).toEqual({ cart: ['book'] });
    leaving.open();
    await closed;
  });

  it('leaves a manager that says that it is closed', async () => {
    const app = await startApp(platform, { controllers: [BasicsController] });
    const manager = app.app.get(SessionManager);
    await app.app.close();
    await expect(manager.purge()).rejects.toMatchObject({ code: 'MANAGER_CLOSED', status: 503 });
  });
});
