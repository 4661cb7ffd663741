/** Protects routes: no session, no entry. */
import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import type { Attributes, ConstAttributes } from '../session/session.options.js';
import type { Session } from '../session/session.js';
import { allowsAnonymous } from './allow-anonymous.decorator.js';
import { scopeOf } from './session.scope.js';

/**
 * Answers 401 to requests without a session, and 503 when the store can't be asked, whatever `onStoreError` says. Routes with
 * `@AllowAnonymous()` pass, unless the guard stands nearer to the route than that. It commits nothing: what a guard changes is
 * committed with the route.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  /**
   * A guard that asks more, since having a session isn't being logged in: 401 if `accepts` says no. For another answer, such
   * as 403, throw it.
   */
  static where<A extends object = Attributes, C extends object = ConstAttributes>(
    accepts: (session: Session<A, C>) => boolean | Promise<boolean>,
  ): SessionGuard {
    return new PredicateGuard(accepts);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.allowsAnonymous(context)) return true;
    const { manager, request } = scopeOf(context);
    const session = await manager.get(request, { onStoreError: 'fail' });
    if (session && (await this.accepts(session))) return true;
    throw new UnauthorizedException();
  }

  /** Whether the request is let in without a session. */
  protected allowsAnonymous(context: ExecutionContext): boolean {
    return allowsAnonymous(context, this);
  }

  /** Whether a session lets the request in. */
  protected accepts(_session: Session): boolean | Promise<boolean> {
    return true;
  }
}

class PredicateGuard<A extends object, C extends object> extends SessionGuard {
  readonly #accepts: (session: Session<A, C>) => boolean | Promise<boolean>;

  constructor(accepts: (session: Session<A, C>) => boolean | Promise<boolean>) {
    super();
    this.#accepts = accepts;
  }

  protected override accepts(session: Session): boolean | Promise<boolean> {
    return this.#accepts(session as Session<A, C>);
  }
}
