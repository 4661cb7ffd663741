import { type ConfigurableModuleAsyncOptions, ConfigurableModuleBuilder } from '@nestjs/common';
import { DEFAULT_SESSION_NAME } from '../manager/http-session.manager.js';
import type { SessionManagerOptions } from '../manager/manager.options.js';
import type { SessionManager } from '../manager/session.manager.js';

/** The options of `SessionModule`: those of the manager, or a manager. */
export interface SessionModuleOptions extends SessionManagerOptions {
  /** A manager of your own, or one that was made elsewhere; then there are no other options. Closed with the module. */
  manager?: SessionManager | undefined;
}

/** What a class given as `useClass` or `useExisting` implements. */
export interface SessionOptionsFactory {
  createSessionOptions(): SessionModuleOptions | Promise<SessionModuleOptions>;
}

/** What shapes the module itself, and so stands beside an async factory, never in its result. */
export interface SessionModuleExtras {
  /** Tells this session from others of the application. @defaultValue 'default' */
  name?: string | undefined;
  /** Whether manager and store can be injected everywhere. @defaultValue true */
  isGlobal?: boolean | undefined;
}

/** What `SessionModule.forRootAsync` takes. */
export type SessionModuleAsyncOptions = ConfigurableModuleAsyncOptions<SessionModuleOptions, 'createSessionOptions'> &
  SessionModuleExtras;

export const DEFAULT_EXTRAS = { name: DEFAULT_SESSION_NAME, isGlobal: true };

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<SessionModuleOptions>({
  moduleName: 'Session',
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createSessionOptions')
  .setExtras<SessionModuleExtras>(DEFAULT_EXTRAS)
  .build();
