/** What behaves differently from express-session and @fastify/session: the same things done there and here, in one application. */
import fastifyCookie from '@fastify/cookie';
import fastifySession, { type FastifySessionOptions } from '@fastify/session';
import { Body, Controller, Get, type INestApplication, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import expressSession from 'express-session';
import { Sess, SessCtx, type Session, type SessionContext } from 'nestjs-http-session';
import { describe, expect, it } from 'vitest';
import { Meeting } from '../support/barrier.js';
import { type Client, type Platform, PLATFORMS, startApp } from './harness.js';

interface OldRequest {
  readonly session: Record<string, unknown>;
}

let meeting = new Meeting(1);
let leaving = new Meeting(1);

@Controller('there')
class ThereController {
  @Post('login')
  login(@Req() { session }: OldRequest): void {
    session['since'] = new Date(0);
  }

  @Post('set')
  async set(@Req() { session }: OldRequest, @Body('name') name: string): Promise<void> {
    await meeting.join();
    session[name] = 1;
    await leaving.join();
  }

  @Get()
  get(@Req() { session }: OldRequest): object {
    return answerOf(session);
  }
}

@Controller('here')
class HereController {
  @Post('login')
  async login(@SessCtx() sessions: SessionContext): Promise<void> {
    await sessions.add({ attrs: { since: new Date(0) } });
  }

  @Post('set')
  async set(@Sess() session: Session, @Body('name') name: string): Promise<void> {
    await meeting.join();
    session.setAttr(name, 1);
    await leaving.join();
  }

  @Get()
  get(@Sess() session?: Session): object {
    return session ? answerOf(session.attrs()) : { session: false };
  }
}

function answerOf({ since, ...others }: Record<string, unknown>): object {
  const names = Object.keys(others).filter((name) => name !== 'cookie');
  return { session: true, since: since instanceof Date ? 'a Date' : typeof since, others: names };
}

/** As the guides have it. The store keeps texts, as all do that are beyond a process. */
function useOldSession(app: INestApplication, platform: Platform): void {
  const options = { secret: 'a secret of thirty-two characters or more', saveUninitialized: false };
  const store = new expressSession.MemoryStore();
  if (platform === 'Express') {
    app.use(expressSession({ ...options, store, resave: false }));
    return;
  }
  const fastify = app as NestFastifyApplication;
  void fastify.register(fastifyCookie);
  void fastify.register(fastifySession, {
    ...options,
    // They agree at runtime, their types don't about the cookie's `maxAge`.
    store: store as unknown as NonNullable<FastifySessionOptions['store']>,
    cookie: { secure: false },
  });
}

describe.each(PLATFORMS)('Beside the other library on %s', (platform) => {
  async function start(): Promise<Client> {
    meeting = new Meeting(1);
    leaving = new Meeting(1);
    const app = await startApp(platform, {
      controllers: [ThereController, HereController],
      prepare: (nest) => useOldSession(nest, platform),
    });
    return app.client();
  }

  it('a visitor has an empty session there, and none here', async () => {
    const client = await start();
    expect((await client.get('/there')).json()).toEqual({ session: true, since: 'undefined', others: [] });
    expect((await client.get('/here')).json()).toEqual({ session: false });
  });

  it('a Date is a text there, and a Date here', async () => {
    const client = await start();
    for (const place of ['/there', '/here']) await client.post(`${place}/login`);
    expect((await client.get('/there')).json()).toMatchObject({ since: 'string' });
    expect((await client.get('/here')).json()).toMatchObject({ since: 'a Date' });
  });

  it.each([
    ['/there', 1],
    ['/here', 2],
  ])('of two requests that overlap, what is set survives: %s, of %i', async (place, surviving) => {
    const client = await start();
    await client.post(`${place}/login`);
    meeting = new Meeting(2);
    leaving = new Meeting(2);
    await Promise.all(['a', 'b'].map((name) => client.post(`${place}/set`, { body: { name } })));
    const { others } = (await client.get(place)).json() as { others: string[] };
    expect(others).toHaveLength(surviving);
  });
});
