import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import { NOT_FRESH, SessionError } from 'nestjs-http-session';
import { PageException } from './page.exception.js';
import { errorPage, CONTENT_TYPE, signInPage } from './pages.js';

/** What Express' response and Fastify's reply have in common. */
interface PageReply {
  status(code: number): this;
  header(name: string, value: string): this;
  send(body: string): unknown;
}

const TOO_MANY_SESSIONS =
  'You are signed in on as many devices as you may be. Sign out on one of them, or on all of them here.';

/** Answers failures to people: who has to sign in, or to confirm it, is led there. */
@Catch(HttpException, SessionError)
export class AccountFilter implements ExceptionFilter<HttpException | SessionError> {
  readonly #logger = new Logger(AccountFilter.name);

  catch(error: HttpException | SessionError, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<PageReply>();
    const status = error instanceof HttpException ? error.getStatus() : error.status;
    if (status >= 500) this.#logger.error(error);
    if (error instanceof PageException) show(reply, status, error.page);
    else if (status === 401) seeOther(reply, codeOf(error) === NOT_FRESH ? '/confirm' : '/sign-in');
    else if (codeOf(error) === 'TOO_MANY_SESSIONS') {
      show(reply, status, signInPage(TOO_MANY_SESSIONS, { full: true }));
    } else show(reply, status, errorPage(error instanceof HttpException ? error.message : 'Try again later.'));
  }
}

/** The `code` of a session's error, or of the body that another one is answered with. */
function codeOf(error: HttpException | SessionError): unknown {
  if (error instanceof SessionError) return error.code;
  const body = error.getResponse();
  return typeof body === 'object' && 'code' in body ? body.code : undefined;
}

function show(reply: PageReply, status: number, page: string): void {
  reply
    .status(status)
    .header(...CONTENT_TYPE)
    .send(page);
}

function seeOther(reply: PageReply, location: string): void {
  reply.status(303).header('Location', location).send('');
}
