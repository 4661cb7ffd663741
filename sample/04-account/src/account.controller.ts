import { Body, Controller, Get, Header, Post, Redirect, UseGuards } from '@nestjs/common';
import { RequireFresh, Sess, SessCtx, SessionGuard, SessionRegistry } from 'nestjs-http-session';
import type { AccountContext, AccountSession } from './account.session.js';
import { field, type Form } from './form.js';
import { FormTokenGuard } from './form-token.guard.js';
import { PageException } from './page.exception.js';
import { confirmPage, emailPage, CONTENT_TYPE, sessionsPage } from './pages.js';
import { UsersService } from './users.service.js';

@Controller()
@UseGuards(SessionGuard, FormTokenGuard)
export class AccountController {
  constructor(
    private readonly users: UsersService,
    private readonly registry: SessionRegistry,
  ) {}

  @Get()
  @Redirect('/sessions')
  home(): void {}

  @Get('sessions')
  @Header(...CONTENT_TYPE)
  async sessions(@Sess() session: AccountSession): Promise<string> {
    const { userName } = session.constAttrs();
    return sessionsPage(session.constAttrs(), await this.registry.sessionsOf(userName, session), new Date());
  }

  @Post('sessions/end')
  @Redirect('/sessions', 303)
  async end(@Sess() session: AccountSession, @Body() form: Form): Promise<void> {
    // Looked for among this user's sessions only, whatever the form names.
    await this.registry.revoke(session.constAttr('userName'), field(form, 'handle'));
  }

  @Post('sessions/end-others')
  @Redirect('/sessions', 303)
  async endOthers(@Sess() session: AccountSession): Promise<void> {
    await this.registry.revokeOthers(session);
  }

  @Post('sessions/end-all')
  @Redirect('/sign-in', 303)
  async endAll(@SessCtx() sessions: AccountContext, @Sess() session: AccountSession): Promise<void> {
    await this.registry.revokeAll(session.constAttr('userName'));
    // It is gone as well: this tells the browser.
    await sessions.remove();
  }

  @Post('sign-out')
  @Redirect('/sign-in', 303)
  async signOut(@SessCtx() sessions: AccountContext): Promise<void> {
    await sessions.remove();
  }

  @Get('email')
  @RequireFresh('2m')
  @Header(...CONTENT_TYPE)
  email(@Sess() session: AccountSession): string {
    return emailPage(session.constAttrs(), this.users.emailOf(session.constAttr('userName')));
  }

  @Post('email')
  @RequireFresh('2m')
  @Redirect('/email', 303)
  changeEmail(@Sess() session: AccountSession, @Body() form: Form): void {
    const email = field(form, 'email').trim();
    if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254) {
      throw new PageException(422, emailPage(session.constAttrs(), email, 'This is no e-mail address.'));
    }
    this.users.changeEmail(session.constAttr('userName'), email);
  }

  /** Where `AccountFilter` leads whose session isn't fresh. */
  @Get('confirm')
  @Header(...CONTENT_TYPE)
  showConfirm(@Sess() session: AccountSession): string {
    return confirmPage(session.constAttrs());
  }

  @Post('confirm')
  @Redirect('/email', 303)
  async confirm(
    @SessCtx() sessions: AccountContext,
    @Sess() session: AccountSession,
    @Body() form: Form,
  ): Promise<void> {
    const user = await this.users.authenticate(session.constAttr('userName'), field(form, 'password'));
    if (!user) throw new PageException(401, confirmPage(session.constAttrs(), 'Wrong password.'));
    await sessions.reauthenticated();
  }
}
