/** An application that is closed and made anew, as hot module replacement does it: in one process, with the same classes. */
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { MemoryStore, SessionModule } from 'nestjs-http-session';
import { SqlStore } from 'nestjs-http-session/sql';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp } from './harness.js';

describe.each(PLATFORMS)('An application that is made anew in its process, on %s,', (platform) => {
  async function directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'sessions-'));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  it('has its sessions over a file of SQLite', async () => {
    const file = join(await directory(), 'sessions.sqlite');
    const start = async () => {
      const database = new Kysely<object>({ dialect: new SqliteDialect({ database: new Database(file) }) });
      onTestFinished(() => database.destroy());
      const store = new SqlStore(database);
      await store.migrate();
      return startApp(platform, { session: { store }, controllers: [BasicsController] });
    };
    const first = await start();
    const client = first.client();
    await client.post('/login', { body: { attrs: { who: 'ann' } } });
    await first.app.close();

    const second = await start();
    const headers = { cookie: client.cookieHeader };
    expect((await second.client().get('/attrs', { headers })).json()).toEqual({ attrs: { who: 'ann' } });
  });

  it('has none over a MemoryStore: the old cookie opens nothing, and the next login replaces it', async () => {
    const start = () => startApp(platform, { controllers: [BasicsController] });
    const first = await start();
    const client = first.client();
    await client.post('/login');
    await first.app.close();

    const second = await start();
    const returning = second.client();
    for (const [name, value] of client.jar) returning.jar.set(name, value);
    const answer = await returning.get('/attrs');
    expect([answer.status, answer.json(), answer.setCookies]).toEqual([200, { attrs: null }, []]);
    await returning.post('/login', { body: { attrs: { who: 'ann' } } });
    expect(returning.jar.size).toBe(1);
    expect((await returning.get('/attrs')).json()).toEqual({ attrs: { who: 'ann' } });
  });

  it('has them over a MemoryStore that outlives it, closed or not', async () => {
    const store = new MemoryStore();
    const start = () => startApp(platform, { session: { store }, controllers: [BasicsController] });
    const first = await start();
    const client = first.client();
    await client.post('/login', { body: { attrs: { who: 'ann' } } });
    await first.app.close();

    const second = await start();
    const headers = { cookie: client.cookieHeader };
    expect((await second.client().get('/attrs', { headers })).json()).toEqual({ attrs: { who: 'ann' } });
    expect((await second.client().post('/logout', { headers })).status).toBe(204);
    expect((await second.client().get('/attrs', { headers })).json()).toEqual({ attrs: null });
  });

  it('takes the same module object again', async () => {
    const sessions = SessionModule.forRoot({ logger: false });
    for (const round of [1, 2]) {
      const app = await startApp(platform, { session: false, imports: [sessions], controllers: [BasicsController] });
      const client = app.client();
      await client.post('/login', { body: { attrs: { round } } });
      expect((await client.get('/attrs')).json()).toEqual({ attrs: { round } });
      await app.app.close();
    }
  });
});
