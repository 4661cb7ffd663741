/** Promise 7, first half: whatever way a handler answers, what it changed of the session is there for the next request. */
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  ConflictException,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  type NestInterceptor,
  Req,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { MemoryStore, Sess, Session, SessionContext, SessionManager, SessCtx } from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { EMPTY, mergeMap, Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { answered, writesOf } from '../support/store.faults.js';
import { ANSWERS, AnswersController, FAILURES, renderPages } from './answers.controller.js';
import { BasicsController } from './basics.controller.js';
import { type AnyResponse, type AppPlan, type Client, PLATFORMS, type TestApp, startApp } from './harness.js';

describe.each(PLATFORMS)('Responses on %s', (platform) => {
  /** An app with somebody who is logged in. */
  async function start(plan: AppPlan = {}): Promise<{ app: TestApp; store: ObservedStore; client: Client }> {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store },
      prepare: renderPages,
      ...plan,
      controllers: [BasicsController, ...(plan.controllers ?? [])],
    });
    const client = app.client();
    await client.post('/login', { body: { attrs: { seen: 'nothing yet' } } });
    store.forget();
    return { app, store, client };
  }

  async function seenBy(client: Client): Promise<unknown> {
    const answer = await client.get('/attrs');
    return (answer.json() as { attrs: { seen?: unknown } | null }).attrs?.seen;
  }

  describe('a handler that answers by itself', () => {
    it.each(ANSWERS)('$kind: the answer is the handler’s, the change is kept, written once', async (expected) => {
      const { app, store, client } = await start({ controllers: [AnswersController] });
      const { status, text, headers } = await client.get(`/answers/${expected.kind}`);
      expect({ status, body: expected.kind === 'redirect' ? '' : text }).toEqual({
        status: expected.status,
        body: expected.body,
      });
      if (expected.kind === 'redirect') expect(headers['location']).toBe('/elsewhere');
      if (expected.kind === 'passthrough') expect(headers['x-own']).toBe('yes');
      expect(writesOf(store)).toEqual(['change']);
      expect(await seenBy(client)).toBe(expected.kind);
      expect(app.log.warnings).toEqual([]);
    });

    it.each(FAILURES)('$kind: the failure is answered, the change is kept', async ({ kind, status }) => {
      const { app, store, client } = await start({ controllers: [AnswersController] });
      expect((await client.get(`/answers/${kind}`)).status).toBe(status);
      expect(writesOf(store)).toEqual(['change']);
      expect(await seenBy(client)).toBe(kind);
      expect(app.log).toMatchObject({ warnings: [], errors: [] });
    });
  });

  describe('a handler that sends the response itself', () => {
    @Controller('own')
    class OwnController {
      @Get('saved')
      async saved(@Sess() sess: Session, @Res() response: AnyResponse): Promise<void> {
        sess.setAttr('seen', 'saved');
        await sess.save();
        response.send('done');
      }

      @Get('forgotten')
      forgotten(@Sess() sess: Session, @Res() response: AnyResponse): void {
        sess.setAttr('seen', 'forgotten');
        response.send('done');
      }

      @Get('forgotten-too')
      forgottenToo(@Sess() sess: Session, @Res() response: AnyResponse): void {
        sess.setAttr('seen', 'forgotten-too');
        response.send('done');
      }

      @Get('callback')
      callback(@Sess() sess: Session, @Res() response: AnyResponse): void {
        setImmediate(() => {
          sess.setAttr('seen', 'callback');
          response.send('done');
        });
      }

      @Get('afterwards')
      async afterwards(@Sess() sess: Session, @Res() response: RawOrReply): Promise<void> {
        const finished = once(response.raw ?? response, 'finish');
        Reflect.apply(Reflect.get(response, 'send') as () => void, response, ['done']);
        await finished;
        sess.setAttr('seen', 'afterwards');
      }

      @Get('login')
      async login(@SessCtx() ctx: SessionContext, @Res() response: AnyResponse): Promise<void> {
        await ctx.add({ attrs: { seen: 'a new one' } });
        response.send('done');
      }
    }

    it('and saves before: the change is kept, without a warning', async () => {
      const { app, store, client } = await start({ controllers: [OwnController] });
      expect((await client.get('/own/saved')).text).toBe('done');
      expect(await seenBy(client)).toBe('saved');
      expect(writesOf(store)).toEqual(['change']);
      expect(app.log.warnings).toEqual([]);
    });

    it.each(['forgotten', 'callback'])('without saving (%s): the change is kept all the same', async (route) => {
      const { store, client } = await start({ controllers: [OwnController] });
      const changed = answered(store, 'change');
      expect((await client.get(`/own/${route}`)).text).toBe('done');
      await changed;
      expect(await seenBy(client)).toBe(route);
      expect(writesOf(store)).toEqual(['change']);
    });

    it('without saving: one warning a route on Express, where it comes late; none on Fastify', async () => {
      const { app, store, client } = await start({ controllers: [OwnController] });
      for (const route of ['forgotten', 'forgotten-too', 'forgotten', 'forgotten-too']) {
        const changed = answered(store, 'change');
        await client.get(`/own/${route}`);
        await changed;
        // Once more round, so that what follows the write has happened.
        await client.get('/ping');
      }
      const late = platform === 'Express' ? ['/own/forgotten', '/own/forgotten-too'] : [];
      expect(app.log.warnings).toEqual(late.map((path) => expect.stringContaining(`GET ${path} changed its session`)));
      expect(app.log.warnings.join()).toEqual(late.length > 0 ? expect.stringContaining('session.save()') : '');
    });

    it('and changes the session afterwards: the change is kept, with a warning that names the route', async () => {
      const { app, store, client } = await start({ controllers: [OwnController] });
      for (let times = 0; times < 2; times++) {
        const changed = answered(store, 'change');
        await client.get('/own/afterwards');
        await changed;
        expect(await seenBy(client)).toBe('afterwards');
        await client.post('/login');
      }
      expect(app.log.warnings).toEqual([expect.stringContaining('GET /own/afterwards')]);
    });

    it('logs in: the cookie is sent', async () => {
      const { client, app } = await start({ controllers: [OwnController] });
      const other = app.client();
      expect((await other.get('/own/login')).setCookies).toHaveLength(1);
      expect(await seenBy(other)).toBe('a new one');
      expect(await seenBy(client)).toBe('nothing yet');
    });
  });

  describe('a web Response with headers of its own', () => {
    @Controller('web')
    class WebController {
      @Get()
      async login(@SessCtx() ctx: SessionContext): Promise<Response> {
        await ctx.add({ attrs: { seen: 'web' } });
        const headers = new Headers({ vary: 'Accept-Encoding', 'cache-control': 'max-age=60', 'x-own': 'yes' });
        headers.append('set-cookie', 'theme=dark; Path=/');
        return new Response('done', { status: 203, headers });
      }

      @Get('raised')
      async raised(@SessCtx() ctx: SessionContext): Promise<Response> {
        await ctx.add({ attrs: { seen: 'web' } });
        return Response.redirect('http://localhost/elsewhere', 303);
      }
    }

    it('keeps them beside those of the session', async () => {
      const { app } = await start({ controllers: [WebController] });
      const client = app.client();
      const { status, headers, setCookies, text } = await client.get('/web');
      expect({ status, text, own: headers['x-own'] }).toEqual({ status: 203, text: 'done', own: 'yes' });
      expect(setCookies.map((line) => line.split('=', 1).join()).toSorted()).toEqual(['__Host-sessid', 'theme']);
      expect(members(headers['vary'])).toEqual(['accept-encoding', 'cookie']);
      expect(members(headers['cache-control'])).toEqual(['max-age=60', 'no-cache="set-cookie"']);
      expect(await seenBy(client)).toBe('web');
    });

    it('may be one whose headers are immutable', async () => {
      const { app } = await start({ controllers: [WebController] });
      const client = app.client();
      const { status, headers, setCookies } = await client.get('/web/raised');
      expect({ status, location: headers['location'] }).toEqual({
        status: 303,
        location: 'http://localhost/elsewhere',
      });
      expect(setCookies).toHaveLength(1);
      expect(await seenBy(client)).toBe('web');
    });
  });

  describe('a change by somebody else than the handler', () => {
    const response: { save: boolean } = { save: false };

    async function change(manager: SessionManager, request: unknown, seen: string): Promise<void> {
      const sess = await manager.get(request);
      sess?.setAttr('seen', seen);
      if (response.save) await sess?.save();
    }

    @Injectable()
    class RejectingGuard implements CanActivate {
      constructor(private readonly manager: SessionManager) {}

      async canActivate(context: ExecutionContext): Promise<boolean> {
        await change(this.manager, context.switchToHttp().getRequest(), 'guard');
        throw new ForbiddenException();
      }
    }

    @Catch(ConflictException)
    class ChangingFilter implements ExceptionFilter {
      constructor(
        private readonly manager: SessionManager,
        private readonly host: HttpAdapterHost,
      ) {}

      async catch(_: ConflictException, host: ArgumentsHost): Promise<void> {
        await change(this.manager, host.switchToHttp().getRequest(), 'filter');
        this.host.httpAdapter.reply(host.switchToHttp().getResponse(), 'filtered', 409);
      }
    }

    @Injectable()
    class OuterInterceptor implements NestInterceptor {
      constructor(private readonly manager: SessionManager) {}

      intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        const request: unknown = context.switchToHttp().getRequest();
        return next.handle().pipe(
          mergeMap(async (value: unknown) => {
            await change(this.manager, request, 'interceptor');
            return value;
          }),
        );
      }
    }

    /** Interceptors of the class are around those of the method, ours among them. */
    @Controller('intercepted')
    @UseInterceptors(OuterInterceptor)
    class InterceptedController {
      @Get('interceptor')
      interceptor(@Sess() sess?: Session): string {
        return sess ? 'done' : 'nobody';
      }
    }

    @Controller('others')
    class OthersController {
      constructor(private readonly manager: SessionManager) {}

      @Get('guard')
      @UseGuards(RejectingGuard)
      guard(@Sess() sess: Session): void {
        sess.setAttr('seen', 'the guard let somebody in');
      }

      @Get('filter')
      @UseFilters(ChangingFilter)
      filter(@Sess() sess: Session): never {
        sess.setAttr('seen', 'handler');
        throw new ConflictException();
      }

      /** Without a decorator of ours. */
      @Get('plain')
      async plain(@Req() request: unknown): Promise<string> {
        await change(this.manager, request, 'plain');
        return 'done';
      }
    }

    const cases = [
      { who: 'guard', status: 403 },
      { who: 'filter', status: 409 },
      { who: 'plain', status: 200 },
      { who: 'interceptor', status: 200 },
    ];
    const pathOf = (who: string) => (who === 'interceptor' ? '/intercepted/interceptor' : `/others/${who}`);

    it.each(cases)('$who: is kept; on Express late, with a warning', async ({ who, status }) => {
      response.save = false;
      const { app, client, store } = await start({ controllers: [OthersController, InterceptedController] });
      // On Express what the handler changed is committed before the filter is called.
      const isTwice = who === 'filter' && platform === 'Express';
      const closed = answered(store, 'change').then(() => (isTwice ? answered(store, 'change') : undefined));
      expect((await client.get(pathOf(who))).status).toBe(status);
      await closed;
      expect(await seenBy(client)).toBe(who);
      expect(app.log.warnings).toHaveLength(platform === 'Express' ? 1 : 0);
    });

    it.each(cases)('$who that saves: is kept, without a warning', async ({ who, status }) => {
      response.save = true;
      const { app, client } = await start({ controllers: [OthersController, InterceptedController] });
      expect((await client.get(pathOf(who))).status).toBe(status);
      expect(await seenBy(client)).toBe(who);
      expect(app.log.warnings).toEqual([]);
    });
  });

  describe('a client that goes away', () => {
    const entered = { now: new Barrier() };
    const torn = { now: new Barrier() };

    @Controller('long')
    class LongController {
      @Get('promise')
      async promise(@Sess() sess: Session, @Res({ passthrough: true }) response: RawOrReply): Promise<string> {
        void entered.now.pass();
        await once(response.raw ?? response, 'close');
        sess.setAttr('seen', 'promise');
        return 'nobody reads this';
      }

      @Get('observable')
      observable(@Sess() sess: Session): Observable<string> {
        return new Observable(() => {
          sess.setAttr('seen', 'observable');
          void entered.now.pass();
          return () => void torn.now.pass();
        });
      }

      @Get('failing')
      async failing(@Sess() sess: Session, @Res({ passthrough: true }) response: RawOrReply): Promise<never> {
        void entered.now.pass();
        await once(response.raw ?? response, 'close');
        sess.setAttr('seen', 'failing');
        throw new ConflictException();
      }
    }

    it.each(['promise', 'failing', 'observable'])(
      'while the handler runs (%s): the change is kept, once',
      async (route) => {
        entered.now = new Barrier();
        torn.now = new Barrier();
        const { app, client, store } = await start({ controllers: [LongController] });
        const changed = answered(store, 'change');
        const wire = app.wire(`/long/${route}`, client);
        await entered.now.reached;
        wire.leave();
        await changed;
        expect(await seenBy(client)).toBe(route);
        expect(writesOf(store)).toEqual(['change']);
        if (route === 'observable') await torn.now.reached;
      },
    );

    it('and a commit that then fails harms nobody', async () => {
      entered.now = new Barrier();
      const { app, client, store } = await start({ controllers: [LongController] });
      const failed = new Barrier();
      store.intercept('change', () => {
        void failed.pass();
        return Promise.reject(new Error());
      });
      const wire = app.wire('/long/observable', client);
      await entered.now.reached;
      wire.leave();
      await failed.reached;
      expect(await seenBy(client)).toBe('nothing yet');
      expect(app.log.errors.at(-1)).toContain('not committed');
    });
  });

  it('a session that is returned shows its attributes, and not its id', async () => {
    @Controller('returned')
    class ReturnedController {
      @Get()
      returned(@Sess() sess: Session): Session {
        return sess;
      }
    }
    const { client } = await start({ controllers: [ReturnedController] });
    const { text } = await client.get('/returned');
    expect(JSON.parse(text)).toMatchObject({ attrs: { seen: 'nothing yet' }, isNew: false });
    const [id = 'none'] = [...client.jar.values()];
    expect(text).not.toContain(id);
  });

  it('an empty Observable of a route without a session gets the same answer as one with it', async () => {
    @Controller('bare')
    class BareController {
      @Get()
      empty(): Observable<never> {
        return EMPTY;
      }
    }
    const { client } = await start({ controllers: [BareController, AnswersController] });
    const [bare, ours] = [await client.get('/bare'), await client.get('/answers/empty-observable')];
    expect(ours.status).toBe(bare.status);
    expect(ours.text).toBe(bare.text);
  });
});

type RawOrReply = ServerResponse<IncomingMessage> & { raw?: ServerResponse };

function members(line: string | undefined): string[] {
  return (line ?? '')
    .split(',')
    .map((member) => member.trim().toLowerCase())
    .toSorted();
}
