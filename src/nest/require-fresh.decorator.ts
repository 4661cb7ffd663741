/** Protects what a session that somebody left open, or stole, must not be enough for. */
import { HttpStatus, UnauthorizedException, UseGuards } from '@nestjs/common';
import { type Duration, toMilliseconds } from '../session/duration.js';
import type { Session } from '../session/session.js';
import { SessionGuard } from './session.guard.js';

/** The `code` in the body of the 401 that tells the two apart: no session, and one that isn't fresh. */
export const NOT_FRESH = 'SESSION_NOT_FRESH';

/**
 * A class's routes, or one route, need a user who was authenticated lately: 401 without a session, and unless the session was added,
 * or `reauthenticated` was called, within that time (ASVS 7.5.1, NIST SP 800-63B 5.2). Then the body has the `code`
 * `'SESSION_NOT_FRESH'`: ask for the password, and call `ctx.reauthenticated()`. Neither `rotate` nor `renewInterval` make a
 * session fresh.
 *
 * It is a `SessionGuard` itself: none is needed beside it, and `@AllowAnonymous()` opens no such route.
 *
 * @throws SessionError `INVALID_OPTION`
 */
export function RequireFresh(within: Duration): ClassDecorator & MethodDecorator {
  return UseGuards(new FreshGuard(toMilliseconds('RequireFresh', within)));
}

class FreshGuard extends SessionGuard {
  readonly #within: number;

  constructor(within: number) {
    super();
    this.#within = within;
  }

  protected override allowsAnonymous(): boolean {
    return false;
  }

  protected override accepts(session: Session): boolean {
    if (session.isFresh(this.#within)) return true;
    throw new UnauthorizedException({
      statusCode: HttpStatus.UNAUTHORIZED,
      message: 'Authenticate again to go on',
      error: 'Unauthorized',
      code: NOT_FRESH,
    });
  }
}
