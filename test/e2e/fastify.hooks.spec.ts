/** What Fastify's hooks have to stand: replies that can't be sent, replies with more than Fastify gave them, clients that leave. */
import {
  Catch,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Module,
  NotFoundException,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  MemoryStore,
  Sess,
  type Session,
  SessionGuard,
  SessionManager,
  SessionModule,
  UseSession,
  SessCtx,
  type SessionContext,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { NEVER, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { answered, failing } from '../support/store.faults.js';
import { BasicsController } from './basics.controller.js';
import { type AnyResponse, startApp } from './harness.js';

const entered = { now: new Barrier() };

@Injectable()
class Registry {
  constructor(readonly manager: SessionManager) {}
}

@Controller('hooks')
class HooksController {
  constructor(private readonly registry: Registry) {}

  @Get('unsendable')
  unsendable(@Sess() sess: Session, @Res({ passthrough: true }) response: AnyResponse): string {
    sess.setAttr('seen', 'unsendable');
    response.header('content-disposition', 'attachment; filename="\u043e\u0442\u0447\u0451\u0442.pdf"');
    return 'done';
  }

  @Get('value')
  value(@Sess() sess: Session): string {
    sess.setAttr('seen', 'value');
    return 'done';
  }

  @Get('never')
  @UseGuards(SessionGuard)
  never(@Sess() sess: Session): Observable<string> {
    sess.setAttr('seen', 'never');
    void entered.now.pass();
    return NEVER;
  }

  @Get('unseen')
  @UseSession()
  async unseen(@Res({ passthrough: true }) response: { request: unknown }): Promise<never> {
    (await this.registry.manager.get(response.request))?.setAttr('seen', 'unseen');
    throw new NotFoundException();
  }

  @Get('login')
  @HttpCode(200)
  async login(@SessCtx() ctx: SessionContext, @Res({ passthrough: true }) response: AnyResponse): Promise<string> {
    await ctx.add();
    response.header('cache-control', 'private, max-age=0');
    return 'done';
  }
}

async function start(prepare: (app: NestFastifyApplication) => void = () => undefined) {
  const store = new ObservedStore(new MemoryStore());
  const app = await startApp('Fastify', {
    session: { store },
    controllers: [BasicsController, HooksController],
    providers: [Registry],
    prepare: (nest) => prepare(nest as NestFastifyApplication),
  });
  const client = app.client();
  await client.post('/login');
  return { app, client, store };
}

/** Answers as a store over a network does. */
function slow(store: ObservedStore): void {
  const held = store.hold('change');
  void held.reached.then(() => held.release());
}

describe('On Fastify', () => {
  it('a reply that can\u2019t be sent is a 500, also when the commit took a while', async () => {
    const { client, store } = await start();
    slow(store);
    expect((await client.get('/hooks/unsendable')).status).toBe(500);
    expect((await client.get('/hooks/value')).status).toBe(200);
  });

  it('a reply that was given setHeader, as passport wants it, is one of Fastify all the same', async () => {
    const { client } = await start((app) => {
      const fastify = app.getHttpAdapter().getInstance();
      fastify.decorateReply('setHeader', function setHeader(this: AnyResponse, name: string, value: string) {
        return this.header(name, value);
      });
    });
    expect((await client.get('/hooks/value')).text).toBe('done');
    const { setCookies } = await client.get('/hooks/login');
    expect(setCookies).toHaveLength(1);
  });

  it('what was changed is kept when the client goes away, also if a guard loaded the session', async () => {
    const { app, client, store } = await start();
    entered.now = new Barrier();
    const committed = answered(store, 'change');
    const wire = app.wire('/hooks/never', client);
    await entered.now.reached;
    wire.leave();
    await committed;
    expect((await client.get('/attrs')).json()).toMatchObject({ attrs: { seen: 'never' } });
    expect(app.log.warnings).toEqual([]);
  });

  it('the failure of a handler that no decorator gives the session is answered, though the commit fails', async () => {
    const { client, store } = await start();
    failing(store, 'change');
    expect((await client.get('/hooks/unseen')).status).toBe(404);
  });

  it('directives that a handler replaced don\u2019t come back, those of the cookie do', async () => {
    const { client } = await start((app) => {
      app
        .getHttpAdapter()
        .getInstance()
        .addHook('onRequest', (_request, reply, done) => {
          void reply.header('cache-control', 'public, max-age=600');
          done();
        });
    });
    const { headers } = await client.get('/hooks/login');
    expect(headers['cache-control']).toBe('no-cache="Set-Cookie", private, max-age=0');
  });

  it('an application starts whose filter injects the platform, as Nest shows it', async () => {
    @Catch(UnauthorizedException)
    class Filter extends BaseExceptionFilter {
      constructor({ httpAdapter }: HttpAdapterHost) {
        super(httpAdapter);
      }
    }
    // Several routes: Nest notes the interceptor of a controller once for each.
    @Module({
      imports: [SessionModule.forRoot()],
      controllers: [BasicsController],
      providers: [{ provide: APP_FILTER, useClass: Filter }],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: false, abortOnError: false });
    await app.init();
    await app.close();
  });
});
