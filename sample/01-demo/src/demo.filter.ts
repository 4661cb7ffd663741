import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { SessionError } from 'nestjs-http-session';
import { errorPage, loginPage } from './demo.page.js';
import { type FormRequest, type FormResponse, FormTokens } from './form.tokens.js';

/** What Express' response and Fastify's reply have in common. */
interface PageResponse extends FormResponse {
  status(code: number): this;
  send(body: string): unknown;
}

/** Answers failures as pages: who isn't logged in gets the form, everybody else a way back. */
@Catch(HttpException, SessionError)
export class DemoFilter implements ExceptionFilter<HttpException | SessionError> {
  constructor(private readonly tokens: FormTokens) {}

  catch(error: HttpException | SessionError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<PageResponse>();
    const status = error instanceof HttpException ? error.getStatus() : error.status;
    const message = messageOf(error);
    const page =
      status === 401
        ? loginPage({ token: this.tokens.issue(http.getRequest<FormRequest>(), response), error: message })
        : errorPage(message);
    response.status(status).header('Content-Type', 'text/html; charset=utf-8');
    response.send(page);
  }
}

function messageOf(error: HttpException | SessionError): string {
  if (error instanceof HttpException) return error.message;
  // Another tab has logged out while this request was on its way.
  return error.code === 'SESSION_GONE' ? 'You were logged out meanwhile.' : 'Something went wrong. Try again later.';
}
