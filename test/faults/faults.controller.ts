/** An application that uses its session in every way. */
import { Controller, Get, HttpCode, Injectable, Param, ParseIntPipe, Post, UseGuards } from '@nestjs/common';
import { Sess, SessCtx, Session, SessionContext, SessionGuard } from 'nestjs-http-session';
import type { Barrier } from '../support/barrier.js';

type Numbers = Record<string, number>;

/** Where handlers wait, with the session loaded, if a test has put a barrier there. */
@Injectable()
export class Crossing {
  barrier: Barrier | undefined;

  async cross(): Promise<void> {
    await this.barrier?.pass();
  }
}

@Controller()
export class FaultsController {
  readonly #crossing: Crossing;

  constructor(crossing: Crossing) {
    this.#crossing = crossing;
  }

  @Post('login')
  @HttpCode(204)
  async login(@SessCtx() ctx: SessionContext): Promise<void> {
    await this.#crossing.cross();
    await ctx.add({ attrs: { count: 0 } });
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@SessCtx() ctx: SessionContext): Promise<void> {
    await this.#crossing.cross();
    await ctx.remove();
  }

  @Post('rotate')
  @HttpCode(204)
  @UseGuards(SessionGuard)
  async rotate(@SessCtx() ctx: SessionContext): Promise<void> {
    await this.#crossing.cross();
    await ctx.rotate();
  }

  @Get('read')
  @UseGuards(SessionGuard)
  read(@Sess() sess: Session): object {
    return sess.attrs();
  }

  /** For everybody: `null` without a session. */
  @Get('peek')
  peek(@Sess() sess?: Session): object {
    return { attrs: sess?.attrs() ?? null };
  }

  /** Two attributes, which are there both or not at all. */
  @Post('set/:number')
  @HttpCode(204)
  @UseGuards(SessionGuard)
  async set(@Sess() sess: Session<Numbers>, @Param('number', ParseIntPipe) number: number): Promise<void> {
    await this.#crossing.cross();
    sess.setAttr(`a${number}`, number);
    sess.setAttr(`b${number}`, number);
  }

  @Post('increment')
  @HttpCode(200)
  @UseGuards(SessionGuard)
  async increment(@Sess() sess: Session<Numbers>): Promise<object> {
    await this.#crossing.cross();
    return { count: await sess.update('count', (count = 0) => count + 1) };
  }
}
