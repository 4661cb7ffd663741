/** Wires store, manager and routes into a Nest application. */
import {
  type DynamicModule,
  type FactoryProvider,
  Inject,
  Logger,
  Module,
  Optional,
  type Provider,
} from '@nestjs/common';
import { DiscoveryModule, HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { HttpSessionManager } from '../manager/http-session.manager.js';
import { SessionManager } from '../manager/session.manager.js';
import { SessionRegistry } from '../registry/session.registry.js';
import { checkOptionNames } from '../session/options.check.js';
import { invalidOption, SessionError } from '../session/session.error.js';
import { MemoryStore } from '../store/memory.store.js';
import type { SessionStore } from '../store/session.store.js';
import { SessionEventBridge } from './session.event-bridge.js';
import { SessionLifecycle } from './session.lifecycle.js';
import {
  ConfigurableModuleClass,
  DEFAULT_EXTRAS,
  MODULE_OPTIONS_TOKEN,
  type SessionModuleAsyncOptions,
  type SessionModuleExtras,
  type SessionModuleOptions,
} from './session.module-definition.js';
import { SessionRoutes } from './session.routes.js';
import { getSessionManagerToken, getSessionRegistryToken, getSessionStoreToken } from './session.tokens.js';

/** What stands beside a factory; all else is in its result. */
const ASYNC_NAMES = [
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
  'provideInjectionTokensFrom',
  'name',
  'isGlobal',
];

/** There if the module was made by `forRoot` or `forRootAsync`. */
const CONFIGURED = Symbol('SessionModule was configured');

/**
 * Sessions for a Nest application: `imports: [SessionModule.forRoot()]`. Once more, with another `name`, for a second kind of
 * session. Wrong options are refused when the application starts. `app.enableShutdownHooks()` closes it on signals too.
 */
@Module({})
export class SessionModule extends ConfigurableModuleClass {
  /** @throws SessionError `MODULE_MISSING` if the class itself was imported */
  constructor(@Optional() @Inject(CONFIGURED) configured?: true) {
    super();
    if (configured) return;
    throw new SessionError(
      'MODULE_MISSING',
      'Import SessionModule.forRoot() or forRootAsync(…), not SessionModule itself.',
    );
  }

  static override forRoot(options: SessionModuleOptions & SessionModuleExtras = {}): DynamicModule {
    if (typeof options !== 'object' || options === null)
      throw invalidOption('options', options, 'an object of options');
    return wrap(super.forRoot(options), options);
  }

  /** As `forRoot`, from `useFactory`, `useClass` or `useExisting`; `name` and `isGlobal` stand beside them. */
  static override forRootAsync(options: SessionModuleAsyncOptions): DynamicModule {
    checkOptionNames('forRootAsync', options, ASYNC_NAMES);
    return wrap(super.forRootAsync(options), options);
  }
}

/**
 * The providers live in a module that isn't global, even if `SessionModule` is: Nest closes global modules last, and the session
 * has to close before the driver that its store was given.
 */
@Module({})
class SessionCoreModule {}

function wrap({ imports = [], providers = [], module }: DynamicModule, extras: SessionModuleExtras): DynamicModule {
  const { name = DEFAULT_EXTRAS.name, isGlobal = DEFAULT_EXTRAS.isGlobal } = extras;
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
    throw invalidOption('name', name, '1 to 64 letters, digits, "-" and "_"');
  }
  const core: DynamicModule = {
    module: SessionCoreModule,
    imports: [...imports, DiscoveryModule],
    providers: [...providers, ...sessionProviders(name), SessionRoutes],
    exports: [getSessionStoreToken(name), getSessionManagerToken(name), getSessionRegistryToken(name)],
  };
  const configured: Provider = { provide: CONFIGURED, useValue: true };
  return { module, global: isGlobal, imports: [core], providers: [configured], exports: [core] };
}

function sessionProviders(name: string): Provider[] {
  const store: FactoryProvider<SessionStore | undefined> = {
    provide: getSessionStoreToken(name),
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: (options: SessionModuleOptions | undefined) => storeOf(options),
  };
  const manager: FactoryProvider<SessionManager> = {
    provide: getSessionManagerToken(name),
    inject: [MODULE_OPTIONS_TOKEN, { token: getSessionStoreToken(name), optional: true }],
    useFactory: (options: SessionModuleOptions, store?: SessionStore) => managerOf(name, options, store),
  };
  const registry: FactoryProvider<SessionRegistry | undefined> = {
    provide: getSessionRegistryToken(name),
    inject: [getSessionManagerToken(name)],
    useFactory: (sessionManager: SessionManager) =>
      sessionManager instanceof HttpSessionManager ? new SessionRegistry(sessionManager) : undefined,
  };
  const bridge: FactoryProvider<SessionEventBridge> = {
    provide: SessionEventBridge,
    inject: [{ token: getSessionRegistryToken(name), optional: true }, ModuleRef],
    useFactory: (sessions: SessionRegistry | undefined, moduleRef: ModuleRef) =>
      new SessionEventBridge(name, sessions, moduleRef),
  };
  const lifecycle: FactoryProvider<SessionLifecycle> = {
    provide: SessionLifecycle,
    inject: [getSessionManagerToken(name), HttpAdapterHost],
    useFactory: (sessionManager: SessionManager, host: HttpAdapterHost) =>
      new SessionLifecycle(name, sessionManager, host),
  };
  return [store, manager, registry, bridge, lifecycle];
}

/** With a manager that was made elsewhere there is no store of ours. */
function storeOf(options: SessionModuleOptions | undefined): SessionStore | undefined {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('options', options, 'an object of options, {} for none, as result of a factory too');
  }
  return options.manager ? undefined : (options.store ?? new MemoryStore());
}

function managerOf(name: string, { manager, ...options }: SessionModuleOptions, store?: SessionStore): SessionManager {
  if (!manager)
    return new HttpSessionManager({ ...options, logger: options.logger ?? new Logger('SessionManager'), store }, name);
  if (!(manager instanceof SessionManager)) {
    throw invalidOption('manager', manager, 'an instance of a class that extends SessionManager');
  }
  const [other] = Object.keys(options);
  if (other !== undefined)
    throw invalidOption(other, 'given beside manager', 'no other option: the manager has its own');
  return manager;
}
