import { Controller, Get, Post } from '@nestjs/common';
import { Sess, SessAttr, SessCtx, Session, SessionContext } from 'nestjs-http-session';

/** Stands beside every example: those without a login of their own have one by it. */
@Controller('probe')
export class ProbeController {
  @Post()
  async login(@SessCtx() sessions: SessionContext): Promise<void> {
    await sessions.add({});
  }

  @Post('logout')
  async logout(@SessCtx() sessions: SessionContext): Promise<void> {
    await sessions.remove();
  }

  @Get()
  isLoggedIn(@Sess() session?: Session): boolean {
    return session !== undefined;
  }

  @Get('attributes')
  attributes(@SessAttr() attributes?: object): string[] {
    return Object.keys(attributes ?? {});
  }
}
