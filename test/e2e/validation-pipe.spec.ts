/** Pipes: a global `ValidationPipe` leaves sessions alone, and the decorators take pipes of their own. */
import {
  BadRequestException,
  Body,
  Controller,
  DefaultValuePipe,
  Get,
  HttpCode,
  ParseIntPipe,
  Post,
  ValidationPipe,
} from '@nestjs/common';
import { IsString } from 'class-validator';
import { Sess, SessAttr, SessConstAttr, SessCtx, Session, SessionContext } from 'nestjs-http-session';
import { describe, expect, it } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp } from './harness.js';

class Profile {
  @IsString()
  name = '';
}

class Nicely {
  transform(value: unknown): string {
    return `nicely ${String(value)}`;
  }
}

class Refusing {
  transform(): never {
    throw new BadRequestException();
  }
}

@Controller('piped')
class PipedController {
  @Get('types')
  types(
    @Sess() sess: Session,
    @SessCtx() ctx: SessionContext,
    @SessAttr() attrs: Profile,
    @SessAttr('profile') profile: Profile,
    @SessConstAttr() constants: Profile,
  ): object {
    return {
      sess: sess instanceof Session ? 'a session' : typeof sess,
      ctx: ctx instanceof SessionContext && ctx.session === sess,
      attrs: attrs ?? 'undefined',
      profile: profile ?? 'undefined',
      constants: constants ?? 'undefined',
    };
  }

  @Post('body')
  @HttpCode(200)
  body(@Body() profile: Profile, @Sess() sess?: Session): string {
    sess?.setAttr('profile', { name: profile.name });
    return profile.name;
  }

  @Get('count')
  count(@SessAttr('count', new DefaultValuePipe(0), ParseIntPipe) count: number): object {
    return { count };
  }

  @Get('name')
  name(@SessConstAttr('userName', new Nicely()) userName: string): string {
    return userName;
  }

  @Get('refused')
  refused(@SessAttr('count', Refusing) count: number): number {
    return count;
  }
}

describe.each(PLATFORMS)('Pipes on %s', (platform) => {
  async function start() {
    const app = await startApp(platform, {
      controllers: [BasicsController, PipedController],
      prepare: (nest) =>
        nest.useGlobalPipes(new ValidationPipe({ transform: true, validateCustomDecorators: true, whitelist: true })),
    });
    return app.client();
  }

  it('with a ValidationPipe for custom decorators, no session stays undefined', async () => {
    const client = await start();
    expect((await client.get('/piped/types')).json()).toEqual({
      sess: 'undefined',
      ctx: true,
      attrs: 'undefined',
      profile: 'undefined',
      constants: 'undefined',
    });
  });

  it('… and a session stays what it is', async () => {
    const client = await start();
    const attrs = { profile: { name: 17 } };
    await client.post('/login', { body: { attrs, constAttrs: { userName: 'ann' } } });
    expect((await client.get('/piped/types')).json()).toEqual({
      sess: 'a session',
      ctx: true,
      attrs,
      profile: { name: 17 },
      constants: { userName: 'ann' },
    });
  });

  it('the pipe goes on validating what comes from the client', async () => {
    const client = await start();
    expect((await client.post('/piped/body', { body: { name: 17 } })).status).toBe(400);
    expect((await client.post('/piped/body', { body: { name: 'ann', more: 1 } })).text).toBe('ann');
  });

  it('attributes go through the pipes that the decorators are given', async () => {
    const client = await start();
    expect((await client.get('/piped/count')).json()).toEqual({ count: 0 });
    await client.post('/login', { body: { attrs: { count: '17' }, constAttrs: { userName: 'ann' } } });
    expect((await client.get('/piped/count')).json()).toEqual({ count: 17 });
    expect((await client.get('/piped/name')).text).toBe('nicely ann');
    expect((await client.get('/piped/refused')).status).toBe(400);
  });
});
