/** Whoever takes part in a request gets the same session object, loaded once; on Fastify middleware sees other objects. */
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  ConflictException,
  Controller,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  type PipeTransform,
  Query,
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
  SessAttr,
  SessConstAttr,
  SessCtx,
  Session,
  SessionContext,
  SessionGuard,
  SessionManager,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import type { Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { failing, writesOf } from '../support/store.faults.js';
import { BasicsController } from './basics.controller.js';
import { type AnyResponse, PLATFORMS, startApp } from './harness.js';

/** What everybody got, in the order in which they came. */
const met: { who: string; session: Session | undefined }[] = [];

function meet(who: string, session: Session | undefined): void {
  met.push({ who, session });
  session?.setAttr('path', [...((session.attr('path') as string[] | undefined) ?? []), who]);
}

@Injectable()
class MeetingMiddleware implements NestMiddleware {
  constructor(private readonly manager: SessionManager) {}

  async use(request: unknown, _response: unknown, next: () => void): Promise<void> {
    meet('middleware', await this.manager.get(request));
    next();
  }
}

@Injectable()
class MeetingGuard implements CanActivate {
  constructor(private readonly manager: SessionManager) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    meet('guard', await this.manager.get(context.switchToHttp().getRequest()));
    return true;
  }
}

@Injectable()
class MeetingInterceptor implements NestInterceptor {
  constructor(private readonly manager: SessionManager) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    meet('interceptor', await this.manager.get(context.switchToHttp().getRequest()));
    return next.handle();
  }
}

class MeetingPipe implements PipeTransform {
  transform(session: Session): Session {
    meet('pipe', session);
    return session;
  }
}

/** Hands the request to a pipe: pipes have no way to it by themselves. */
const Request = createParamDecorator((_: unknown, context: ExecutionContext): unknown =>
  context.switchToHttp().getRequest(),
);

@Injectable()
class LookingUpPipe implements PipeTransform {
  constructor(private readonly manager: SessionManager) {}

  async transform(request: unknown): Promise<void> {
    met.push({ who: 'pipe by the manager', session: await this.manager.get(request) });
  }
}

@Catch(HttpException)
class MeetingFilter implements ExceptionFilter {
  constructor(
    private readonly manager: SessionManager,
    private readonly host: HttpAdapterHost,
  ) {}

  async catch(exception: HttpException, host: ArgumentsHost): Promise<void> {
    const session = await this.manager.get(host.switchToHttp().getRequest());
    meet('filter', session);
    await session?.save();
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), 'filtered', exception.getStatus());
  }
}

@Controller('all')
class EverybodyController {
  @Get()
  @UseGuards(MeetingGuard, SessionGuard)
  @UseInterceptors(MeetingInterceptor)
  @UseFilters(MeetingFilter)
  all(
    @Sess(new MeetingPipe()) first: Session,
    @Request(LookingUpPipe) _: void,
    @Sess() second: Session,
    @SessCtx() ctx: SessionContext,
    @SessAttr() attrs: object,
    @SessAttr('seen') seen: string,
    @SessConstAttr('userName') userName: string,
    @SessConstAttr() constants: object,
  ): never {
    meet('handler', first);
    meet('handler again', second);
    meet('context', ctx.session);
    met.push({ who: JSON.stringify({ attrs: Object.keys(attrs), seen, userName, constants }), session: first });
    throw new ConflictException();
  }
}

@Module({})
class MeetingModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(MeetingMiddleware).forRoutes(EverybodyController);
  }
}

describe.each(PLATFORMS)('One session a request on %s', (platform) => {
  it('the same object in middleware, guard, interceptor, pipe, handler and filter, loaded once', async () => {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store },
      imports: [MeetingModule],
      controllers: [BasicsController, EverybodyController],
    });
    const client = app.client();
    await client.post('/login', { body: { attrs: { seen: 'yes' }, constAttrs: { userName: 'ann' } } });
    store.forget();
    met.length = 0;
    const { status, text } = await client.get('/all');
    expect({ status, text }).toEqual({ status: 409, text: 'filtered' });
    const [first] = met;
    expect(first?.session).toBeInstanceOf(Session);
    expect(met.filter(({ session }) => session !== first?.session)).toEqual([]);
    expect(store.count('get')).toBe(1);
    const path = ['middleware', 'guard', 'interceptor', 'pipe', 'handler', 'handler again'];
    expect((await client.get('/attrs')).json()).toMatchObject({ attrs: { path: [...path, 'context', 'filter'] } });
  });

  it('hands attributes to parameters, all or one', async () => {
    const app = await startApp(platform, { controllers: [BasicsController, EverybodyController] });
    const client = app.client();
    await client.post('/login', { body: { attrs: { seen: 'yes' }, constAttrs: { userName: 'ann' } } });
    met.length = 0;
    await client.get('/all');
    const told = met.find(({ who }) => who.startsWith('{'))?.who ?? '{}';
    expect(JSON.parse(told)).toMatchObject({ seen: 'yes', userName: 'ann', constants: { userName: 'ann' } });
  });

  it('without a session nobody gets one, and the store isn’t asked', async () => {
    const store = new ObservedStore(new MemoryStore());
    @Controller('nobody')
    class NobodyController {
      @Get()
      nobody(
        @Sess() sess: Session | undefined,
        @SessAttr() attrs: object | undefined,
        @SessAttr('seen') seen: string | undefined,
        @SessConstAttr('userName') userName: string | undefined,
        @SessCtx() ctx: SessionContext,
      ): object {
        const got = [sess, attrs, seen, userName, ctx.session];
        return { got: got.map((value) => typeof value) };
      }
    }
    const app = await startApp(platform, { session: { store }, controllers: [NobodyController] });
    const { text } = await app.client().get('/nobody');
    expect(JSON.parse(text)).toEqual({ got: Array.from({ length: 5 }, () => 'undefined') });
    expect(store.calls).toEqual([]);
  });
});

