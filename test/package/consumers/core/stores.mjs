/** Stores and drivers: without an argument none is installed; with one, that driver is and no other. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const [driver] = process.argv.slice(2);
const run = promisify(execFile);
const require = createRequire(import.meta.url);

async function askedFor(name) {
  const { stdout } = await run(process.execPath, [fileURLToPath(new URL('asked-for.mjs', import.meta.url)), name]);
  return JSON.parse(stdout);
}

function offers(name, store) {
  test(`${name} is there for import and for require`, async () => {
    assert.equal(typeof (await import(name))[store], 'function');
    assert.equal(require(name)[store], (await import(name))[store]);
  });
}

const needNoDriver = { redis: 'RedisStore', cache: 'CacheStore', tiered: 'TieredStore', testing: 'ObservedStore' };
for (const [subpath, store] of Object.entries(needNoDriver)) {
  const name = `nestjs-http-session/${subpath}`;
  offers(name, store);
  test(`${name} asks for no driver`, async () => {
    assert.deepEqual(await askedFor(name), []);
  });
}

const sql = 'nestjs-http-session/sql';
if (driver === 'kysely') {
  offers(sql, 'SqlStore');
  test(`${sql} asks for Kysely only`, async () => {
    assert.deepEqual(await askedFor(sql), ['kysely']);
  });
} else {
  test(`${sql} says that Kysely is missing`, async () => {
    await assert.rejects(import(sql), { code: 'ERR_MODULE_NOT_FOUND', message: /'kysely'/ });
  });
}
