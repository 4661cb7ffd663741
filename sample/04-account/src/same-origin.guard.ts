/**
 * The sign-in form needs a proof too, and there is no session yet that could hold a token: another site could sign its visitors in
 * to an account of its own, and read there what they leave. So the browser is asked where the form comes from.
 */
import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';

/** Lets no form of another site in. */
@Injectable()
export class SameOriginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: IncomingHttpHeaders }>();
    if (isSameOrigin(headers)) return true;
    throw new ForbiddenException('This form comes from another site.');
  }
}

/**
 * Scripts can't set these headers. Browsers send `Sec-Fetch-Site` to https and to localhost, with `none` when it was the user, and no
 * site, who asked. Those that don't, send `Origin` with every form that another site posts. Who sends neither is no browser, and
 * has no user to be misled.
 */
function isSameOrigin({ 'sec-fetch-site': site, origin, host }: IncomingHttpHeaders): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  return origin === undefined || hostOf(origin) === host;
}

/** `undefined` for the origin `null`, of a page that must not tell. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
