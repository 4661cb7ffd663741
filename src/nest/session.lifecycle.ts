/** Ties a manager to the application: known to its requests from the start, closed at the end. */
import { type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SessionManager } from '../manager/session.manager.js';
import { invalidOption } from '../session/session.error.js';
import { applicationOf, registerManager, unregisterManager } from './session.directory.js';
import { commitByHooks, isFastify } from './session.hooks.js';

export class SessionLifecycle implements OnModuleInit, OnApplicationShutdown {
  readonly #name: string;
  readonly #manager: SessionManager;
  readonly #adapterHost: HttpAdapterHost;

  constructor(name: string, manager: SessionManager, adapterHost: HttpAdapterHost) {
    this.#name = name;
    this.#manager = manager;
    this.#adapterHost = adapterHost;
  }

  onModuleInit(): void {
    const application = applicationOf(this.#adapterHost);
    if (!application) return;
    if (!(this.#manager instanceof SessionManager)) {
      throw invalidOption(
        'manager',
        this.#manager,
        'an instance of a class that extends SessionManager, also in tests',
      );
    }
    registerManager(application, this.#name, this.#manager);
    if (isFastify(application)) commitByHooks(application, this.#manager);
  }

  /** After the server has stopped, before the modules that this one imports. */
  async onApplicationShutdown(): Promise<void> {
    const application = applicationOf(this.#adapterHost);
    if (application) unregisterManager(application, this.#name);
    await this.#manager.close();
  }
}
