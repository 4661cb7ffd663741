/** The sample 04-account in this process, where its tests can set the time. */
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { onTestFinished, vi } from 'vitest';
import { AppModule } from '../../sample/04-account/src/app.module.js';

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
