/** A database of its own at a shared server: for programs that aren't told how to name their tables. */
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { Backend, uniqueName } from '../support/backends.js';

export class OwnDatabase {
  readonly url: string;
  readonly #backend: Backend;
  readonly #name: string;

  private constructor(backend: Backend, name: string) {
    this.#backend = backend;
    this.#name = name;
    const url = new URL(backend.url);
    url.pathname = `/${name}`;
    this.url = url.href;
  }

  /** @param backend - PostgreSQL or MariaDB */
  static async create(backend: Backend): Promise<OwnDatabase> {
    const name = uniqueName('sample');
    await ask(backend, `CREATE DATABASE ${name}`);
    return new OwnDatabase(backend, name);
  }

  /** Whoever uses it has closed its connections. */
  async drop(): Promise<void> {
    await ask(this.#backend, `DROP DATABASE ${this.#name}`);
  }
}

async function ask(backend: Backend, statement: string): Promise<void> {
  if (backend === Backend.MARIADB) {
    const connection = await createConnection(backend.url);
    await connection.query(statement);
    await connection.end();
  } else {
    const client = new Client({ connectionString: backend.url });
    await client.connect();
    await client.query(statement);
    await client.end();
  }
}