describe.each(PLATFORMS)('A login in middleware on %s', (platform) => {
  @Injectable()
  class LoginMiddleware implements NestMiddleware {
    constructor(private readonly manager: SessionManager) {}

    async use(request: object, response: object, next: (error?: unknown) => void): Promise<void> {
      try {
        if (!(await this.manager.get(request))) {
          await this.manager.add(createSession({ attrs: { by: 'middleware' } }), response);
        }
        next();
      } catch (error) {
        next(error);
      }
    }
  }

  @Controller('in')
  class LoggedInController {
    @Get()
    silent(@SessAttr('by') by: string): string {
      return by;
    }

    @Get('cookie')
    ownCookie(@SessAttr('by') by: string, @Res({ passthrough: true }) response: AnyResponse): string {
      const header = 'append' in response ? 'append' : 'header';
      Reflect.apply(Reflect.get(response, header) as () => void, response, ['Set-Cookie', 'theme=dark']);
      response.header('Vary', 'Accept-Language');
      return by;
    }

    @Get('own')
    own(@Sess() _: Session, @Res() response: AnyResponse): void {
      response.send('own');
    }

    @Get('failure')
    failure(): never {
      throw new ConflictException();
    }

    @Get('logout')
    async logout(@SessCtx() ctx: SessionContext): Promise<void> {
      await ctx.remove();
    }

    @Get('rotate')
    async rotate(@SessCtx() ctx: SessionContext, @Query('change') change?: string): Promise<void> {
      await ctx.rotate();
      if (change) ctx.session?.setAttr('by', change);
    }
  }

  @Module({})
  class LoginModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(LoginMiddleware).forRoutes(LoggedInController);
    }
  }

  async function start() {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store },
      imports: [LoginModule],
      controllers: [BasicsController, LoggedInController],
    });
    return { store, client: app.client() };
  }

  it.each(['/in', '/in/own', '/in/failure'])('its cookie reaches the client of %s', async (path) => {
    const { client, store } = await start();
    const { setCookies } = await client.get(path);
    expect(setCookies).toEqual([expect.stringMatching(/^__Host-sessid=[\w.-]{22,};/)]);
    expect(await attrsOf(client)).toEqual({ by: 'middleware' });
    await client.get(path);
    expect(store.count('add')).toBe(1);
  });

  it('its cookie, and what goes with it, survive headers of the same names that the handler sets', async () => {
    const { client } = await start();
    const { setCookies, headers, text } = await client.get('/in/cookie');
    expect(text).toBe('middleware');
    expect(setCookies.map((line) => line.split('=', 1).join()).toSorted()).toEqual(['__Host-sessid', 'theme']);
    if (platform === 'Fastify') expect(headers['vary']?.toLowerCase()).toContain('cookie');
    expect(headers['vary']?.toLowerCase()).toContain('accept-language');
    expect(headers['cache-control']).toContain('no-cache="Set-Cookie"');
    expect(await attrsOf(client)).toEqual({ by: 'middleware' });
  });

  it('a rotation by the handler leaves one cookie, the new one', async () => {
    const { client } = await start();
    const { setCookies } = await client.get('/in/rotate');
    expect(setCookies).toHaveLength(1);
    expect(await attrsOf(client)).toEqual({ by: 'middleware' });
  });

  it('a logout by the handler leaves one cookie, the cleared one', async () => {
    const { client } = await start();
    const { setCookies } = await client.get('/in/logout');
    expect(setCookies).toEqual([expect.stringMatching(/^__Host-sessid=; Max-Age=0/)]);
    expect(client.jar.size).toBe(0);
  });

  it('a failed commit takes every cookie of the session back', async () => {
    const { client, store } = await start();
    failing(store, 'change');
    const { status, setCookies } = await client.get('/in/rotate?change=handler');
    expect({ status, setCookies }).toEqual({ status: 503, setCookies: [] });
    expect(writesOf(store)).toEqual(['add', 'rename', 'change']);
  });

  async function attrsOf(client: Awaited<ReturnType<typeof start>>['client']): Promise<unknown> {
    return ((await client.get('/attrs')).json() as { attrs: unknown }).attrs;
  }
});
