/** Nest without sessions: the same routes and answers. */
import { Controller, Get, Module } from '@nestjs/common';

@Controller()
class BareController {
  @Get('none')
  none() {
    return { ok: true };
  }

  @Get('read')
  read() {
    return { count: 0 };
  }

  @Get('login')
  login() {
    return { ok: true };
  }
}

@Module({ controllers: [BareController] })
export class BareModule {}
