import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { createSession, HttpSessionManager } from 'nestjs-http-session/core';
import { SqlStore } from 'nestjs-http-session/sql';
import { createExchange } from 'nestjs-http-session/testing';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Backend, describeWith } from '../support/backends.js';
import { BuiltPackage } from '../support/built.package.js';
import { CookieClient } from '../support/cookie.client.js';
import { MarkdownPage } from '../support/markdown.page.js';
import { runShell } from '../support/shell.js';
import { OwnDatabase } from '../support/own.database.js';
import { StartedProgram } from './started.program.js';

const STORES = [
  { store: 'sqlite', needs: [] },
  { store: 'redis', needs: [Backend.REDIS] },
  { store: 'postgres', needs: [Backend.POSTGRES] },
  { store: 'mariadb', needs: [Backend.MARIADB] },
  { store: 'cache', needs: [Backend.REDIS] },
  { store: 'tiered', needs: [Backend.REDIS, Backend.POSTGRES] },
];

// Most tests start programs, of two processes each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let built: BuiltPackage;
beforeAll(async () => {
  built = await BuiltPackage.build();
  await Promise.all(['sample/01-demo/src', 'sample/03-stores/src'].map((sources) => built.compile(sources)));
});
afterAll(() => built?.remove());

/** Starts both processes. */
function start(env: Record<string, string>): Promise<StartedProgram> {
  return StartedProgram.start(built.fileOf('sample/03-stores/src/main'), { NODE_ENV: 'development', ...env });
}

/** Starts them for one test. */
async function startForNow(env: Record<string, string>): Promise<StartedProgram> {
  const program = await start(env);
  onTestFinished(async () => void (await program.stop()));
  return program;
}

/** Where the two processes serve. */
function originsOf({ origins }: StartedProgram): [string, string] {
  const [one = '', two = ''] = origins;
  return [one, two];
}

/** Resolves when nobody serves there any more. */
async function untilSilent(origins: readonly string[]): Promise<void> {
  for (const origin of origins) while (await isHeard(origin)) await setTimeout(20);
}

/** By a connection of its own: one that is kept alive, and asked again and again, keeps a server from closing. */
async function isHeard(origin: string): Promise<boolean> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const LOGIN = { Login: 'Login', UserName: 'Bob', Password: 'a' };

/** A browser: what it got from one port it sends to the other one too. */
class Visitor {
  #cookies: ReadonlyMap<string, string>;

  constructor(cookies: ReadonlyMap<string, string> = new Map()) {
    this.#cookies = cookies;
  }

