/**
 * Proof that a form comes from a page of this session (CSRF): a random token in the session, which only its own pages show
 * (OWASP: synchronizer token).
 */
import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import { SessionManager } from 'nestjs-http-session';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccountConstants } from './account.session.js';
import { field, type Form } from './form.js';

/** The name of each form's hidden field. */
export const TOKEN_FIELD = 'formToken';

/** For a new session. */
export function newFormToken(): string {
  return randomBytes(18).toString('base64url');
}

/** Lets only forms of the session's own pages change something. */
@Injectable()
export class FormTokenGuard implements CanActivate {
  constructor(private readonly sessions: SessionManager) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{ method: string; body?: Form }>();
    if (request.method === 'GET' || request.method === 'HEAD') return true;
    const session = await this.sessions.get<object, AccountConstants>(request);
    if (session && isSame(field(request.body, TOKEN_FIELD), session.constAttr('formToken'))) return true;
    throw new ForbiddenException('This form is out of date. Open the page again.');
  }
}

/** In constant time: how long it takes must not tell how many characters were right. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
