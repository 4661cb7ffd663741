/** What every test needs a session for: getting one, looking at it, losing it. */
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Sess, Session, SessionContext, SessCtx } from 'nestjs-http-session';

@Controller()
export class BasicsController {
  /** The body: what the session is created with. */
  @Post('login')
  @HttpCode(204)
  async login(@SessCtx() ctx: SessionContext, @Body() options: object | undefined): Promise<void> {
    await ctx.add({ ...options });
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.remove();
  }

  @Post('rotate')
  @HttpCode(204)
  async rotate(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.rotate();
  }

  /** The variable attributes, `null` without a session. */
  @Get('attrs')
  attrs(@Sess() sess?: Session): object {
    return { attrs: sess?.attrs() ?? null };
  }

  /** Uses no session. */
  @Get('ping')
  ping(): string {
    return 'pong';
  }
}
