/** Ties a manager to the application: known to its requests from the start, closed at the end. */
import { type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SessionManager } from '../manager/session.manager.js';
import { type Awaitable, isPromiseLike } from '../session/awaitable.js';
import { invalidOption } from '../session/session.error.js';
import { applicationOf, registerManager, unregisterManager } from './session.directory.js';

/** The part of a Fastify instance that is used. */
interface FastifyLike {
  addHook(
    name: 'onSend',
    hook: (request: unknown, reply: unknown, payload: unknown, done: (error?: unknown) => void) => void,
  ): void;
  addHook(name: 'onResponse', hook: (request: unknown, reply: unknown, done: () => void) => void): void;
}

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
    if (isFastify(application)) this.#commitOnSend(application);
  }

  /** After the server has stopped, before the modules that this one imports. */
  async onApplicationShutdown(): Promise<void> {
    const application = applicationOf(this.#adapterHost);
    if (application) unregisterManager(application, this.#name);
    await this.#manager.close();
  }

  /** Fastify waits for the first hook, whoever sends: also guards, filters and handlers that have the reply. */
  #commitOnSend(application: FastifyLike): void {
    application.addHook('onSend', (request, reply, _payload, done) => {
      let committed: Awaitable<void>;
      try {
        committed = this.#manager.commit(request, reply);
      } catch (error) {
        done(error);
        return;
      }
      if (isPromiseLike(committed)) committed.then(() => done(), done);
      else done();
    });
    // What went past the first one: event streams, hijacked replies, middleware that answers by itself.
    application.addHook('onResponse', (request, _reply, done) => {
      this.#manager.commitLate(request);
      done();
    });
  }
}

function isFastify(application: object): application is FastifyLike {
  return 'addHook' in application && typeof application.addHook === 'function';
}
