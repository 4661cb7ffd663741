import type { OnApplicationShutdown } from '@nestjs/common';
import type { SessionStore } from 'nestjs-http-session';

/**
 * A store, and the driver below it. The session module closes the store, and leaves the driver to whoever opened it. Nest
 * calls `onApplicationShutdown` of a module after that of those who import it, so the driver is there until the store is
 * closed. (`onModuleDestroy` comes too early: requests are running then.)
 */
export class Connection implements OnApplicationShutdown {
  constructor(
    readonly store: SessionStore,
    private readonly disconnect: () => Promise<unknown>,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.disconnect();
  }
}
