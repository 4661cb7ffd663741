/** A Redis master, a replica of it, and a Sentinel that makes the replica the master when the master is gone. */
import type { OwnServer, Settings } from './own.server.js';
import { RedisServer } from './redis.server.js';
import { SentinelServer } from './sentinel.server.js';
import { until } from './until.js';

/** By which name clients ask the Sentinel for the master. */
const NAME = 'sessions';

export interface RedisSentinelOptions {
  /** Of master and replica, as for `RedisServer`. */
  readonly settings?: Settings;
  /** How long the master may be silent. Default: 1,000. */
  readonly downAfterMs?: number;
}

export class RedisSentinel {
  static readonly need = RedisServer.need;
  readonly name = NAME;
  /** They keep these names over a failover. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: SentinelServer;

  private constructor(master: RedisServer, replica: RedisServer, sentinel: SentinelServer) {
    this.master = master;
    this.replica = replica;
    this.sentinel = sentinel;
  }

  static isAvailable(): boolean {
    return RedisServer.isAvailable();
  }

  /** Resolves when the Sentinel could replace the master. */
  static async start({ settings = {}, downAfterMs = 1_000 }: RedisSentinelOptions = {}): Promise<RedisSentinel> {
    const started: OwnServer[] = [];
    const keep = <S extends OwnServer>(server: S): S => {
      started.push(server);
      return server;
    };
    try {
      const master = keep(await RedisServer.start(settings));
      const replica = keep(await RedisServer.start({ ...settings, replicaof: `127.0.0.1 ${master.port}` }));
      await until('the replica follows the master', async () =>
        String(await replica.ask('INFO', 'replication')).includes('master_link_status:up'),
      );
      const sentinel = keep(await SentinelServer.watch({ master, name: NAME, downAfterMs }));
      await until('the Sentinel knows the replica', async () =>
        String(await sentinel.ask('SENTINEL', 'REPLICAS', NAME)).includes('master-link-status,ok'),
      );
      return new RedisSentinel(master, replica, sentinel);
    } catch (error) {
      await Promise.all(started.map((server) => server.dispose()));
      throw error;
    }
  }

  /** The port of the master that the Sentinel names now. */
  async masterPort(): Promise<number> {
    const [, port] = (await this.sentinel.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as [string, string];
    return Number(port);
  }

  async dispose(): Promise<void> {
    await Promise.all([this.sentinel, this.replica, this.master].map((server) => server.dispose()));
  }
}
