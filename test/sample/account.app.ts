/** The sample 04-account in this process, where its tests can set the time. */
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { onTestFinished, vi } from 'vitest';
import { AppModule } from '../../sample/04-account/src/app.module.js';

/** As `npm run sample` does it. The sample looks when it is loaded. */
vi.hoisted(() => vi.stubEnv('NODE_ENV', 'development'));

/** Passwords are hashed once each, by what the sample takes for that: it is slow on purpose, and tests sign in often. */
vi.mock(import('node:crypto'), async (load) => {
  const crypto = await load();
  const hashes = new Map<string, Parameters<Parameters<typeof crypto.scrypt>[4]>[1]>();
  const scrypt = (...args: Parameters<typeof crypto.scrypt>): void => {
    const [password, salt, length, cost, done] = args;
    const name = JSON.stringify([password, salt, length, cost]);
    const known = hashes.get(name);
    if (known) {
      done(null, known);
      return;
    }
    crypto.scrypt(password, salt, length, cost, (error, hash) => {
      hashes.set(name, hash);
      done(error, hash);
    });
  };
  return { ...crypto, scrypt: scrypt as typeof crypto.scrypt };
});

export const PLATFORMS = ['Express', 'Fastify'] as const;

/**
 * Starts it for one test. Time stands still until `passes` is called.
 * @returns where it serves
 */
export async function startAccount(platform: (typeof PLATFORMS)[number]): Promise<string> {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const adapter = platform === 'Fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: ['error'] });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

export function passes({ minutes = 0, ms = 0 }: { minutes?: number; ms?: number }): void {
  vi.setSystemTime(Date.now() + minutes * 60_000 + ms);
}
