/** A store over a client of its own, and what Redis itself has to say about what is kept. */
import { RedisStore } from 'nestjs-http-session/redis';
import { createClient } from 'redis';
import type { Key } from 'nestjs-http-session/core';
import { uniqueName } from '../../../support/backends.js';
import { removeKeys } from '../../../support/redis.clients.js';

export class StoreAndRedis {
  readonly store: RedisStore;
  readonly prefix = uniqueName('unit');
  readonly url: string;
  readonly #client;

  private constructor(url: string) {
    this.url = url;
    this.#client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } }).on('error', () => undefined);
    this.store = new RedisStore(this.#client, { keyPrefix: this.prefix });
  }

  static async open(url: string): Promise<StoreAndRedis> {
    const opened = new StoreAndRedis(url);
    await opened.#client.connect();
    return opened;
  }

  /** Where the hash of a session is. */
  placeOf(key: Key): string {
    const [tag = '', digest = ''] = key.split('.');
    return `${this.prefix}{${tag}}:${digest}`;
  }

  /** One command, as it is. */
  ask(...command: string[]): Promise<unknown> {
    return this.#client.sendCommand<unknown>(command);
  }

  /** All fields of a hash. */
  async hash(key: Key): Promise<Record<string, string>> {
    return { ...(await this.#client.hGetAll(this.placeOf(key))) };
  }

  async close(): Promise<void> {
    await removeKeys(this.url, `${this.prefix}*`);
    this.#client.destroy();
  }
}
