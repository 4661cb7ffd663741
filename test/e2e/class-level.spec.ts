/** What decorators on a class mean for its routes, and what they leave alone. */
import { Controller, Get, Inject, Module, Req, type Type, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  AllowAnonymous,
  MemoryStore,
  SessionGuard,
  SessionManager,
  SessionModule,
  UseSession,
} from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { describe, expect, it } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { createApp, PLATFORMS, startApp } from './harness.js';

const IsAdmin = SessionGuard.where((sess) => sess.attr('role') === 'admin');

/** Uses the session by its manager only, in a module in which nothing else names the interceptor. */
@Controller('lonely')
@UseSession()
class LonelyController {
  constructor(@Inject(SessionManager) private readonly sessions: SessionManager) {}

  @Get()
  async change(@Req() request: object): Promise<string> {
    (await this.sessions.get(request))?.setAttr('by', 'lonely');
    return 'done';
  }
}

@Module({ controllers: [LonelyController] })
class LonelyModule {}

abstract class Listing {
  @Get('list')
  list(): string {
    return 'the list';
  }
}

@Controller('admins')
@UseSession('admin')
class AdminListing extends Listing {}

@Controller('public')
class PublicListing extends Listing {}

@Controller('staff')
@UseSession('admin')
@UseGuards(SessionGuard)
class StaffController {
  @Get('committed')
  @UseSession()
  committed(): string {
    return 'in';
  }
}

@Controller('open')
@AllowAnonymous()
class OpenController {
  @Get()
  open(): string {
    return 'open';
  }

  @Get('admin')
  @UseGuards(IsAdmin)
  admin(): string {
    return 'secret';
  }

  @Get('member')
  @UseGuards(SessionGuard)
  member(): string {
    return 'members only';
  }
}

describe.each(PLATFORMS)('On %s', (platform) => {
  it('@UseSession() on a class commits before the response, whatever else is in its module', async () => {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store },
      imports: [LonelyModule],
      controllers: [BasicsController],
    });
    const client = app.client();
    await client.post('/login');
    const held = store.hold('change');
    const wire = app.wire('/lonely', client);
    await held.reached;
    expect(wire.received).toBe('');
    held.release();
    expect(await wire.answered).toContain('done');
    expect(app.log.warnings).toEqual([]);
  });

  it('@UseSession() on a class is not for a sister that inherits the same method', async () => {
    const app = await startApp(platform, {
      session: false,
      imports: [SessionModule.forRoot({ name: 'admin', logger: false })],
      controllers: [AdminListing, PublicListing],
    });
    expect((await app.client().get('/admins/list')).text).toBe('the list');
    expect((await app.client().get('/public/list')).text).toBe('the list');
  });

  it('@UseSession() without a name changes nothing of which session is meant', async () => {
    const app = await startApp(platform, {
      imports: [SessionModule.forRoot({ name: 'admin', logger: false })],
      controllers: [BasicsController, StaffController],
    });
    const customer = app.client();
    await customer.post('/login');
    expect((await customer.get('/staff/committed')).status).toBe(401);
  });

  it('@AllowAnonymous() on a class opens its routes, but not past a guard of their own', async () => {
    const app = await startApp(platform, {
      controllers: [BasicsController, OpenController],
      providers: [{ provide: APP_GUARD, useClass: SessionGuard }],
    });
    const anonymous = app.client();
    expect((await anonymous.get('/open')).text).toBe('open');
    expect((await anonymous.get('/open/admin')).status).toBe(401);
    expect((await anonymous.get('/open/member')).status).toBe(401);
  });

  it.each<[what: string, module: () => { imports: (Type | ReturnType<typeof SessionModule.forRoot>)[] }, told: string]>(
    [
      ['SessionModule without forRoot()', () => ({ imports: [SessionModule] }), 'SessionModule.forRoot()'],
      ['a session that no module registers', () => ({ imports: [SessionModule.forRoot()] }), 'AdminListing.list'],
    ],
  )('%s: the application refuses to start', async (_, module, told) => {
    const start = async () => {
      const app = await createApp(platform, { session: false, ...module(), controllers: [AdminListing] });
      await app.init();
    };
    await expect(start()).rejects.toThrow(
      expect.objectContaining({ code: 'MODULE_MISSING', message: expect.stringContaining(told) }),
    );
  });
});
