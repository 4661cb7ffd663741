/** With `@nestjs/event-emitter`, listeners are told what happens to sessions. */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import type { EmittedSessionEvent } from 'nestjs-http-session';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppModule } from '../nest/app.js';

@Injectable()
class Listener {
  readonly heard: string[] = [];

  @OnEvent('session.added')
  @OnEvent('session.removed')
  hear({ session, type, ...event }: EmittedSessionEvent): void {
    this.heard.push(`${session} ${type} ${'reason' in event ? event.reason : ''}`.trim());
  }
}

@Module({ imports: [EventEmitterModule.forRoot(), AppModule], providers: [Listener] })
class ListeningModule {}

void test('a listener hears of a login and of a logout', async (t) => {
  const app = await NestFactory.create(ListeningModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  t.after(() => app.close());
  const url = await app.getUrl();

  const login = await fetch(`${url}/login`, { method: 'POST' });
  const [cookie = ''] = login.headers.getSetCookie();
  await fetch(`${url}/logout`, { method: 'POST', headers: { cookie: cookie.split(';', 1).join() } });
  assert.deepEqual(app.get(Listener).heard, ['default added', 'default removed logout']);
});
