/** The databases that SQL stores are tested on, and tables in them that no other test uses. */
import { PGlite } from '@electric-sql/pglite';
import Database from 'better-sqlite3';
import {
  CompiledQuery,
  type Dialect,
  Kysely,
  MysqlDialect,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  SqliteDialect,
} from 'kysely';
import { createPool } from 'mysql2';
import { type SqlDialectName, SqlStore, type SqlStoreOptions } from 'nestjs-http-session/sql';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { Backend, type Need, uniqueName } from './backends.js';

/** How long opening one may take on a busy machine: PGlite compiles a whole server first. */
export const OPENING_MS = 120_000;

/** Nobody has typed the tables of the tests. */
export type TestKysely = Kysely<unknown>;

/** A kind of database. */
export interface SqlDatabase {
  readonly name: string;
  readonly dialect: SqlDialectName;
  readonly needs: readonly Need[];
  /** A place where tables can be made, with nothing in the way. */
  open(): Promise<SqlPlace>;
}

/** A database that runs. */
export interface SqlPlace {
  /** As another process has it; `undefined` where only one can be. */
  connect(): TestKysely;
  /** Whether there can be a second connection. */
  readonly shared: boolean;
  close(): Promise<void>;
}

export const POSTGRES: SqlDatabase = {
  name: 'PostgreSQL',
  dialect: 'postgres',
  needs: [Backend.POSTGRES],
  open: async () =>
    serverPlace(() => new PostgresDialect({ pool: new Pool({ connectionString: Backend.POSTGRES.url, max: 8 }) })),
};

export const MARIADB: SqlDatabase = {
  name: 'MariaDB',
  dialect: 'mysql',
  needs: [Backend.MARIADB],
  open: async () => serverPlace(() => new MysqlDialect({ pool: createPool({ uri: Backend.MARIADB.url }) })),
};

export const SQLITE: SqlDatabase = {
  name: 'SQLite',
  dialect: 'sqlite',
  needs: [],
  open: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sessions-'));
    const place = serverPlace(() => new SqliteDialect({ database: openSqlite(join(directory, 'sessions.db')) }));
    return {
      ...place,
      close: async () => {
        await place.close();
        await rm(directory, { recursive: true });
      },
    };
  },
};

export const PGLITE: SqlDatabase = {
  name: 'PGlite',
  dialect: 'postgres',
  needs: [],
  open: async () => {
    const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: pgliteAsPool(new PGlite()) }) });
    return { shared: false, connect: () => kysely, close: () => kysely.destroy() };
  },
};

export const DATABASES = [POSTGRES, MARIADB, SQLITE, PGLITE] as const;

/** WAL, and no wait that would block the process. */
export function openSqlite(file: string): Database.Database {
  const database = new Database(file, { timeout: 20 });
  database.pragma('journal_mode = WAL');
  return database;
}

/** A table of sessions for one test file: made at its start, dropped at its end. */
export class SqlTable {
  readonly name: string;
  readonly kysely: TestKysely;
  readonly #place: SqlPlace;
  readonly #second: TestKysely;
  readonly database: SqlDatabase;

  private constructor(database: SqlDatabase, place: SqlPlace, name: string) {
    this.database = database;
    this.#place = place;
    this.name = name;
    this.kysely = place.connect();
    this.#second = place.shared ? place.connect() : this.kysely;
  }

  static async create(database: SqlDatabase, name = uniqueName('sessions')): Promise<SqlTable> {
    const table = new SqlTable(database, await database.open(), name);
    await table.store().migrate();
    return table;
  }

  store(options: SqlStoreOptions = {}): SqlStore {
    return new SqlStore(this.kysely, { table: this.name, purgeInterval: false, ...options });
  }

  /** As another process has it. */
  secondStore(): SqlStore {
    return new SqlStore(this.#second, { table: this.name, purgeInterval: false });
  }

  /** A further connection; it is closed with the table. */
  connect(): TestKysely {
    return this.#place.connect();
  }

  /** A store over a table without a row. */
  async emptyStore(): Promise<SqlStore> {
    await this.run(`DELETE FROM ${this.name}`);
    return this.store();
  }

  async run(text: string, kysely = this.kysely): Promise<readonly Record<string, unknown>[]> {
    const { rows } = await kysely.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text));
    return rows;
  }

  async drop(): Promise<void> {
    await this.run(`DROP TABLE IF EXISTS ${this.name}`);
    await this.#place.close();
  }
}

function serverPlace(dialect: () => Dialect): SqlPlace {
  const connections: TestKysely[] = [];
  return {
    shared: true,
    connect: () => {
      const kysely = new Kysely<unknown>({ dialect: dialect() });
      connections.push(kysely);
      return kysely;
    },
    close: async () => {
      for (const kysely of connections) await kysely.destroy();
    },
  };
}

/** Kysely's dialect for PostgreSQL takes anything that looks like the pool of `pg`: PGlite is one of one connection. */
function pgliteAsPool(pglite: PGlite): PostgresPool {
  let last = Promise.resolve();
  return {
    connect: async () => {
      const before = last;
      let release: () => void = () => undefined;
      last = new Promise((resolve) => (release = resolve));
      await before;
      const query = async (text: string, parameters: readonly unknown[]): Promise<unknown> => {
        const { rows, affectedRows } = await pglite.query(text, [...parameters]);
        return { command: /^\w+/.exec(text)?.[0]?.toUpperCase(), rowCount: affectedRows ?? 0, rows };
      };
      return { query, release } as unknown as PostgresPoolClient;
    },
    end: () => pglite.close(),
  };
}
