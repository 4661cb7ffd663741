/** Every way in which a handler of Nest can answer; each changes the session first. */
import { ConflictException, Controller, Get, Redirect, Render, Res, StreamableFile } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Sess, Session } from 'nestjs-http-session';
import type { FastifyReply } from 'fastify';
import { fileURLToPath } from 'node:url';
import { delay, EMPTY, Observable, of, throwError } from 'rxjs';
import type { AnyResponse } from './harness.js';

/** The routes of {@link AnswersController}, and what a client gets. */
export const ANSWERS = [
  { kind: 'value', status: 200, body: 'done' },
  { kind: 'object', status: 200, body: '{"done":true}' },
  { kind: 'nothing', status: 200, body: '' },
  { kind: 'promise', status: 200, body: 'done' },
  { kind: 'observable', status: 200, body: 'done' },
  { kind: 'late-observable', status: 200, body: 'done' },
  { kind: 'passthrough', status: 200, body: 'done' },
  { kind: 'redirect', status: 302, body: '' },
  { kind: 'render', status: 200, body: '<p>done</p>' },
  { kind: 'file', status: 200, body: 'done' },
  { kind: 'iterable', status: 200, body: 'done' },
  { kind: 'web-response', status: 201, body: 'done' },
] as const;

/** Those that fail. Bare Nest answers an empty Observable with 500 too. */
export const FAILURES = [
  { kind: 'http-exception', status: 409 },
  { kind: 'failure', status: 500 },
  { kind: 'failing-observable', status: 409 },
  { kind: 'empty-observable', status: 500 },
] as const;

@Controller('answers')
export class AnswersController {
  @Get('value')
  value(@Sess() sess: Session): string {
    sess.setAttr('seen', 'value');
    return 'done';
  }

  @Get('object')
  object(@Sess() sess: Session): object {
    sess.setAttr('seen', 'object');
    return { done: true };
  }

  @Get('nothing')
  nothing(@Sess() sess: Session): void {
    sess.setAttr('seen', 'nothing');
  }

  @Get('promise')
  async promise(@Sess() sess: Session): Promise<string> {
    sess.setAttr('seen', 'too early');
    await Promise.resolve();
    sess.setAttr('seen', 'promise');
    return 'done';
  }

  @Get('observable')
  observable(@Sess() sess: Session): Observable<string> {
    return new Observable((subscriber) => {
      subscriber.next('first');
      sess.setAttr('seen', 'observable');
      subscriber.next('done');
      subscriber.complete();
    });
  }

  @Get('late-observable')
  lateObservable(@Sess() sess: Session): Observable<string> {
    sess.setAttr('seen', 'late-observable');
    return of('first', 'done').pipe(delay(1));
  }

  @Get('passthrough')
  passthrough(@Sess() sess: Session, @Res({ passthrough: true }) response: AnyResponse): string {
    response.header('x-own', 'yes');
    sess.setAttr('seen', 'passthrough');
    return 'done';
  }

  @Get('redirect')
  @Redirect('/elsewhere')
  redirect(@Sess() sess: Session): void {
    sess.setAttr('seen', 'redirect');
  }

  @Get('render')
  @Render('page')
  render(@Sess() sess: Session): object {
    sess.setAttr('seen', 'render');
    return { word: 'done' };
  }

  @Get('file')
  file(@Sess() sess: Session): StreamableFile {
    sess.setAttr('seen', 'file');
    return new StreamableFile(Buffer.from('done'));
  }

  @Get('iterable')
  iterable(@Sess() sess: Session): AsyncIterable<string> {
    sess.setAttr('seen', 'iterable');
    return pieces();
  }

  @Get('web-response')
  webResponse(@Sess() sess: Session): Response {
    sess.setAttr('seen', 'web-response');
    return new Response('done', { status: 201 });
  }

  @Get('http-exception')
  httpException(@Sess() sess: Session): never {
    sess.setAttr('seen', 'http-exception');
    throw new ConflictException();
  }

  @Get('failure')
  failure(@Sess() sess: Session): never {
    sess.setAttr('seen', 'failure');
    throw new Error('unexpected');
  }

  @Get('failing-observable')
  failingObservable(@Sess() sess: Session): Observable<never> {
    sess.setAttr('seen', 'failing-observable');
    return throwError(() => new ConflictException());
  }

  @Get('empty-observable')
  emptyObservable(@Sess() sess: Session): Observable<never> {
    sess.setAttr('seen', 'empty-observable');
    return EMPTY;
  }
}

async function* pieces(): AsyncGenerator<string> {
  await Promise.resolve();
  yield 'do';
  yield 'ne';
}

/** The least of a template engine, for `@Render()`. */
export function renderPages(app: INestApplication): void {
  const page = ({ word }: { word: string }) => `<p>${word}</p>`;
  if (app.getHttpAdapter() instanceof ExpressAdapter) {
    const express = app as NestExpressApplication;
    express.engine('txt', (_file: string, values: { word: string }, done: (error: null, html: string) => void) =>
      done(null, page(values)),
    );
    express.setViewEngine('txt');
    express.setBaseViewsDir(fileURLToPath(new URL('views', import.meta.url)));
    return;
  }
  const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
  // What @fastify/view does.
  fastify.decorateReply('view', function (this: FastifyReply, _page: string, values: { word: string }) {
    return this.type('text/html').send(page(values));
  });
}
