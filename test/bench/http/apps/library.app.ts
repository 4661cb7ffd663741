/** This library, with its defaults; only the cookie may go over http, as in the other contenders. */
import { Controller, type DynamicModule, Get, Query } from '@nestjs/common';
import {
  Sess,
  SessAttr,
  SessCtx,
  Session,
  SessionContext,
  SessionModule,
  type SessionStore,
} from 'nestjs-http-session';
import type { Size } from '../contender.js';
import { fillerOf, USER_NAME } from './session.content.js';

@Controller()
class LibraryController {
  @Get('none')
  none() {
    return { ok: true };
  }

  @Get('read')
  read(@SessAttr('count') count: number) {
    return { count };
  }

  @Get('change')
  change(@Sess() session: Session) {
    const count: number = session.attr('count') + 1;
    session.setAttr('count', count);
    return { count };
  }

  @Get('login')
  async login(@SessCtx() sessions: SessionContext, @Query('size') size: string) {
    await sessions.add({ constAttrs: { userName: USER_NAME }, attrs: { count: 0, ...fillerOf(Number(size) as Size) } });
    return { ok: true };
  }
}

export function libraryModule(store: SessionStore): DynamicModule {
  return {
    module: class LibraryModule {},
    imports: [SessionModule.forRoot({ store, cookie: { allowHttp: true } })],
    controllers: [LibraryController],
  };
}
