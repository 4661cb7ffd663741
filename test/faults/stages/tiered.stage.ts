/** A cache in Redis before a PostgreSQL; one of the two is what a test cripples. */
import { TieredStore } from 'nestjs-http-session/tiered';
import type { OwnServer } from '../../support/servers/own.server.js';
import type { TcpProxy } from '../../support/tcp.proxy.js';
import { REDIS_CLIENTS, RedisStage } from './redis.stage.js';
import { SqlStage } from './sql.stage.js';
import type { Listeners, Stage } from './stage.js';

/** So short that copies count again while a test waits for it. */
const FRESH_FOR = '5s';

type Tier = 'cache' | 'durable';

export class TieredStage implements Stage {
  readonly cache: RedisStage;
  readonly durable: SqlStage;
  readonly #crippled: Stage;

  private constructor(cache: RedisStage, durable: SqlStage, crippled: Tier) {
    this.cache = cache;
    this.durable = durable;
    this.#crippled = crippled === 'cache' ? cache : durable;
  }

  static async start(crippled: Tier): Promise<TieredStage> {
    const cache = await RedisStage.start(REDIS_CLIENTS['node-redis, as its documentation here says']);
    return new TieredStage(cache, await SqlStage.postgres(), crippled);
  }

  get server(): OwnServer {
    return this.#crippled.server;
  }

  get proxy(): TcpProxy {
    return this.#crippled.proxy;
  }

  get writes(): RegExp {
    return this.#crippled.writes;
  }

  get maxConnections(): number {
    return this.#crippled.maxConnections;
  }

  get resends(): boolean {
    return this.#crippled.resends;
  }

  openStore(): TieredStore {
    return new TieredStore({ cache: this.cache.openStore(), durable: this.durable.openStore(), freshFor: FRESH_FOR });
  }

  openStoreBeside(): TieredStore {
    return new TieredStore({
      cache: this.cache.openStoreBeside(),
      durable: this.durable.openStoreBeside(),
      freshFor: FRESH_FOR,
    });
  }

  listeners(): Listeners {
    return this.#crippled.listeners();
  }

  endConnections(): Promise<void> {
    return this.#crippled.endConnections();
  }

  async setFormat(format: number): Promise<void> {
    await this.durable.setFormat(format);
    // Who writes drops the copy.
    await this.cache.server.ask('FLUSHALL');
  }

  count(): Promise<number> {
    return this.durable.count();
  }

  async close(): Promise<void> {
    await this.cache.close();
    await this.durable.close();
  }

  async dispose(): Promise<void> {
    await this.cache.dispose();
    await this.durable.dispose();
  }
}
