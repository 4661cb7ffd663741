/** The core of the suite, against the package as it is installed. */
import 'reflect-metadata';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppModule, ForgetfulModule, StoreModule, WrongOptionModule } from './app.js';
import { openStores, waitingStores } from './stores.js';

/** A client that keeps cookies, also `Secure` ones, whatever the protocol. */
class Client {
  readonly cookies = new Map<string, string>();

  constructor(private readonly url: string) {}

  async send(method: string, path: string): Promise<{ status: number; text: string; cookies: string[] }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(this.url + path, { method, headers: { cookie } });
    const cookies = response.headers.getSetCookie();
    for (const line of cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: response.status, text: await response.text(), cookies };
  }
}

const quiet = { logger: false, abortOnError: false } as const;

function suite(adapterName: string, createAdapter: () => AbstractHttpAdapter): void {
  void test(adapterName, async (t) => {
    const app = await NestFactory.create(AppModule, createAdapter(), quiet);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    t.after(() => app.close());

    await t.test('login sets a cookie, visits are counted, nothing else sets one', async () => {
      const client = new Client(url);
      const login = await client.send('POST', '/login');
      assert.equal(login.text, 'Bob');
      assert.match(
        login.cookies.join(),
        /^__Host-sessid=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
      for (const visits of ['1', '2', '3']) {
        const visit = await client.send('GET', '/visit');
        assert.equal(visit.text, visits);
        assert.deepEqual(visit.cookies, []);
      }
      assert.equal((await client.send('GET', '/count')).text, 'Bob 3');
    });

    await t.test('update loses none of 50 overlapping increments', async () => {
      const client = new Client(url);
      await client.send('POST', '/login');
      await Promise.all(Array.from({ length: 50 }, () => client.send('GET', '/update')));
      assert.equal((await client.send('GET', '/count')).text, 'Bob 50');
    });

    await t.test('the guard answers 401 without a session', async () => {
      assert.equal((await new Client(url).send('GET', '/count')).status, 401);
    });

    await t.test('after logout the old cookie is dead', async () => {
      const client = new Client(url);
      await client.send('POST', '/login');
      const old = new Client(url);
      for (const [name, value] of client.cookies) old.cookies.set(name, value);
      await client.send('POST', '/logout');
      assert.equal(client.cookies.size, 0);
      assert.equal((await old.send('GET', '/visit')).status, 404);
      assert.equal((await old.send('GET', '/count')).status, 401);
    });

    await t.test('a named session has its own cookie and opens nothing else', async () => {
      const client = new Client(url);
      await client.send('POST', '/admin/login');
      assert.deepEqual([...client.cookies.keys()], ['__Host-sessid-admin']);
      assert.equal((await client.send('GET', '/admin')).text, 'admin');
      assert.equal((await client.send('GET', '/count')).status, 401);
    });

    for (const [name, createStore] of Object.entries(openStores)) {
      await t.test(`login, visits and logout over a ${name}`, async (t) => {
        const app = await NestFactory.create(StoreModule.over(createStore()), createAdapter(), quiet);
        await app.listen(0, '127.0.0.1');
        t.after(() => app.close());
        const client = new Client(await app.getUrl());
        await client.send('POST', '/login');
        await Promise.all(Array.from({ length: 20 }, () => client.send('GET', '/update')));
        assert.equal((await client.send('GET', '/visit')).text, '21');
        const old = new Client(await app.getUrl());
        for (const [name, value] of client.cookies) old.cookies.set(name, value);
        await client.send('POST', '/logout');
        assert.equal((await old.send('GET', '/count')).status, 401);
      });
    }

    await t.test('a route that lost its interceptor is refused at start', async () => {
      const start = NestFactory.create(ForgetfulModule, createAdapter(), quiet);
      await assert.rejects(start, { code: 'INTERCEPTOR_LOST', message: /ForgetfulController\.visit/ });
    });

    await t.test('a wrong option is refused at start', async () => {
      const start = NestFactory.create(WrongOptionModule, createAdapter(), quiet);
      await assert.rejects(start, { code: 'INVALID_OPTION', message: /"idLength" is 8; allowed: an integer of 16/ });
    });
  });
}

suite('Express', () => new ExpressAdapter());
suite('Fastify', () => new FastifyAdapter());

void test('stores take the drivers of this project before they are connected', async (t) => {
  for (const [name, createStore] of Object.entries(waitingStores)) {
    await t.test(name, async () => {
      const store = createStore();
      assert.deepEqual(store.capabilities, { shared: true, atomic: true, acknowledged: 'backend' });
      await store.close();
    });
  }
});
