/** What the tests' clients ask of a worker. Every request may wait at a gate, with its session loaded. */
import { Body, Controller, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { type CreateSessionOptions, Sess, SessCtx, Session, SessionContext, SessionGuard } from 'nestjs-http-session';
import { WorkerStage } from './worker.stage.js';

@Controller()
export class WorkerController {
  readonly #stage: WorkerStage;

  constructor(stage: WorkerStage) {
    this.#stage = stage;
  }

  @Post('login')
  @HttpCode(200)
  async login(
    @SessCtx() ctx: SessionContext,
    @Body() options: CreateSessionOptions,
    @Query('gate') gate?: string,
  ): Promise<void> {
    await this.#stage.pass(gate);
    await ctx.add({ ...options });
  }

  @Post('logout')
  @HttpCode(200)
  async logout(@SessCtx() ctx: SessionContext, @Query('gate') gate?: string): Promise<void> {
    await this.#stage.pass(gate);
    await ctx.remove();
  }

  @Post('rotate')
  @HttpCode(200)
  async rotate(@SessCtx() ctx: SessionContext, @Query('gate') gate?: string): Promise<void> {
    await this.#stage.pass(gate);
    await ctx.rotate();
  }

  /** Committed when the handler is done. */
  @Post('set')
  @HttpCode(200)
  @UseGuards(SessionGuard)
  async set(@Sess() sess: Session, @Body() attrs: object, @Query('gate') gate?: string): Promise<void> {
    await this.#stage.pass(gate);
    for (const [name, value] of Object.entries(attrs)) sess.setAttr(name, value);
  }

  @Post('save')
  @HttpCode(200)
  @UseGuards(SessionGuard)
  async save(@Sess() sess: Session, @Body() attrs: object, @Query('gate') gate?: string): Promise<void> {
    await this.set(sess, attrs, gate);
    await sess.save();
  }

  @Post('update/:name')
  @HttpCode(200)
  @UseGuards(SessionGuard)
  async update(@Sess() sess: Session, @Param('name') name: string, @Query('gate') gate?: string): Promise<object> {
    await this.#stage.pass(gate);
    return { next: await sess.update(name, (count: number | undefined) => (count ?? 0) + 1) };
  }

  @Post('look')
  @HttpCode(200)
  async look(@Sess() sess?: Session, @Query('gate') gate?: string): Promise<object> {
    await this.#stage.pass(gate);
    return { session: sess ? { attrs: sess.attrs(), expires: sess.expires.getTime() } : null };
  }
}
