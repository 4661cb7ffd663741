/** Where the interceptor runs, and where Fastify's hooks do its work: no route pays for both. */
import { Controller, Get, type INestApplication, Module, Res, Scope, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { MemoryStore, Sess, type Session, SessionInterceptor, SessionModule, UseSession } from 'nestjs-http-session';
import { createTestSession, ObservedStore } from 'nestjs-http-session/testing';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AnyResponse } from './harness.js';

@Controller()
class ChangingController {
  @Get('value')
  value(@Sess() sess: Session): string {
    sess.setAttr('seen', 'value');
    return 'done';
  }

  @Get('own')
  own(@Sess() sess: Session, @Res() response: AnyResponse): void {
    sess.setAttr('seen', 'own');
    response.send('done');
  }
}

/** Attached to the class. */
@Controller('named')
@UseSession()
class NamedController {
  @Get('own')
  own(@Sess() sess: Session, @Res() response: AnyResponse): void {
    sess.setAttr('seen', 'own');
    response.send('done');
  }
}

const store = new ObservedStore(new MemoryStore());

@Module({ imports: [SessionModule.forRoot({ store })], controllers: [ChangingController, NamedController] })
class AppModule {}

const ADAPTERS = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() } as const;
type Platform = keyof typeof ADAPTERS;

const WAYS = {
  'by NestFactory': (module: Type, platform: Platform) =>
    NestFactory.create(module, ADAPTERS[platform](), { logger: false }),
  'by a testing module': async (module: Type, platform: Platform) => {
    const testing = await Test.createTestingModule({ imports: [module] }).compile();
    return testing.createNestApplication(ADAPTERS[platform](), { logger: false });
  },
} as const;

async function seenAt(app: INestApplication, path: string): Promise<unknown> {
  const { session, headers } = await createTestSession(app);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  expect(await response.text()).toBe('done');
  await session.runExclusive(() => undefined);
  return session.attr('seen');
}

/** What a module waits for while others are instantiated. */
const SLOW = { provide: 'slow', useFactory: () => setTimeout(20, 'slow') };

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get('value')
  value(@Sess() sess: Session): string {
    sess.setAttr('seen', 'value');
    return 'done';
  }
}

@Module({ controllers: [ChangingController, ScopedController], providers: [SLOW] })
class SlowModule {}

@Module({ imports: [SessionModule.forRoot({ store }), SlowModule] })
class SlowAppModule {}

describe.each(Object.entries(WAYS))('An application made %s', (_, create) => {
  it.each<[Platform, path: string, runs: number]>([
    ['Express', '/value', 1],
    ['Express', '/own', 1],
    ['Fastify', '/value', 0],
    ['Fastify', '/own', 1],
    ['Fastify', '/named/own', 1],
  ])('on %s: at %s the interceptor runs %i times, and what was changed is committed', async (platform, path, runs) => {
    const app = await create(AppModule, platform);
    onTestFinished(() => app.close());
    await app.listen(0);
    const intercept = vi.spyOn(SessionInterceptor.prototype, 'intercept');
    expect(await seenAt(app, path)).toBe(path.split('/').at(-1));
    expect(intercept).toHaveBeenCalledTimes(runs);
  });

  it.each(['/value', '/own', '/scoped/value'])(
    'on Fastify, with providers that take a while, commits at %s',
    async (path) => {
      const app = await create(SlowAppModule, 'Fastify');
      onTestFinished(() => app.close());
      await app.listen(0);
      expect(await seenAt(app, path)).toBe(path.split('/').at(-1));
    },
  );

  it('shares its controllers with one on the other platform', async () => {
    const express = await create(AppModule, 'Express');
    const fastify = await create(AppModule, 'Fastify');
    for (const app of [fastify, express]) {
      onTestFinished(() => app.close());
      await app.listen(0);
    }
    const intercept = vi.spyOn(SessionInterceptor.prototype, 'intercept');
    expect(await seenAt(express, '/value')).toBe('value');
    expect(await seenAt(fastify, '/value')).toBe('value');
    expect(intercept).toHaveBeenCalledTimes(1);
  });
});
