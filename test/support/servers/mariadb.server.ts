/** A MariaDB of one's own. */
import { join } from 'node:path';
import { OwnServer, type Settings, type Site } from './own.server.js';
import { findProgram } from './program.js';

/** Small, and quick to start. What is committed is on disk before it is acknowledged. */
const STANDARD: Settings = {
  'bind-address': '127.0.0.1',
  'innodb-flush-log-at-trx-commit': 1,
  'innodb-log-file-size': '8M',
  'innodb-buffer-pool-size': '16M',
  'performance-schema': 'OFF',
};

export class MariadbServer extends OwnServer {
  static readonly need = 'the programs mariadb-install-db and mariadbd (install MariaDB)';
  protected override readonly ready = /ready for connections/;
  readonly #files: string;
  readonly #settings: Settings;

  private constructor(site: Site, settings: Settings) {
    super(site);
    this.#files = join(site.directory, 'data');
    this.#settings = { ...STANDARD, ...settings, port: site.port, socket: join(site.directory, 'socket') };
  }

  static isAvailable(): boolean {
    return findProgram('mariadb-install-db') !== undefined && findProgram('mariadbd') !== undefined;
  }

  /** @param settings - `{ 'max-connections': 5 }`, `{ 'innodb-lock-wait-timeout': 1 }`, … */
  static async start(settings: Settings = {}): Promise<MariadbServer> {
    return new MariadbServer(await OwnServer.site(), settings).launch();
  }

  override get url(): string {
    return `mysql://root@127.0.0.1:${this.port}/test`;
  }

  protected override async prepare(): Promise<void> {
    await this.run(
      'mariadb-install-db',
      // Must be the first.
      '--no-defaults',
      `--datadir=${this.#files}`,
      '--auth-root-authentication-method=normal',
    );
  }

  protected override commandLine(): readonly [string, ...string[]] {
    const settings = Object.entries(this.#settings).map(([name, value]) => `--${name}=${value}`);
    return ['mariadbd', '--no-defaults', `--datadir=${this.#files}`, ...settings];
  }
}
