/** Changes after which nothing of ours waits: they are committed late, with a warning, and not lost. */
import { Controller, Get, Injectable, type MessageEvent, type MiddlewareConsumer, Module, Sse } from '@nestjs/common';
import type { NestMiddleware, NestModule } from '@nestjs/common';
import { MemoryStore, Sess, SessCtx, type Session, SessionContext, SessionManager } from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { answered, failing } from '../support/store.faults.js';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp } from './harness.js';

@Controller('late')
class LateController {
  @Sse('events')
  events(@Sess() sess: Session): Observable<MessageEvent> {
    sess.setAttr('by', 'events');
    return of({ data: 'hello' });
  }

  @Get('switch')
  async switchAccount(@SessCtx() ctx: SessionContext): Promise<object> {
    await ctx.add({ attrs: { who: 'second' } });
    return { removed: await this.leave(ctx) };
  }

  @Get('hurry')
  hurry(@SessCtx() ctx: SessionContext): string {
    // A mistake of the user's: nobody awaits it, and nobody hears of its failure.
    ctx.add({ attrs: { who: 'hurried' } }).catch(() => undefined);
    return 'hurried';
  }

  private async leave(ctx: SessionContext): Promise<boolean> {
    await ctx.remove();
    return ctx.session === undefined;
  }
}

@Injectable()
class AnsweringMiddleware implements NestMiddleware {
  constructor(private readonly sessions: SessionManager) {}

  async use(request: IncomingMessage, response: ServerResponse): Promise<void> {
    (await this.sessions.get(request))?.setAttr('by', 'middleware');
    response.end('answered');
  }
}

@Module({})
class MiddlewareModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AnsweringMiddleware).forRoutes('late/middleware');
  }
}

describe.each(PLATFORMS)('Late changes on %s', (platform) => {
  it.each(['events', 'middleware'])('of %s are kept, with one warning', async (by) => {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store },
      imports: [MiddlewareModule],
      controllers: [BasicsController, LateController],
    });
    const client = app.client();
    await client.post('/login');
    const committed = answered(store, 'change');
    await client.get(`/late/${by}`);
    await committed;
    expect((await client.get('/attrs')).json()).toMatchObject({ attrs: { by } });
    expect(app.log.warnings).toEqual([expect.stringContaining('session.save()')]);
  });

  it('a login that the handler forgot to await is waited for, and the client is told', async () => {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, { session: { store }, controllers: [BasicsController, LateController] });
    const held = store.hold('add');
    const wire = app.wire('/late/hurry');
    await held.reached;
    expect(wire.received).toBe('');
    held.release();
    expect(await wire.answered).toMatch(/200 OK[^]*set-cookie: __Host-sessid=/i);
  });

  it('a login that the handler forgot to await answers 503 if the store fails', async () => {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, { session: { store }, controllers: [BasicsController, LateController] });
    failing(store, 'add');
    const answer = await app.client().get('/late/hurry');
    expect([answer.status, answer.setCookies]).toEqual([503, []]);
  });

  it('a context that added a session removes that one', async () => {
    const app = await startApp(platform, { controllers: [BasicsController, LateController] });
    const client = app.client();
    await client.post('/login');
    expect((await client.get('/late/switch')).json()).toEqual({ removed: true });
    expect(client.jar.size).toBe(0);
  });
});
