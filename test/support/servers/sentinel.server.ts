/** A Redis Sentinel of one's own, the only one for its master: it decides alone. */
import { OwnServer, type Site } from './own.server.js';
import { RedisServer } from './redis.server.js';

export interface Watch {
  readonly master: RedisServer;
  /** By which name clients ask for the master. */
  readonly name: string;
  /** How long the master may be silent. */
  readonly downAfterMs: number;
}

export class SentinelServer extends RedisServer {
  protected override readonly ready = /\+monitor master/;
  readonly #watch: Watch;

  private constructor(site: Site, watch: Watch) {
    super(site, {});
    this.#watch = watch;
  }

  static async watch(watch: Watch): Promise<SentinelServer> {
    return new SentinelServer(await OwnServer.site(), watch).launch();
  }

  protected override async prepare(): Promise<void> {
    const { master, name, downAfterMs } = this.#watch;
    await this.write(
      'sentinel.conf',
      [
        'bind 127.0.0.1',
        `port ${this.port}`,
        `sentinel monitor ${name} 127.0.0.1 ${master.port} 1`,
        `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
        `sentinel failover-timeout ${name} 5000`,
      ].join('\n'),
    );
  }

  protected override commandLine(): readonly [string, ...string[]] {
    const [program] = super.commandLine();
    return [program, 'sentinel.conf', '--sentinel'];
  }
}
