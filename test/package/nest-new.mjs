/** What the application of nest-new.sh answers. The current directory is its own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

/** A client that keeps the one cookie. */
class Client {
  cookie = '';
  #origin;

  constructor(origin, cookie = '') {
    this.#origin = origin;
    this.cookie = cookie;
  }

  copy() {
    return new Client(this.#origin, this.cookie);
  }

  async send(method, path, body) {
    const headers = { cookie: this.cookie, ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(this.#origin + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const [cookie] = response.headers.getSetCookie();
    if (cookie) this.cookie = /Max-Age=0/.test(cookie) ? '' : cookie.split(';', 1).join();
    return { status: response.status, text: await response.text() };
  }
}

for (const platform of ['express', 'fastify']) {
  void test(`visits are counted on ${platform}`, async (t) => {
    const client = new Client(await start(t, 'visits', platform));
    for (const visit of [1, 2, 3]) assert.equal((await client.send('GET', '/')).text, `Visit number ${visit}`);
    assert.match(client.cookie, /^__Host-sessid=./);
  });

  void test(`login and logout work on ${platform}`, async (t) => {
    const client = new Client(await start(t, 'account', platform));
    assert.equal((await client.send('GET', '/')).text, 'Hello stranger!');
    assert.equal((await client.send('POST', '/login', { userName: 'Bob', password: 'b' })).status, 401);
    assert.equal((await client.send('POST', '/login', { userName: 'Bob', password: 'a' })).status, 201);
    assert.equal((await client.send('GET', '/account')).text, 'The account of Bob');
    const old = client.copy();
    await client.send('POST', '/logout');
    assert.equal(client.cookie, '');
    assert.equal((await old.send('GET', '/account')).status, 401);
  });
}

/** Runs a program of the application until the test ends. */
async function start(t, name, platform) {
  const program = `${name}-${platform}`;
  const port = await freePort();
  const server = spawn(process.execPath, [`dist/${program}.js`], {
    env: { ...process.env, PORT: port },
    stdio: 'inherit',
  });
  const exit = once(server, 'exit');
  t.after(async () => {
    server.kill();
    await exit;
  });
  const origin = `http://localhost:${port}`;
  for (let attempt = 0; server.exitCode === null && attempt < 300; attempt++) {
    try {
      const { headers } = await fetch(origin);
      assert.equal(headers.get('x-powered-by'), platform === 'express' ? 'Express' : null);
      return origin;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      await pause(100);
    }
  }
  throw new Error(`${program} does not serve`);
}

async function freePort() {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
