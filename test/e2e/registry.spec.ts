/** `SessionRegistry` in an application: injected, by name, and its events; limits and renewal as a client meets them. */
import { Controller, Get, HttpCode, Injectable, Param, Post, Res } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  type EmittedSessionEvent,
  HttpSessionManager,
  InjectSessionRegistry,
  Sess,
  Session,
  type SessionInfo,
  SessionManager,
  SessionModule,
  SessionRegistry,
} from 'nestjs-http-session';
import { TestClock } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp } from './harness.js';

@Controller('sessions')
class SessionsController {
  constructor(private readonly registry: SessionRegistry) {}

  @Get()
  list(@Sess() sess: Session): Promise<SessionInfo[]> {
    return this.registry.sessionsOf(sess.principal ?? '', sess);
  }

  @Post('end/:handle')
  @HttpCode(200)
  async end(@Param('handle') handle: string, @Sess() sess: Session): Promise<object> {
    return { ended: await this.registry.revoke(sess.principal ?? '', handle) };
  }

  @Post('end-others')
  @HttpCode(200)
  async endOthers(@Sess() sess: Session): Promise<object> {
    return { ended: await this.registry.revokeOthers(sess) };
  }

  @Post('end-all')
  @HttpCode(200)
  async endAll(@Sess() sess: Session): Promise<object> {
    return { ended: await this.registry.revokeAll(sess.principal ?? '') };
  }
}

const controllers = [BasicsController, SessionsController];
const login = (device: string) => ({ body: { principal: 'ann', labels: { device } } });

describe.each(PLATFORMS)('SessionRegistry on %s', (platform) => {
  it('lists and ends the sessions of several clients', async () => {
    const app = await startApp(platform, { controllers });
    const [laptop, phone, tablet] = [app.client(), app.client(), app.client()];
    await laptop.post('/login', login('laptop'));
    await phone.post('/login', login('phone'));
    await tablet.post('/login', login('tablet'));
    const sessions = (await phone.get('/sessions')).json() as { handle: string; isCurrent: boolean; labels: object }[];
    expect(sessions.map(({ isCurrent, labels }) => [isCurrent, labels])).toEqual(
      expect.arrayContaining([
        [false, { device: 'laptop' }],
        [true, { device: 'phone' }],
        [false, { device: 'tablet' }],
      ]),
    );
    const other = sessions.find(({ isCurrent }) => !isCurrent)?.handle ?? '';
    expect((await phone.post(`/sessions/end/${other}`)).json()).toEqual({ ended: true });
    expect((await phone.post('/sessions/end-others')).json()).toEqual({ ended: 1 });
    for (const client of [laptop, tablet]) expect((await client.get('/attrs')).json()).toEqual({ attrs: null });
    expect((await phone.get('/attrs')).json()).toEqual({ attrs: {} });
    expect((await phone.post('/sessions/end-all')).json()).toEqual({ ended: 1 });
    expect((await phone.get('/attrs')).json()).toEqual({ attrs: null });
  });

  it('answers 409 to one login too many', async () => {
    const app = await startApp(platform, { controllers, session: { maxPerPrincipal: 1 } });
    await app.client().post('/login', login('laptop'));
    const refused = await app.client().post('/login', login('phone'));
    expect([refused.status, refused.setCookies]).toEqual([409, []]);
  });

  it('renews ids with the response of a route that uses the session, and of no other', async () => {
    const clock = new TestClock();
    const session = { clock: clock.now, renewInterval: '10m', timeout: '1h' } as const;
    const app = await startApp(platform, { controllers, session });
    const client = app.client();
    await client.post('/login', login('laptop'));
    clock.advance('10m');
    const before = client.copy();
    expect((await client.get('/ping')).setCookies).toEqual([]);
    expect((await client.get('/attrs')).setCookies).toHaveLength(1);
    expect(client.cookieHeader).not.toBe(before.cookieHeader);
    expect((await client.get('/attrs')).setCookies).toEqual([]);
    const lost = await before.get('/attrs');
    expect([lost.json(), before.cookieHeader]).toEqual([{ attrs: {} }, client.cookieHeader]);
    expect(lost.headers['cache-control']).toBe('no-cache="Set-Cookie"');
  });
});

