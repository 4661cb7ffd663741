/** Counted on the wire, not in mocks: what requests cost, behind a real Nest application, as a proxy before the database sees it. */
import { Controller, Get, Param, Post } from '@nestjs/common';
import { type Dialect, Kysely, MysqlDialect, PostgresDialect } from 'kysely';
import { createPool } from 'mysql2';
import { Sess, SessCtx, Session, SessionContext } from 'nestjs-http-session';
import { SqlStore } from 'nestjs-http-session/sql';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client, PLATFORMS, startApp } from '../e2e/harness.js';
import { Backend, describeWith } from '../support/backends.js';
import { MARIADB, POSTGRES, SqlTable } from '../support/sql.databases.js';
import { TcpProxy } from '../support/tcp.proxy.js';

@Controller()
class TripsController {
  @Post('login')
  async login(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.add({ attrs: { count: 1 } });
  }

  @Post('login/:principal')
  async loginOf(@SessCtx() ctx: SessionContext, @Param('principal') principal: string): Promise<void> {
    await ctx.add({ principal, labels: { device: 'phone' }, attrs: { count: 1 } });
  }

  @Post('logout')
  async logout(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.remove();
  }

  @Post('rotate')
  async rotate(@SessCtx() ctx: SessionContext): Promise<void> {
    await ctx.rotate();
  }

  @Get('read')
  read(@Sess() session?: Session): object {
    return { count: session?.attr('count') ?? null };
  }

  @Post('change')
  change(@Sess() session: Session): void {
    session.setAttr('count', Number(session.attr('count')) + 1);
    session.setAttr('more', 'x');
  }

  @Post('update')
  async update(@Sess() session: Session): Promise<void> {
    await session.update('count', (count: number) => count + 1);
  }
}

const CASES: readonly [typeof POSTGRES, Backend, (url: string) => Dialect][] = [
  [POSTGRES, Backend.POSTGRES, (url) => new PostgresDialect({ pool: new Pool({ connectionString: url, max: 1 }) })],
  [MARIADB, Backend.MARIADB, (url) => new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: 1 }) })],
];

for (const [database, backend, dialectAt] of CASES) {
  for (const platform of PLATFORMS) {
    await describeWith(database.needs, `Round trips to ${database.name} on ${platform}`, () => {
      let table: SqlTable;
      let proxy: TcpProxy;
      let kysely: Kysely<unknown>;

      beforeAll(async () => {
        table = await SqlTable.create(database);
        proxy = await TcpProxy.start(backend.url);
        kysely = new Kysely({ dialect: dialectAt(proxy.url) });
      });
      afterAll(async () => {
        await kysely.destroy();
        proxy.close();
        await table.drop();
      });

      async function start(): Promise<Client> {
        const store = new SqlStore(kysely, { table: table.name, purgeInterval: false });
        const app = await startApp(platform, { session: { store }, controllers: [TripsController] });
        // Afterwards the connection is open, and what the store looks at when it starts was looked at.
        await app.client().post('/login');
        return app.client();
      }

      async function tripsOf(request: () => Promise<{ status: number }>): Promise<number> {
        const recording = proxy.record();
        expect((await request()).status).toBeLessThan(300);
        recording.stop();
        return recording.roundTrips;
      }

      it('a login takes one, and one more over a session that there is', async () => {
        const client = await start();
        expect(await tripsOf(() => client.post('/login'))).toBe(1);
        expect(await tripsOf(() => client.post('/login'))).toBe(2);
      });

      it('a request that only reads takes one', async () => {
        const client = await start();
        await client.post('/login');
        expect(await tripsOf(() => client.get('/read'))).toBe(1);
      });

      it('a request that changes attributes takes two, however many', async () => {
        const client = await start();
        await client.post('/login');
        expect(await tripsOf(() => client.post('/change'))).toBe(2);
        expect((await client.get('/read')).json()).toEqual({ count: 2 });
      });

      it('an update takes two', async () => {
        const client = await start();
        await client.post('/login');
        expect(await tripsOf(() => client.post('/update'))).toBe(2);
      });

      it('a rotation takes two, and requests after it no more than before', async () => {
        const client = await start();
        await client.post('/login');
        expect(await tripsOf(() => client.post('/rotate'))).toBe(2);
        expect(await tripsOf(() => client.get('/read'))).toBe(1);
      });

      it('a logout takes two', async () => {
        const client = await start();
        await client.post('/login');
        expect(await tripsOf(() => client.post('/logout'))).toBe(2);
      });

      it('a principal’s session takes no more', async () => {
        const client = await start();
        expect(await tripsOf(() => client.post('/login/me'))).toBe(1);
        expect(await tripsOf(() => client.get('/read'))).toBe(1);
        expect(await tripsOf(() => client.post('/change'))).toBe(2);
        expect(await tripsOf(() => client.post('/update'))).toBe(2);
        expect(await tripsOf(() => client.post('/rotate'))).toBe(2);
        expect(await tripsOf(() => client.get('/read'))).toBe(1);
        expect(await tripsOf(() => client.post('/login/me'))).toBe(2);
        expect(await tripsOf(() => client.post('/logout'))).toBe(2);
      });

      it('a request without a cookie, or with one that is no id, takes none', async () => {
        const client = await start();
        expect(await tripsOf(() => client.get('/read'))).toBe(0);
        expect(await tripsOf(() => client.get('/read', { headers: { cookie: '__Host-sessid=x' } }))).toBe(0);
      });
    });
  }
}
