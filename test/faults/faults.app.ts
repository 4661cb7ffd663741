/** The application of these tests, over a store that fails. */
import type { SessionModuleOptions, SessionStore } from 'nestjs-http-session';
import { onTestFinished } from 'vitest';
import { createApp, Log, type Platform, TestApp } from '../e2e/harness.js';
import { Crossing, FaultsController } from './faults.controller.js';

/** Whatever happens, a request is answered within this time and what the machine needs for it. */
export const STORE_TIMEOUT_MS = 500;

type Options = Omit<SessionModuleOptions, 'store'>;

/** Starts it; somebody has to close it. */
export async function openFaultsApp(platform: Platform, store: SessionStore, options: Options = {}): Promise<TestApp> {
  const log = new Log();
  const session = { store, storeTimeout: STORE_TIMEOUT_MS, ...options };
  const app = await createApp(platform, { session, controllers: [FaultsController], providers: [Crossing] }, log);
  await app.listen(0, '127.0.0.1');
  return new TestApp(app, log);
}

/** Starts it; it is closed when the test is over. */
export async function startFaultsApp(platform: Platform, store: SessionStore, options: Options = {}): Promise<TestApp> {
  const app = await openFaultsApp(platform, store, options);
  onTestFinished(() => app.close());
  return app;
}
