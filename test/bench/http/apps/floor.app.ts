/**
 * The least that a session can cost in Nest: an interceptor that finds something by a cookie, and a handler that uses it. No id
 * is checked, nothing expires but by Redis, nothing is compared, and requests overwrite each other.
 */
import {
  type CallHandler,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
  Query,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { mergeMap, type Observable, of } from 'rxjs';
import type { Size } from '../contender.js';
import { fillerOf, USER_NAME } from './session.content.js';

export type Content = Record<string, unknown> & { count: number };

/** Where a floor keeps what it finds by a cookie. */
export interface FloorStore {
  /** At once, or by a promise. */
  get(id: string): Content | undefined | Promise<Content | undefined>;
  set(id: string, content: Content): unknown;
  /** The bytes of a content, as they are. */
  fetch?(id: string): Promise<unknown>;
}

interface FloorRequest {
  readonly headers: { readonly cookie?: string };
  id: string;
  content: Content;
}

interface FloorResponse {
  header(name: string, value: string): unknown;
}

const STORE = 'FloorStore';
const COOKIE = 'sessid=';

/** An interceptor that needn't wait doesn't. */
@Injectable()
class ReadInterceptor implements NestInterceptor {
  constructor(@Inject(STORE) protected readonly store: FloorStore) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const request: FloorRequest = context.switchToHttp().getRequest();
    request.id = idOf(request);
    const content = this.store.get(request.id);
    if (!(content instanceof Promise)) return this.handle(request, content, next);
    return content.then((found) => this.handle(request, found, next));
  }

  protected handle(request: FloorRequest, content: Content | undefined, next: CallHandler): Observable<unknown> {
    request.content = content as Content;
    return next.handle();
  }
}

/** Also stores, before the response is sent, what the handler may have changed. */
@Injectable()
class ChangeInterceptor extends ReadInterceptor {
  protected override handle(request: FloorRequest, content: Content | undefined, next: CallHandler) {
    return super.handle(request, content, next).pipe(
      mergeMap((answer: unknown) => {
        const stored = this.store.set(request.id, request.content);
        return stored instanceof Promise ? stored.then(() => answer) : of(answer);
      }),
    );
  }
}

/** Looks into nothing. */
@Injectable()
class FetchInterceptor implements NestInterceptor {
  constructor(@Inject(STORE) private readonly store: FloorStore) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await this.store.fetch?.(idOf(context.switchToHttp().getRequest()));
    return next.handle();
  }
}

@Controller()
class FloorController {
  constructor(@Inject(STORE) private readonly store: FloorStore) {}

  @Get('read')
  @UseInterceptors(ReadInterceptor)
  read(@Req() { content }: FloorRequest) {
    return { count: content.count };
  }

  @Get('change')
  @UseInterceptors(ChangeInterceptor)
  change(@Req() { content }: FloorRequest) {
    content.count++;
    return { count: content.count };
  }

  @Get('fetch')
  @UseInterceptors(FetchInterceptor)
  fetch() {
    return { count: 0 };
  }

  @Get('login')
  async login(@Res({ passthrough: true }) response: FloorResponse, @Query('size') size: string) {
    const id = randomBytes(18).toString('base64url');
    await this.store.set(id, { userName: USER_NAME, count: 0, ...fillerOf(Number(size) as Size) });
    response.header('Set-Cookie', `${COOKIE}${id}; Path=/; HttpOnly; SameSite=Lax`);
    return { ok: true };
  }
}

export function floorModule(store: FloorStore): DynamicModule {
  return {
    module: class FloorModule {},
    controllers: [FloorController],
    providers: [{ provide: STORE, useValue: store }],
  };
}

function idOf({ headers }: FloorRequest): string {
  const cookie = headers.cookie ?? '';
  return cookie.slice(cookie.indexOf(COOKIE) + COOKIE.length);
}
