/** `@RequireFresh`: routes that need a user who was authenticated lately. */
import { Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AllowAnonymous, RequireFresh, SessionContext, SessCtx, SessionGuard } from 'nestjs-http-session';
import { TestClock } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp } from './harness.js';

const NOT_FRESH = {
  statusCode: 401,
  message: 'Authenticate again to go on',
  error: 'Unauthorized',
  code: 'SESSION_NOT_FRESH',
};

@Controller('settings')
class SettingsController {
  @Get('mail')
  @UseGuards(SessionGuard)
  @RequireFresh('5m')
  mail(): string {
    return 'in';
  }

  /** No other guard. */
  @Get('keys')
  @RequireFresh('5m')
  keys(): string {
    return 'in';
  }

  @Get('open')
  @AllowAnonymous()
  @RequireFresh('5m')
  open(): string {
    return 'in';
  }

  @Post('confirm')
  @HttpCode(204)
  @UseGuards(SessionGuard)
  async confirm(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.reauthenticated();
  }
}

@Controller('vault')
@RequireFresh('10m')
class VaultController {
  @Get()
  vault(): string {
    return 'in';
  }

  @Get('inner')
  @RequireFresh('1m')
  inner(): string {
    return 'in';
  }
}

const controllers = [BasicsController, SettingsController, VaultController];

describe.each(PLATFORMS)('@RequireFresh on %s', (platform) => {
  it.each(['mail', 'keys', 'open'])('lets in for five minutes after the login: %s', async (path) => {
    const clock = new TestClock();
    const app = await startApp(platform, { controllers, session: { clock: clock.now } });
    const client = app.client();
    const nobody = await client.get(`/settings/${path}`);
    expect([nobody.status, nobody.json()]).toEqual([401, { statusCode: 401, message: 'Unauthorized' }]);
    await client.post('/login');
    clock.advance('5m');
    expect((await client.get(`/settings/${path}`)).text).toBe('in');
    clock.advance(1);
    const late = await client.get(`/settings/${path}`);
    expect([late.status, late.json()]).toEqual([401, NOT_FRESH]);
  });

  it('lets in again after a re-authentication, which gives the session another id', async () => {
    const clock = new TestClock();
    const app = await startApp(platform, { controllers, session: { clock: clock.now } });
    const client = app.client();
    await client.post('/login');
    clock.advance('6m');
    const thief = client.copy();
    expect((await client.post('/settings/confirm')).setCookies).toHaveLength(1);
    expect((await client.get('/settings/mail')).text).toBe('in');
    expect((await thief.get('/attrs')).json()).toEqual({ attrs: null });
  });

  it('does not take a rotation for one', async () => {
    const clock = new TestClock();
    const app = await startApp(platform, { controllers, session: { clock: clock.now } });
    const client = app.client();
    await client.post('/login');
    clock.advance('6m');
    await client.post('/rotate');
    expect((await client.get('/settings/mail')).status).toBe(401);
  });

  it('on a class is for all its routes, and on a method for that as well', async () => {
    const clock = new TestClock();
    const app = await startApp(platform, { controllers, session: { clock: clock.now } });
    const client = app.client();
    await client.post('/login');
    clock.advance('1m');
    expect([(await client.get('/vault')).status, (await client.get('/vault/inner')).status]).toEqual([200, 200]);
    clock.advance('1m');
    expect([(await client.get('/vault')).status, (await client.get('/vault/inner')).status]).toEqual([200, 401]);
    clock.advance('9m');
    expect([(await client.get('/vault')).status, (await client.get('/vault/inner')).status]).toEqual([401, 401]);
  });

  it('goes with an APP_GUARD', async () => {
    const clock = new TestClock();
    const app = await startApp(platform, {
      controllers: [BasicsController, SettingsController],
      providers: [{ provide: APP_GUARD, useValue: SessionGuard.where(() => true) }],
      session: { clock: clock.now },
    });
    expect((await app.client().get('/settings/keys')).status).toBe(401);
  });
});

it('@RequireFresh refuses what is no span of time', () => {
  expect(() => RequireFresh('soon' as '1s')).toThrow('"RequireFresh"');
});

it('ctx.reauthenticated() needs a session', async () => {
  const app = await startApp('Express', {
    controllers: [
      (() => {
        @Controller()
        class Unguarded {
          @Post('confirm')
          async confirm(@SessCtx() ctx: SessionContext): Promise<void> {
            await ctx.reauthenticated();
          }
        }
        return Unguarded;
      })(),
    ],
  });
  expect((await app.client().post('/confirm')).status).toBe(401);
});
