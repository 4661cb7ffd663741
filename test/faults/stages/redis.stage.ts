/** A Redis that loses nothing it has acknowledged, and clients as applications configure them. */
import { Redis as IoRedis } from 'ioredis';
import { type RedisClient, RedisStore } from 'nestjs-http-session/redis';
import { createClient } from 'redis';
import { RedisServer } from '../../support/servers/redis.server.js';
import { TcpProxy } from '../../support/tcp.proxy.js';
import { ignore, type Listeners, listenersOf, type Stage } from './stage.js';

export interface OpenRedisClient {
  readonly client: RedisClient;
  /** Whether it sends again what it got no reply to. */
  readonly resends: boolean;
  listeners(): Listeners;
  close(): void;
}

/** By name, as tests are called. */
export const REDIS_CLIENTS = {
  'node-redis, as its documentation here says': async (url) => {
    const client = createClient({ url, disableOfflineQueue: true }).on('error', ignore);
    await client.connect();
    return { client, resends: false, listeners: () => listenersOf(client), close: () => client.destroy() };
  },
  'ioredis, as its documentation here says': async (url) => {
    const client = new IoRedis(url, {
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      enableAutoPipelining: true,
    }).on('error', ignore);
    await client.ping();
    client.options.enableOfflineQueue = false;
    return { client, resends: false, listeners: () => listenersOf(client), close: () => client.disconnect() };
  },
  'ioredis, with its own defaults': async (url) => {
    const client = new IoRedis(url).on('error', ignore);
    await client.ping();
    return { client, resends: true, listeners: () => listenersOf(client), close: () => client.disconnect() };
  },
} satisfies Record<string, (url: string) => Promise<OpenRedisClient>>;

type OpensRedisClient = (typeof REDIS_CLIENTS)[keyof typeof REDIS_CLIENTS];

const DURABLE = { appendonly: 'yes', appendfsync: 'always' };
const KEY_PREFIX = 'faults:';

export class RedisStage implements Stage {
  readonly writes = /evalsha/i;
  readonly maxConnections = 1;
  readonly server: RedisServer;
  readonly proxy: TcpProxy;
  readonly #opened: OpenRedisClient;
  readonly #beside: OpenRedisClient;

  private constructor(server: RedisServer, proxy: TcpProxy, opened: OpenRedisClient, beside: OpenRedisClient) {
    this.server = server;
    this.proxy = proxy;
    this.#opened = opened;
    this.#beside = beside;
  }

  static async start(open: OpensRedisClient): Promise<RedisStage> {
    const server = await RedisServer.start(DURABLE);
    const proxy = await TcpProxy.start(server.url);
    return new RedisStage(server, proxy, await open(proxy.url), await open(server.url));
  }

  get resends(): boolean {
    return this.#opened.resends;
  }

  openStore(): RedisStore {
    return new RedisStore(this.#opened.client, { keyPrefix: KEY_PREFIX });
  }

  openStoreBeside(): RedisStore {
    return new RedisStore(this.#beside.client, { keyPrefix: KEY_PREFIX });
  }

  listeners(): Listeners {
    return this.#opened.listeners();
  }

  async endConnections(): Promise<void> {
    await this.server.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  }

  async setFormat(format: number): Promise<void> {
    for (const key of await this.keys()) {
      const head = String(await this.server.ask('HGET', key, '#'));
      await this.server.ask('HSET', key, '#', head.replace(/^\[\d+/, `[${format}`));
    }
  }

  async count(): Promise<number> {
    return (await this.keys()).length;
  }

  /** Where the sessions are. */
  async keys(): Promise<string[]> {
    return (await this.server.ask('KEYS', `${KEY_PREFIX}*`)) as string[];
  }

  async close(): Promise<void> {
    this.#opened.close();
    this.#beside.close();
  }

  async dispose(): Promise<void> {
    this.proxy.close();
    await this.server.dispose();
  }
}
