/** express-session or @fastify/session: what they add to a request is alike, so the routes are the same. */
import { Controller, Get, Module, Query, Req } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifySessionOptions } from '@fastify/session';
import type session from 'express-session';
import type { Size } from '../contender.js';
import { fillerOf, USER_NAME } from './session.content.js';

interface PeerRequest {
  readonly session: Record<string, unknown> & { count: number };
}

const SECRET = 'a secret of thirty-two characters or more';
const MAX_AGE_MS = 30 * 60_000;

@Controller()
class PeerController {
  @Get('none')
  none() {
    return { ok: true };
  }

  @Get('read')
  read(@Req() request: PeerRequest) {
    return { count: request.session.count };
  }

  @Get('change')
  change(@Req() request: PeerRequest) {
    request.session.count++;
    return { count: request.session.count };
  }

  @Get('login')
  login(@Req() request: PeerRequest, @Query('size') size: string) {
    Object.assign(request.session, { userName: USER_NAME, count: 0, ...fillerOf(Number(size) as Size) });
    return { ok: true };
  }
}

@Module({ controllers: [PeerController] })
export class PeerModule {}

/** Neither saves what nobody changed, nor keeps sessions with nothing in them. */
export async function useExpressSession(app: NestExpressApplication, store: session.Store | undefined): Promise<void> {
  const { default: expressSession } = await import('express-session');
  const cookie = { maxAge: MAX_AGE_MS, httpOnly: true, sameSite: 'lax', secure: false } as const;
  const options = { secret: SECRET, resave: false, saveUninitialized: false, rolling: false, cookie };
  app.use(expressSession(store ? { ...options, store } : options));
}

/** The same. Without a `store`: its own one, in memory. */
export async function useFastifySession(app: NestFastifyApplication, store: session.Store | undefined): Promise<void> {
  const { default: fastifyCookie } = await import('@fastify/cookie');
  const { default: fastifySession } = await import('@fastify/session');
  const cookie = { maxAge: MAX_AGE_MS, httpOnly: true, sameSite: 'lax', secure: false } as const;
  await app.register(fastifyCookie);
  const options: FastifySessionOptions = { secret: SECRET, saveUninitialized: false, rolling: false, cookie };
  // It takes stores of express-session; the types of the two don't agree about the cookie's `maxAge`.
  if (store) options.store = store as unknown as NonNullable<FastifySessionOptions['store']>;
  await app.register(fastifySession, options);
}
