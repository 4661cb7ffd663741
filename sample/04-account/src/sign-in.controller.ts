import { Body, Controller, Get, Header, Headers, Post, Redirect, UseGuards } from '@nestjs/common';
import { SessCtx, SessionRegistry } from 'nestjs-http-session';
import type { AccountContext } from './account.session.js';
import { deviceOf } from './device.js';
import { field, type Form } from './form.js';
import { newFormToken } from './form-token.guard.js';
import { PageException } from './page.exception.js';
import { CONTENT_TYPE, signInPage } from './pages.js';
import { SameOriginGuard } from './same-origin.guard.js';
import { UsersService } from './users.service.js';

@Controller('sign-in')
export class SignInController {
  constructor(
    private readonly users: UsersService,
    private readonly registry: SessionRegistry,
  ) {}

  @Get()
  @Header(...CONTENT_TYPE)
  show(): string {
    return signInPage();
  }

  @Post()
  @UseGuards(SameOriginGuard)
  @Redirect('/sessions', 303)
  async signIn(
    @SessCtx() sessions: AccountContext,
    @Body() form: Form | undefined,
    @Headers('user-agent') userAgent = '',
  ): Promise<void> {
    const user = await this.users.authenticate(field(form, 'userName'), field(form, 'password'));
    if (!user) throw new PageException(401, signInPage('Wrong user name or password.'));
    // The way out for who has reached the limit: see `AccountFilter`.
    if (field(form, 'elsewhere') === 'end') await this.registry.revokeAll(user.name);
    await sessions.add({
      principal: user.name,
      labels: { device: deviceOf(userAgent) },
      constAttrs: { userName: user.name, formToken: newFormToken() },
    });
  }
}
