import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  NotFoundException,
  UnauthorizedException,
} from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Lets in who knows PURGE_SECRET. Without that variable the route isn't there. */
@Injectable()
export class PurgeGuard implements CanActivate {
  readonly #secret = process.env['PURGE_SECRET'];

  canActivate(context: ExecutionContext): boolean {
    if (!this.#secret) throw new NotFoundException();
    const { authorization = '' } = context.switchToHttp().getRequest<IncomingMessage>().headers;
    // In constant time, and of digests, which are of one length: how long it takes tells nothing about the secret.
    if (timingSafeEqual(digest(authorization), digest(`Bearer ${this.#secret}`))) return true;
    throw new UnauthorizedException();
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
