/** A database that loses nothing it has committed, and the application's pool of connections to it. */
import { CompiledQuery, Kysely, MysqlDialect, PostgresDialect } from 'kysely';
import { createPool } from 'mysql2';
import { SqlStore } from 'nestjs-http-session/sql';
import { Pool } from 'pg';
import { MariadbServer } from '../../support/servers/mariadb.server.js';
import type { OwnServer } from '../../support/servers/own.server.js';
import { PostgresServer } from '../../support/servers/postgres.server.js';
import { until } from '../../support/servers/until.js';
import { TcpProxy } from '../../support/tcp.proxy.js';
import { ignore, type Listeners, listenersOf, type Stage } from './stage.js';

const TABLE = 'faults';
const MAX_CONNECTIONS = 8;

interface Opened {
  readonly kysely: Kysely<unknown>;
  listeners(): Listeners;
}

interface Kind {
  start(): Promise<OwnServer>;
  open(url: string): Opened;
  /** Lists the statements that end all connections but the one that asks. */
  readonly endings: string;
  /** As `endings`, of connections whose write waits for a lock. */
  readonly endingsOfWaiting: string;
}

const POSTGRES: Kind = {
  start: () => PostgresServer.start(),
  open: (connectionString) => {
    const pool = new Pool({ connectionString, max: MAX_CONNECTIONS }).on('error', ignore);
    // Kysely doesn't listen to the connections that it uses: one that is lost would end the process.
    pool.on('connect', (client) => client.on('error', ignore));
    return { kysely: new Kysely({ dialect: new PostgresDialect({ pool }) }), listeners: () => listenersOf(pool) };
  },
  endings: `SELECT 'SELECT pg_terminate_backend(' || pid || ')' AS ending FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  endingsOfWaiting: `SELECT 'SELECT pg_terminate_backend(' || pid || ')' AS ending FROM pg_stat_activity
    WHERE wait_event_type = 'Lock'`,
};

const MARIADB: Kind = {
  start: () => MariadbServer.start(),
  open: (uri) => {
    const pool = createPool({ uri, connectionLimit: MAX_CONNECTIONS });
    return { kysely: new Kysely({ dialect: new MysqlDialect({ pool }) }), listeners: () => listenersOf(pool) };
  },
  endings: `SELECT CONCAT('KILL ', id) AS ending FROM information_schema.processlist
    WHERE user = 'root' AND id <> CONNECTION_ID()`,
  // `innodb_trx` shows nothing new to who asks more often than ten times a second.
  endingsOfWaiting: `SELECT CONCAT('KILL ', id) AS ending FROM information_schema.processlist
    WHERE id <> CONNECTION_ID() AND command = 'Query' AND info REGEXP '^(UPDATE|DELETE)'`,
};

export class SqlStage implements Stage {
  readonly writes = /\b(UPDATE|INSERT INTO|DELETE FROM) /;
  readonly maxConnections = MAX_CONNECTIONS;
  readonly resends = false;
  readonly server: OwnServer;
  readonly proxy: TcpProxy;
  readonly #kind: Kind;
  readonly #opened: Opened;
  readonly #beside: Opened;

  private constructor(kind: Kind, server: OwnServer, proxy: TcpProxy) {
    this.server = server;
    this.proxy = proxy;
    this.#kind = kind;
    this.#opened = kind.open(proxy.url);
    this.#beside = kind.open(server.url);
  }

  static postgres(): Promise<SqlStage> {
    return SqlStage.#start(POSTGRES);
  }

  static mariadb(): Promise<SqlStage> {
    return SqlStage.#start(MARIADB);
  }

  static async #start(kind: Kind): Promise<SqlStage> {
    const server = await kind.start();
    const stage = new SqlStage(kind, server, await TcpProxy.start(server.url));
    await stage.openStoreBeside().migrate();
    return stage;
  }

  openStore(): SqlStore {
    return new SqlStore(this.#opened.kysely, { table: TABLE });
  }

  openStoreBeside(): SqlStore {
    return new SqlStore(this.#beside.kysely, { table: TABLE });
  }

  listeners(): Listeners {
    return this.#opened.listeners();
  }

  async endConnections(): Promise<void> {
    await this.#beside.kysely.connection().execute(async (connection) => {
      await endEach(connection, this.#kind.endings);
    });
  }

  /**
   * Does something while writes to sessions have to wait.
   * @param work - may end the connection of the next write that waits
   */
  async whileLocked(work: (endWaiting: () => Promise<void>) => Promise<void>): Promise<void> {
    await this.#beside.kysely.connection().execute(async (connection) => {
      await connection.executeQuery(CompiledQuery.raw('BEGIN'));
      await connection.executeQuery(CompiledQuery.raw(`SELECT id FROM ${TABLE} FOR UPDATE`));
      try {
        await work(() => until('a write waits', () => endEach(connection, this.#kind.endingsOfWaiting)));
      } finally {
        await connection.executeQuery(CompiledQuery.raw('ROLLBACK'));
      }
    });
  }

  async setFormat(format: number): Promise<void> {
    await this.ask(`UPDATE ${TABLE} SET format = ${format}`);
  }

  async count(): Promise<number> {
    return (await this.ask(`SELECT id FROM ${TABLE}`)).length;
  }

  /** One statement, by the way that doesn't fail. */
  async ask(text: string): Promise<readonly unknown[]> {
    return (await this.#beside.kysely.executeQuery(CompiledQuery.raw(text))).rows;
  }

  async close(): Promise<void> {
    // mysql2 rejects if it finds a connection broken that it was to close.
    await this.#opened.kysely.destroy().catch(ignore);
    await this.#beside.kysely.destroy().catch(ignore);
  }

  async dispose(): Promise<void> {
    this.proxy.close();
    await this.server.dispose();
  }
}

/** One that has gone by itself meanwhile is none of our business. @returns whether there were any */
async function endEach(connection: Kysely<unknown>, endings: string): Promise<boolean> {
  const { rows } = await connection.executeQuery<{ ending: string }>(CompiledQuery.raw(endings));
  for (const { ending } of rows) await connection.executeQuery(CompiledQuery.raw(ending)).catch(ignore);
  return rows.length > 0;
}