@Injectable()
class Audit {
  readonly heard: EmittedSessionEvent[] = [];

  @OnEvent('session.*')
  hear(event: EmittedSessionEvent): void {
    this.heard.push(event);
    throw new Error('a listener that fails');
  }
}

@Controller()
class AnswersController {
  /** Answers a little later than it is done. */
  @Get('answers-itself')
  answersItself(@Sess() sess: Session, @Res() response: { send(body: string): unknown }): void {
    setTimeout(() => response.send(sess.handle), 5);
  }

  @Get('web-response')
  webResponse(@Sess() _sess: Session): Response {
    return new Response('hi', { headers: { 'cache-control': 'public, max-age=3600' } });
  }
}

describe.each(PLATFORMS)('A renewal on %s', (platform) => {
  async function returning(path: string) {
    const clock = new TestClock();
    const session = { clock: clock.now, renewInterval: '10m', timeout: '1h' } as const;
    const app = await startApp(platform, { controllers: [...controllers, AnswersController], session });
    const client = app.client();
    await client.post('/login', login('laptop'));
    clock.advance('10m');
    const answer = await client.get(path);
    clock.advance('1m');
    return { answer, later: await client.get('/attrs') };
  }

  it('never loses a client whose handler answers by itself', async () => {
    expect((await returning('/answers-itself')).later.json()).toEqual({ attrs: {} });
  });

  it('lets no cache keep the cookie that goes out with a web Response', async () => {
    const { answer, later } = await returning('/web-response');
    expect(answer.setCookies).toHaveLength(1);
    expect(answer.headers['cache-control']).toContain('no-cache="Set-Cookie"');
    expect(later.json()).toEqual({ attrs: {} });
  });
});

describe('events', () => {
  it('reach the emitter when a test stands in for the registry', async () => {
    const app = await startApp('Express', {
      imports: [EventEmitterModule.forRoot({ wildcard: true })],
      controllers: [BasicsController],
      providers: [Audit],
      override: (builder) => builder.overrideProvider(SessionRegistry).useValue({ sessionsOf: () => [] }),
    });
    await app.client().post('/login');
    expect(app.app.get(Audit).heard).toHaveLength(1);
  });

  it('reach listeners of @nestjs/event-emitter, with the session’s name, and who throws harms nobody', async () => {
    const app = await startApp('Fastify', {
      imports: [
        EventEmitterModule.forRoot({ wildcard: true }),
        SessionModule.forRoot({ name: 'admin', logger: false }),
      ],
      controllers,
      providers: [Audit],
    });
    const client = app.client();
    await client.post('/login', login('laptop'));
    await client.post('/logout');
    const { heard } = app.app.get(Audit);
    const session = { session: 'default', principal: 'ann', handle: expect.any(String) as string };
    expect(heard).toEqual([
      { type: 'added', ...session },
      { type: 'removed', reason: 'logout', ...session },
    ]);
  });

  it('are told by the registry of an application without it', async () => {
    const app = await startApp('Express', { controllers });
    const heard: string[] = [];
    app.app.get(SessionRegistry).events.subscribe(({ type }) => heard.push(type));
    await app.client().post('/login');
    expect(heard).toEqual(['added']);
  });
});

describe('the registry of a named session', () => {
  it('is injected by name, and knows that session’s', async () => {
    @Injectable()
    class Admins {
      constructor(@InjectSessionRegistry('admin') readonly registry: SessionRegistry) {}
    }
    const app = await startApp('Express', {
      imports: [SessionModule.forRoot({ name: 'admin', logger: false })],
      controllers,
      providers: [Admins],
    });
    await app.client().post('/login', login('laptop'));
    expect(await app.app.get(SessionRegistry).sessionsOf('ann')).toHaveLength(1);
    expect(await app.app.get(Admins).registry.sessionsOf('ann')).toEqual([]);
  });

  it('is there for a HttpSessionManager that was made elsewhere', async () => {
    const manager = new HttpSessionManager({ logger: false });
    const app = await startApp('Express', { controllers, session: { manager } });
    await app.client().post('/login', login('laptop'));
    expect(await app.app.get(SessionRegistry).sessionsOf('ann')).toHaveLength(1);
    expect(app.app.get(SessionManager)).toBe(manager);
  });
});
