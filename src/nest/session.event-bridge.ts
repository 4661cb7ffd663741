/** Gives session events to `@nestjs/event-emitter`, if the application has it. */
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { SessionEvent, SessionEvents } from '../session/session.events.js';

/** What listeners of `@OnEvent('session.added')`, `'session.removed'` and so on get. */
export type EmittedSessionEvent = SessionEvent & {
  /** The session's name, `'default'` for the one that has none. */
  readonly session: string;
};

export class SessionEventBridge implements OnModuleInit, OnApplicationShutdown {
  readonly #name: string;
  readonly #events: SessionEvents | undefined;
  readonly #moduleRef: ModuleRef;
  #stop: () => void = () => undefined;

  constructor(name: string, events: SessionEvents | undefined, moduleRef: ModuleRef) {
    this.#name = name;
    this.#events = events;
    this.#moduleRef = moduleRef;
  }

  async onModuleInit(): Promise<void> {
    const emitter = await findEmitter(this.#moduleRef);
    if (!emitter || !this.#events) return;
    this.#stop = this.#events.subscribe((event) => {
      const emitted: EmittedSessionEvent = { ...event, session: this.#name };
      emitter.emit(`session.${event.type}`, emitted);
    });
  }

  onApplicationShutdown(): void {
    this.#stop();
  }
}

interface Emitter {
  emit(name: string, event: EmittedSessionEvent): unknown;
}

/** The application's, if it imports `EventEmitterModule`. */
async function findEmitter(moduleRef: ModuleRef): Promise<Emitter | undefined> {
  try {
    const { EventEmitter2 } = await import('@nestjs/event-emitter');
    return moduleRef.get<Emitter>(EventEmitter2, { strict: false });
  } catch {
    // It isn't installed, or not imported.
    return undefined;
  }
}