  /** Another one with the same cookies. */
  copy(): Visitor {
    return new Visitor(this.#cookies);
  }

  async page(origin: string): Promise<string> {
    return (await this.#ask(origin, (client) => client.get('/demo'))).text();
  }

  async login(origin: string): Promise<number> {
    const form = await this.#fillIn(origin, LOGIN);
    return (await this.#ask(origin, (client) => client.post('/demo', form))).status;
  }

  async logout(origin: string): Promise<number> {
    const form = await this.#fillIn(origin, { Logout: 'Logout' });
    return (await this.#ask(origin, (client) => client.post('/demo', form))).status;
  }

  /** Sends the form when `meanwhile` is over, with a request that has begun before. */
  async loginAfter(origin: string, meanwhile: () => Promise<void>): Promise<number> {
    const body = new URLSearchParams(await this.#fillIn(origin, LOGIN)).toString();
    const sent = request(`${origin}/demo`, {
      method: 'POST',
      agent: false,
      headers: {
        cookie: Array.from(this.#cookies, (pair) => pair.join('=')).join('; '),
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': body.length,
        expect: '100-continue',
      },
    });
    sent.flushHeaders();
    await once(sent, 'continue');
    await meanwhile();
    sent.end(body);
    const [{ statusCode = 0, headers }] = (await once(sent, 'response')) as [IncomingMessage];
    const [, name = '', value = ''] = /^(\w+)=([^;]+)/.exec(headers['set-cookie']?.[0] ?? '') ?? [];
    this.#cookies = new Map([...this.#cookies, [name, value]]);
    return statusCode;
  }

  async #fillIn(origin: string, form: Record<string, string>): Promise<Record<string, string>> {
    const [, token = 'none'] = / name="FormToken" value="([\w-]+)"/.exec(await this.page(origin)) ?? [];
    return { ...form, FormToken: token };
  }

  async #ask(origin: string, ask: (client: CookieClient) => Promise<Response>): Promise<Response> {
    const client = new CookieClient(origin, this.#cookies);
    const response = await ask(client);
    this.#cookies = client.cookies;
    return response;
  }
}

for (const { store, needs } of STORES) {
  await describeWith(needs, `sample 03-stores with STORE=${store}`, () => {
    const env: Record<string, string> = { STORE: store, REDIS_URL: Backend.REDIS.url };
    const databases: OwnDatabase[] = [];
    let program: StartedProgram;
    let visitor: Visitor;

    beforeAll(async () => {
      env['SQLITE_FILE'] = built.fileOf(`${store}.sqlite`);
      for (const backend of [Backend.POSTGRES, Backend.MARIADB].filter((one) => needs.includes(one))) {
        const database = await OwnDatabase.create(backend);
        databases.push(database);
        env[backend === Backend.POSTGRES ? 'POSTGRES_URL' : 'MARIADB_URL'] = database.url;
      }
      program = await start(env);
    });
    afterAll(async () => {
      await program?.stop();
      for (const database of databases) await database.drop();
    });

    beforeEach(() => {
      visitor = new Visitor();
    });
    // Nothing is left at a server that others use too.
    afterEach(() => visitor.logout(originsOf(program)[0]));

    it('is logged in on both ports after a login on one, and on none after a logout on the other', async () => {
      const [one, two] = originsOf(program);
      expect(await visitor.login(one)).toBe(303);
      expect(await visitor.page(two)).toContain('Hello Bob! Since login you visited 1 times!');
      expect(await visitor.page(one)).toContain('Hello Bob! Since login you visited 2 times!');
      const old = visitor.copy();
      expect(await visitor.logout(two)).toBe(303);
      for (const who of [visitor, old]) {
        for (const origin of [one, two]) expect(await who.page(origin)).toContain('name="Login"');
      }
    });

    // cache-manager has no compare-and-set: of visits that meet in two processes one may be lost.
    if (store !== 'cache') {
      it('counts visits of both ports at once, and loses none', async () => {
        const [one, two] = originsOf(program);
        await visitor.login(one);
        await Promise.all(Array.from({ length: 20 }, (_, visit) => visitor.page(visit % 2 ? one : two)));
        expect(await visitor.page(two)).toContain('you visited 21 times!');
      });
    }

    it('answers what has begun before it ends, and finds the session when both processes are started again', async () => {
      const origins = originsOf(program);
      let ended: Promise<unknown> | undefined;
      const status = await visitor.loginAfter(origins[0], async () => {
        ended = program.stop();
        await untilSilent(origins);
      });
      expect(status).toBe(303);
      expect(await ended).toBe(0);
      expect(program.output.trim().split('\n')).toEqual([
        expect.stringMatching(/^Session demo over STORE=\w+, in two processes: \S+:\d+\/demo and \S+:\d+\/demo$/),
        expect.stringContaining('Log out on the other'),
      ]);
      program = await start(env);
      for (const origin of originsOf(program)) expect(await visitor.page(origin)).toContain('Hello Bob!');
    });
  });
}

describe('sample 03-stores', () => {
  it('does with curl what its README says', async () => {
    const [one, two] = originsOf(
      await startForNow({ SQLITE_FILE: built.fileOf('readme.sqlite'), PURGE_SECRET: 'example' }),
    );
    const readme = new MarkdownPage('sample/03-stores/README.md');
    const lines = readme.blocks.filter(({ code }) => code.includes('curl ')).map(({ code }) => code);
    const said = await runShell(lines.join('\n').replaceAll('http://localhost:3001', two), one);
    expect(said.split('\n').map((line) => line.replaceAll(/<[^>]*>/g, '').trim())).toEqual([
      'Hello Bob! Since login you visited 1 times!',
      'Hello Bob! Since login you visited 2 times!',
      "Hint: use 'a'",
      "Hint: use 'a'",
      '{"completed":true,"removed":0}',
    ]);
  });

  it('purges step by step, and tells when it is done, whoever knows the secret', async () => {
    const SQLITE_FILE = built.fileOf('purge.sqlite');
    await addExpired(100, SQLITE_FILE);
    const program = await startForNow({ SQLITE_FILE, PURGE_SECRET: 'a secret', PURGE_BATCH: '1', PURGE_DEADLINE: '1' });
    const client = new CookieClient(originsOf(program)[0]);
    const purge = (authorization: string) => client.post('/purge', {}, { authorization });
    for (const wrong of ['', 'Bearer', 'Bearer ', 'Bearer a secre', 'Bearer a secret ever', 'a secret']) {
      expect({ wrong, status: (await purge(wrong)).status }).toEqual({ wrong, status: 401 });
    }
    const answers: { status: number; completed: boolean; removed: number }[] = [];
    do {
      const response = await purge('Bearer a secret');
      answers.push({
        status: response.status,
        ...((await response.json()) as { completed: boolean; removed: number }),
      });
    } while (answers.at(-1)?.status === 202);
    expect(answers[0]).toMatchObject({ status: 202, completed: false });
    expect(answers.at(-1)).toMatchObject({ status: 200, completed: true });
    expect(answers.reduce((sum, { removed }) => sum + removed, 0)).toBe(100);
  });

  it('has no purge route if the secret is empty', async () => {
    const [one] = originsOf(await startForNow({ SQLITE_FILE: built.fileOf('no-purge.sqlite'), PURGE_SECRET: '' }));
    for (const authorization of ['', 'Bearer', 'Bearer undefined']) {
      expect((await new CookieClient(one).post('/purge', {}, { authorization })).status).toBe(404);
    }
  });

  it('leaves no process behind when the one that started them is killed', async () => {
    const program = await startForNow({ SQLITE_FILE: built.fileOf('killed.sqlite') });
    await program.stop('SIGKILL');
    await untilSilent(originsOf(program));
  });

  it.each([
    [{ STORE: 'memory' }, 'There is no STORE=memory. There are sqlite, redis, postgres, mariadb, cache, tiered.'],
    [
      { STORE: 'redis', REDIS_URL: 'redis://:geheim@127.0.0.1:1' },
      'No redis answers at 127.0.0.1:1. Set REDIS_URL, or',
    ],
    [{ STORE: 'postgres', POSTGRES_URL: 'postgres://u:geheim@127.0.0.1:1/d' }, 'Set POSTGRES_URL, or'],
    [{ STORE: 'mariadb', MARIADB_URL: 'mysql://u:geheim@127.0.0.1:1/d' }, 'Set MARIADB_URL, or'],
  ])('says what to do, and ends, with %o', async (env: Record<string, string>, advice) => {
    const failure: unknown = await startForNow(env).catch((error: unknown) => error);
    expect(String(failure)).toContain(advice);
    expect(String(failure)).not.toContain('geheim');
  });

  it('looks for servers where its compose.yaml has them', () => {
    const compose = readFileSync(new URL('../../sample/03-stores/compose.yaml', import.meta.url), 'utf8');
    const ports = Array.from(compose.matchAll(/127\.0\.0\.1:(\d+):\1'/g), ([, port]) => Number(port));
    expect(ports).toEqual([6379, 5432, 3306]);
  });
});

/** Sessions that ended yesterday. */
async function addExpired(count: number, file: string): Promise<void> {
  const database = new Kysely({ dialect: new SqliteDialect({ database: new Database(file) }) });
  const store = new SqlStore(database, { table: 'sample_03_session' });
  await store.migrate();
  const yesterday = Date.now() - 86_400_000;
  const sessions = new HttpSessionManager({ store, clock: () => yesterday });
  for (let added = 0; added < count; added++) await sessions.add(createSession(), createExchange().response);
  await sessions.close();
  await database.destroy();
}
