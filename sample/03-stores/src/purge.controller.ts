import { Controller, Post, Res, UseGuards } from '@nestjs/common';
import { SessionManager } from 'nestjs-http-session';
import { PurgeGuard } from './purge.guard.js';

/** Sessions a step, and milliseconds a call: less than the scheduler waits for an answer. */
const { PURGE_BATCH = 100, PURGE_DEADLINE = 50_000 } = process.env;

/**
 * Removes expired sessions when a scheduler asks for it. Nobody is ever served an expired one: this is about space.
 */
@Controller('purge')
@UseGuards(PurgeGuard)
export class PurgeController {
  constructor(private readonly sessions: SessionManager) {}

  /** Answers 200 if nothing is left, 202 if the time was too short: then there is work for another call. */
  @Post()
  async purge(
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<{ completed: boolean; removed: number }> {
    const purged = await this.sessions.purge({ batchSize: Number(PURGE_BATCH), deadline: Number(PURGE_DEADLINE) });
    response.status(purged.completed ? 200 : 202);
    return purged;
  }
}
