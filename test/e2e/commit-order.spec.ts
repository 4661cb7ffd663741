/** Promise 7: no byte of a response leaves before its session is committed, and a failed commit is answered as a failure. */
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
  Header,
  Injectable,
  type NestInterceptor,
  Post,
  Req,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  createSession,
  MemoryStore,
  Sess,
  SessCtx,
  Session,
  SessionContext,
  SessionManager,
  UseSession,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { mergeMap, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { failing, writesOf } from '../support/store.faults.js';
import { ANSWERS, AnswersController, FAILURES, renderPages } from './answers.controller.js';
import { BasicsController } from './basics.controller.js';
import { type AnyResponse, type AppPlan, type Client, PLATFORMS, type TestApp, startApp } from './harness.js';

/** A handler that gives nothing didn't fail: it is Nest that answers so, before the commit on Fastify, later on Express. */
const EMPTY = { kind: 'empty-observable', status: 500 } as const;
const THROWN = FAILURES.filter(({ kind }) => kind !== EMPTY.kind);

describe.each(PLATFORMS)('Commit order on %s', (platform) => {
  async function start(plan: AppPlan = {}): Promise<{ app: TestApp; store: ObservedStore; client: Client }> {
    const store = (plan.session && (plan.session.store as ObservedStore)) || new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store },
      prepare: renderPages,
      ...plan,
      controllers: [BasicsController, ...(plan.controllers ?? [])],
    });
    const client = app.client();
    await client.post('/login', { body: { attrs: { seen: 'before' } } });
    store.forget();
    return { app, store, client };
  }

  async function seenBy(client: Client): Promise<unknown> {
    const answer = await client.get('/attrs');
    return (answer.json() as { attrs: { seen?: unknown } | null }).attrs?.seen;
  }

  /** The answer's status line and headers after the commit, and what had arrived of it before. */
  async function watch(path: string, { app, store, client }: Awaited<ReturnType<typeof start>>) {
    const held = store.hold('change');
    const wire = app.wire(path, client);
    await held.reached;
    // Other requests come and go: what the server had sent by now would be here.
    await app.client().get('/ping');
    await app.client().get('/ping');
    const { received } = wire;
    held.release();
    return { before: received, after: await wire.answered };
  }

  describe('the client sees no byte before the commit', () => {
    it.each([...ANSWERS, ...FAILURES])('$kind', async ({ kind, status }) => {
      const world = await start({ controllers: [AnswersController] });
      const { before, after } = await watch(`/answers/${kind}`, world);
      expect(before).toBe('');
      expect(after).toMatch(`HTTP/1.1 ${status}`);
      expect(await seenBy(world.client)).toBe(kind);
    });

    it('a redirect after a login that also changes the session', async () => {
      @Controller('in')
      class LoginController {
        @Get()
        async login(@SessCtx() ctx: SessionContext, @Res({ passthrough: true }) response: AnyResponse) {
          const session = await ctx.add({ attrs: { seen: 'before' } });
          session.setAttr('seen', 'login');
          response.header('x-own', 'yes');
          return 'done';
        }
      }
      const world = await start({ controllers: [LoginController] });
      const { before, after } = await watch('/in', world);
      expect(before).toBe('');
      expect(after).toMatch(/^Set-Cookie: __Host-sessid=/im);
    });

    it('a route that only reads, when its access is recorded', async () => {
      let now = Date.now();
      const store = new ObservedStore(new MemoryStore());
      const world = await start({ session: { store, clock: () => now } });
      now += 60_000;
      const held = store.hold('touch');
      const wire = world.app.wire('/attrs', world.client);
      await held.reached;
      await world.app.client().get('/ping');
      await world.app.client().get('/ping');
      expect(wire.received).toBe('');
      held.release();
      expect(await wire.answered).toMatch('HTTP/1.1 200');
    });

    it('an interceptor of the method’s own, which changes the session after the handler', async () => {
      @Injectable()
      class ChangingInterceptor implements NestInterceptor {
        constructor(private readonly manager: SessionManager) {}

        intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
          return next.handle().pipe(
            mergeMap(async (value) => {
              const sess = await this.manager.get(context.switchToHttp().getRequest());
              sess?.setAttr('seen', 'after the handler');
              return value as unknown;
            }),
          );
        }
      }
      @Controller('intercepted')
      class InterceptedController {
        @Get()
        @UseInterceptors(ChangingInterceptor)
        intercepted(@Sess() sess?: Session): string {
          return sess ? 'done' : 'nobody';
        }
      }
      const world = await start({ controllers: [InterceptedController] });
      const { before, after } = await watch('/intercepted', world);
      expect(before).toBe('');
      expect(after).toMatch('HTTP/1.1 200');
      expect(await seenBy(world.client)).toBe('after the handler');
    });

    it('with a store that takes its time, half a second', async () => {
      const { app, store, client } = await start({ controllers: [AnswersController] });
      let committed = false;
      store.intercept('change', async (proceed) => {
        await setTimeout(500);
        const changed = await proceed();
        committed = true;
        return changed;
      });
      const wire = app.wire('/answers/redirect', client);
      await wire.until('HTTP/1.1 302');
      expect(committed).toBe(true);
    });
  });

  describe('changes that no decorator of ours sees', () => {
    @Injectable()
    class RejectingGuard implements CanActivate {
      constructor(private readonly manager: SessionManager) {}

      async canActivate(context: ExecutionContext): Promise<boolean> {
        (await this.manager.get(context.switchToHttp().getRequest()))?.setAttr('seen', 'guard');
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
        (await this.manager.get(host.switchToHttp().getRequest()))?.setAttr('seen', 'filter');
        this.host.httpAdapter.reply(host.switchToHttp().getResponse(), 'filtered', 409);
      }
    }

    @Controller('unseen')
    class UnseenController {
      constructor(private readonly manager: SessionManager) {}

      @Get('guard')
      @UseGuards(RejectingGuard)
      guard(): void {}

      @Get('filter')
      @UseFilters(ChangingFilter)
      filter(): never {
        throw new ConflictException();
      }

      @Get('plain')
      async plain(@Req() request: unknown): Promise<string> {
        (await this.manager.get(request))?.setAttr('seen', 'plain');
        return 'done';
      }

      @Get('own')
      own(@Sess() sess: Session, @Res() response: AnyResponse): void {
        sess.setAttr('seen', 'own');
        response.send('done');
      }

      @Get('announced')
      @UseSession()
      async announced(@Req() request: unknown): Promise<string> {
        (await this.manager.get(request))?.setAttr('seen', 'announced');
        return 'done';
      }
    }

    it('@UseSession() makes them wait for the commit', async () => {
      const world = await start({ controllers: [UnseenController] });
      const { before, after } = await watch('/unseen/announced', world);
      expect(before).toBe('');
      expect(after).toMatch('HTTP/1.1 200');
      expect(await seenBy(world.client)).toBe('announced');
    });

    if (platform === 'Fastify')
      it.each([
        { route: 'guard', status: 403 },
        { route: 'filter', status: 409 },
        { route: 'plain', status: 200 },
        { route: 'own', status: 200 },
      ])('$route: on Fastify they wait by themselves', async ({ route, status }) => {
        const world = await start({ controllers: [UnseenController] });
        const { before, after } = await watch(`/unseen/${route}`, world);
        expect(before).toBe('');
        expect(after).toMatch(`HTTP/1.1 ${status}`);
        expect(await seenBy(world.client)).toBe(route);
      });

    if (platform === 'Fastify')
      it.each(['guard', 'filter', 'plain', 'own'])(
        '%s: on Fastify a failed commit is answered with 503',
        async (route) => {
          const { store, client } = await start({ controllers: [UnseenController] });
          const heal = failing(store, 'change');
          const { status, text } = await client.get(`/unseen/${route}`);
          heal();
          expect(status).toBe(503);
          expect(text).not.toContain('secret');
          expect(await seenBy(client)).toBe('before');
        },
      );
  });

  describe('a store whose change fails', () => {
    @Controller('changing')
    class ChangingController {
      @Post('login')
      async login(@SessCtx() ctx: SessionContext): Promise<void> {
        const session = await ctx.add({ attrs: { seen: 'new' } });
        session.setAttr('seen', 'newer');
      }

      @Post('rotate')
      @Header('set-cookie', 'theme=dark')
      async rotate(@SessCtx() ctx: SessionContext): Promise<void> {
        await ctx.rotate();
        ctx.session?.setAttr('seen', 'rotated');
      }

      @Post('throw')
      async throw(@SessCtx() ctx: SessionContext): Promise<never> {
        await ctx.rotate();
        ctx.session?.setAttr('seen', 'thrown');
        throw new ConflictException('the handler’s own');
      }
    }

    it.each([...ANSWERS, EMPTY])(
      '$kind: is answered with 5xx, and the next request sees the old state',
      async ({ kind }) => {
        const { store, client } = await start({ controllers: [AnswersController] });
        const heal = failing(store, 'change');
        const { status, setCookies, text } = await client.get(`/answers/${kind}`);
        heal();
        const isAnsweredByNest = kind === EMPTY.kind && platform === 'Fastify';
        expect({ status, setCookies }).toEqual({ status: isAnsweredByNest ? EMPTY.status : 503, setCookies: [] });
        expect(text).not.toContain('secret');
        expect(await seenBy(client)).toBe('before');
        expect(writesOf(store)).toEqual(['change']);
      },
    );

    it.each(['login', 'rotate'])('after a %s: no cookie of the session is sent', async (verb) => {
      const { store, client } = await start({ controllers: [ChangingController] });
      failing(store, 'change');
      const { status, setCookies } = await client.post(`/changing/${verb}`);
      expect(status).toBe(503);
      expect(setCookies.filter((line) => line.includes('sessid'))).toEqual([]);
    });

    it.each(THROWN)('$kind: the handler’s failure is answered, the commit’s is logged', async ({ kind, status }) => {
      const { app, store, client } = await start({ controllers: [AnswersController] });
      const heal = failing(store, 'change');
      expect((await client.get(`/answers/${kind}`)).status).toBe(status);
      heal();
      expect(app.log.errors).toContainEqual(expect.stringMatching(/not committed/));
      expect(app.log.errors.join()).not.toContain('secret');
      expect(await seenBy(client)).toBe('before');
    });

    it('a handler that fails after a rotate: its failure is answered, without a cookie', async () => {
      const { store, client } = await start({ controllers: [ChangingController] });
      failing(store, 'change');
      const { status, setCookies, text } = await client.post('/changing/throw');
      expect({ status, setCookies }).toEqual({ status: 409, setCookies: [] });
      expect(text).toContain('the handler’s own');
    });
  });

  describe('a filter that logs in anew', () => {
    @Catch(ConflictException)
    class LoginFilter implements ExceptionFilter {
      constructor(
        private readonly manager: SessionManager,
        private readonly host: HttpAdapterHost,
      ) {}

      async catch(_: ConflictException, host: ArgumentsHost): Promise<void> {
        const response: unknown = host.switchToHttp().getResponse();
        const session = createSession({ attrs: { seen: 'filter' } });
        await this.manager.add(session, response);
        session.setAttr('seen', 'filter, later');
        await session.save();
        this.host.httpAdapter.reply(response, 'filtered', 409);
      }
    }

    @Controller('anew')
    class AnewController {
      constructor(private readonly manager: SessionManager) {}

      /** Its session is gone when the handler fails. */
      @Get()
      @UseFilters(LoginFilter)
      async anew(@Sess() sess: Session, @Res({ passthrough: true }) response: unknown): Promise<never> {
        await this.manager.remove(sess, response);
        sess.setAttr('seen', 'too late');
        throw new ConflictException();
      }

      @Get('failed')
      @UseFilters(LoginFilter)
      failed(@Sess() sess: Session): never {
        sess.setAttr('seen', 'not committed');
        throw new ConflictException();
      }
    }

    it.each(['/anew', '/anew/failed'])('%s: the client gets the new session', async (path) => {
      const { store, client } = await start({ controllers: [AnewController] });
      // On Fastify nothing is committed before the filter has answered, and by then there is another session.
      const isCommitted = path === '/anew/failed' && platform === 'Express';
      if (isCommitted) store.intercept('change', () => Promise.reject(new Error()));
      const { status, setCookies } = await client.get(path);
      expect(status).toBe(409);
      expect(setCookies).toHaveLength(1);
      expect(await seenBy(client)).toBe('filter, later');
    });
  });

  describe('a store that fails on login, rotate and logout', () => {
    it.each([
      { verb: 'login', method: 'add' },
      { verb: 'rotate', method: 'rename' },
      { verb: 'logout', method: 'remove' },
    ] as const)('$verb is answered with 503, sets no cookie, and the session lives on', async ({ verb, method }) => {
      const { store, client } = await start();
      const heal = failing(store, method);
      const { status, setCookies } = await client.post(`/${verb}`);
      heal();
      expect({ status, setCookies }).toEqual({ status: 503, setCookies: [] });
      expect(await seenBy(client)).toBe('before');
    });
  });

  describe('an attribute that can’t be stored any more', () => {
    @Controller('cart')
    class CartController {
      @Post()
      put(@Sess() sess: Session): void {
        sess.setAttr('cart', ['apple']);
      }

      @Post('broken')
      async spoil(@SessCtx() ctx: SessionContext): Promise<void> {
        await ctx.rotate();
        ctx.session?.attr('cart').push(() => 'a function');
      }
    }

    it('is answered with 500, without a cookie, naming the attribute in the log only', async () => {
      const { app, client } = await start({ controllers: [CartController] });
      await client.post('/cart');
      const { status, setCookies, text } = await client.post('/cart/broken');
      expect({ status, setCookies }).toEqual({ status: 500, setCookies: [] });
      expect(text).not.toContain('cart');
      expect(app.log.warnings).toEqual([]);
    });
  });

  describe('after the headers went out', () => {
    const outcome: { promise: Promise<unknown> } = { promise: Promise.resolve() };

    @Controller('late')
    class LateController {
      constructor(private readonly manager: SessionManager) {}

      @Get('add')
      async add(@SessCtx() ctx: SessionContext, @Res() response: SentResponse): Promise<void> {
        await sendAndWait(response);
        outcome.promise = ctx.add(createSession()).catch((error: unknown) => error);
        await outcome.promise;
      }

      @Get('rotate')
      async rotate(@SessCtx() ctx: SessionContext, @Res() response: SentResponse): Promise<void> {
        await sendAndWait(response);
        outcome.promise = ctx.rotate().catch((error: unknown) => error);
        await outcome.promise;
      }

      @Get('remove')
      async remove(@Sess() sess: Session, @Res() response: SentResponse): Promise<void> {
        await sendAndWait(response);
        outcome.promise = this.manager.remove(sess, response);
        await outcome.promise;
      }
    }

    it.each(['add', 'rotate'])('%s rejects, and the store isn’t asked', async (verb) => {
      const { store, client } = await start({ controllers: [LateController] });
      await client.get(`/late/${verb}`);
      expect(await outcome.promise).toMatchObject({ name: 'SessionError', code: 'HEADERS_SENT' });
      expect(writesOf(store)).toEqual([]);
      expect(await seenBy(client)).toBe('before');
    });

    it('remove removes all the same', async () => {
      const { client } = await start({ controllers: [LateController] });
      await client.get('/late/remove');
      await outcome.promise;
      expect(await seenBy(client)).toBeUndefined();
    });
  });
});

type SentResponse = AnyResponse & ServerResponse & { raw?: ServerResponse };

async function sendAndWait(response: SentResponse): Promise<void> {
  const finished = once(response.raw ?? response, 'finish');
  response.send('sent');
  await finished;
}
