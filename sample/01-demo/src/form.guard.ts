import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import { type FormRequest, FormTokens } from './form.tokens.js';

/** Lets only forms of our own pages in. */
@Injectable()
export class FormGuard implements CanActivate {
  constructor(private readonly tokens: FormTokens) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.tokens.accepts(context.switchToHttp().getRequest<FormRequest>())) return true;
    throw new ForbiddenException('This form is out of date. Open the page again.');
  }
}
