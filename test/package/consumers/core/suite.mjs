/** The core in a project without Nest: nothing of it may be asked for. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire, register } from 'node:module';
import { test } from 'node:test';

/** Even if a directory above this one has them. */
register(
  'data:text/javascript,' +
    encodeURIComponent(`export function resolve(specifier, context, next) {
      if (/^(@nestjs\\/|rxjs|reflect-metadata)/.test(specifier)) throw new Error('asks for ' + specifier);
      return next(specifier, context);
    }`),
);
const { createSession, HttpSessionManager } = await import('nestjs-http-session/core');

test('login, visits and logout under node:http', async (t) => {
  const manager = new HttpSessionManager();
  const server = createServer(async (request, response) => {
    const session = await manager.get(request);
    if (request.url === '/login') await manager.add(createSession({ attrs: { count: 0 } }), response);
    else if (request.url === '/logout' && session) await manager.remove(session, response);
    else await session?.update('count', (count) => count + 1);
    response.end(String(session?.attr('count')));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await manager.close();
  });
  const url = `http://127.0.0.1:${server.address().port}`;

  const login = await fetch(`${url}/login`);
  const [cookie] = login.headers.getSetCookie()[0].split(';');
  assert.match(cookie, /^__Host-sessid=./);
  const visit = async () => (await fetch(url, { headers: { cookie } })).text();
  assert.equal(await visit(), '1');
  assert.equal(await visit(), '2');
  const logout = await fetch(`${url}/logout`, { headers: { cookie } });
  assert.match(logout.headers.getSetCookie()[0], /^__Host-sessid=; Max-Age=0;/);
  assert.equal(await visit(), 'undefined');
});

test('what is no subpath can not be reached', async () => {
  const require = createRequire(import.meta.url);
  for (const file of ['dist/index.js', 'dist/core.js', 'dist/store/redis/index.js', 'src/index.ts', 'core.js']) {
    const name = `nestjs-http-session/${file}`;
    assert.throws(() => require.resolve(name), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
    await assert.rejects(import(name), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
  }
});
