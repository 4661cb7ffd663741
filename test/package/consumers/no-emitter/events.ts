/** Without `@nestjs/event-emitter`, the registry tells what happens to sessions. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { SessionRegistry } from 'nestjs-http-session';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppModule } from '../nest/app.js';

void test('an application without the emitter starts, and hears of a login by the registry', async (t) => {
  assert.throws(() => require.resolve('@nestjs/event-emitter'), { code: 'MODULE_NOT_FOUND' });
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  t.after(() => app.close());
  const heard: string[] = [];
  app.get(SessionRegistry).events.subscribe(({ type }) => heard.push(type));

  await fetch(`${await app.getUrl()}/login`, { method: 'POST' });
  assert.deepEqual(heard, ['added']);
});
