import { Controller, Get, type INestApplication, Post, type Type, UseGuards } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  CookieTransport,
  createSession,
  HeaderTransport,
  Sess,
  SessAttr,
  SessConstAttr,
  type Session,
  SessionGuard,
  SessionModule,
  type SessionModuleOptions,
  UseSession,
} from 'nestjs-http-session';
import { createTestSession } from 'nestjs-http-session/testing';
import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';

interface Visits {
  count: number;
}

interface User {
  userName: string;
}

@Controller('visits')
@UseGuards(SessionGuard)
class VisitsController {
  @Get()
  read(@SessConstAttr('userName') userName: string, @SessAttr('count') count: number) {
    return { userName, count };
  }

  @Post()
  visit(@Sess() sess: Session<Visits, User>) {
    sess.setAttr('count', (sess.attr('count') ?? 0) + 1);
    return { count: sess.attr('count') };
  }
}

@Controller('admin')
@UseSession('admin')
@UseGuards(SessionGuard)
class AdminController {
  @Get()
  read(@SessConstAttr('userName') userName: string) {
    return { userName };
  }
}

const PLATFORMS = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(PLATFORMS)('createTestSession on %s', (platform, createAdapter) => {
  let app: INestApplication;

  afterEach(() => app.close());

  async function start(controllers: Type[], ...sessions: (SessionModuleOptions & { name?: string })[]): Promise<void> {
    const imports = sessions.map((options) => SessionModule.forRoot({ logger: false, ...options }));
    const builder = Test.createTestingModule({ imports, controllers });
    app = (await builder.compile()).createNestApplication(createAdapter(), { logger: false });
    await app.init();
    if (platform === 'Fastify') await app.getHttpAdapter().getInstance().ready();
  }

  it('gives a session that requests have, by its cookie', async () => {
    await start([VisitsController], {});
    const server = app.getHttpServer();
    await request(server).get('/visits').expect(401);
    const { cookie } = await createTestSession<Visits, User>(app, {
      attrs: { count: 2 },
      constAttrs: { userName: 'a' },
    });
    expect(cookie).toMatch(/^__Host-sessid=[\w.-]+$/);
    await request(server).get('/visits').set('Cookie', cookie).expect(200, { userName: 'a', count: 2 });
    await request(server).post('/visits').set('Cookie', cookie).expect(201, { count: 3 });
    await request(server).get('/visits').set('Cookie', cookie).expect(200, { userName: 'a', count: 3 });
  });

  it('gives the headers that present the session', async () => {
    await start([VisitsController], { cookie: { name: 'sid', secrets: ['signs'] } });
    const { headers, cookie } = await createTestSession(app, { constAttrs: { userName: 'a' } });
    expect(headers).toEqual({ cookie });
    await request(app.getHttpServer()).get('/visits').set(headers).expect(200);
  });

  it('takes a session that is made already, and goes on with it', async () => {
    await start([VisitsController], {});
    const made = createSession<Visits, User>({ constAttrs: { userName: 'b' } });
    const { session, cookie } = await createTestSession(app, made);
    expect(session).toBe(made);
    await session.update('count', () => 7);
    await request(app.getHttpServer()).get('/visits').set('Cookie', cookie).expect(200, { userName: 'b', count: 7 });
  });

  it('gives a session without anything in it by default', async () => {
    await start([VisitsController], {});
    const { session, cookie } = await createTestSession(app);
    expect(session.attrs()).toEqual({});
    await request(app.getHttpServer()).post('/visits').set('Cookie', cookie).expect(201, { count: 1 });
  });

  it('gives sessions that have nothing to do with each other', async () => {
    await start([VisitsController], {});
    const one = await createTestSession(app, { constAttrs: { userName: 'one' } });
    const two = await createTestSession(app, { constAttrs: { userName: 'two' } });
    for (const { cookie, session } of [one, two]) {
      await request(app.getHttpServer()).get('/visits').set('Cookie', cookie).expect(200, session.constAttrs());
    }
  });

  it('gives a named session, which is none of the default name', async () => {
    await start([VisitsController, AdminController], {}, { name: 'admin' });
    const server = app.getHttpServer();
    const { cookie } = await createTestSession(app, { constAttrs: { userName: 'root' } }, 'admin');
    expect(cookie).toMatch(/^__Host-sessid-admin=/);
    await request(server).get('/admin').set('Cookie', cookie).expect(200, { userName: 'root' });
    await request(server).get('/visits').set('Cookie', cookie).expect(401);
    const visitor = await createTestSession(app);
    await request(server).get('/admin').set('Cookie', visitor.cookie).expect(401);
  });

  it('gives the request header where the id travels in one', async () => {
    await start([VisitsController], { transport: new HeaderTransport() });
    const { headers, cookie, session } = await createTestSession(app, { constAttrs: { userName: 'a' } });
    expect([headers, cookie]).toEqual([{ 'x-auth-token': session.id }, '']);
    await request(app.getHttpServer()).get('/visits').set(headers).expect(200);
  });

  it('gives the request header with its scheme', async () => {
    await start([VisitsController], { transport: new HeaderTransport({ header: 'Authorization', scheme: 'Bearer' }) });
    const { headers, session } = await createTestSession(app, { constAttrs: { userName: 'a' } });
    expect(headers).toEqual({ authorization: `Bearer ${session.id}` });
    await request(app.getHttpServer()).get('/visits').set(headers).expect(200);
  });

  it('gives what a client without an id is told by, where there are several ways', async () => {
    await start([VisitsController], { transport: [new CookieTransport(), new HeaderTransport()] });
    const { headers, cookie } = await createTestSession(app);
    expect(headers).toEqual({ cookie });
    await request(app.getHttpServer()).post('/visits').set(headers).expect(201);
  });

  if (platform === 'Fastify') {
    it('gives headers that fit app.inject', async () => {
      await start([VisitsController], {});
      const { headers } = await createTestSession(app, { constAttrs: { userName: 'a' }, attrs: { count: 1 } });
      const response = await (app as NestFastifyApplication).inject({ method: 'GET', url: '/visits', headers });
      expect([response.statusCode, response.json()]).toEqual([200, { userName: 'a', count: 1 }]);
    });
  }
});
