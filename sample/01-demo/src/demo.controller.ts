import {
  Body,
  Controller,
  Get,
  Header,
  Post,
  Redirect,
  Req,
  Res,
  UnauthorizedException,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { Sess, SessCtx } from 'nestjs-http-session';
import { helloPage, loginPage } from './demo.page.js';
import type { DemoContext, DemoSession } from './demo.session.js';
import { DemoFilter } from './demo.filter.js';
import { FormGuard } from './form.guard.js';
import { type FormRequest, type FormResponse, FormTokens } from './form.tokens.js';

/** The fields of both forms. What a client sends may be anything. */
type DemoForm = Partial<Record<'Login' | 'Logout' | 'UserName' | 'Password', unknown>>;

@Controller()
@UseFilters(DemoFilter)
export class DemoController {
  constructor(private readonly tokens: FormTokens) {}

  @Get()
  @Redirect('/demo')
  home(): void {}

  @Get('demo')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async show(
    @Sess() session: DemoSession | undefined,
    @Req() request: FormRequest,
    @Res({ passthrough: true }) response: FormResponse,
  ): Promise<string> {
    const token = this.tokens.issue(request, response);
    if (!session) return loginPage({ token });
    // Atomic: tabs that are refreshed at the same time count one visit each.
    const visits = await session.update('Count', (count = 0) => count + 1);
    return helloPage({ token, userName: session.constAttr('UserName'), visits });
  }

  @Post('demo')
  @UseGuards(FormGuard)
  @Redirect('/demo', 303)
  async submit(@SessCtx() sessions: DemoContext, @Body() form: DemoForm): Promise<void> {
    if (form.Logout !== undefined) return sessions.remove();
    if (form.Login === undefined) return;
    const userName = typeof form.UserName === 'string' ? form.UserName.trim() : '';
    if (userName === '' || userName.length > 100 || form.Password !== 'a') {
      throw new UnauthorizedException('Wrong user name or password.');
    }
    // A login is a new session with a new id, whatever the client had before.
    await sessions.add({ constAttrs: { UserName: userName }, attrs: { Count: 0 } });
  }
}
