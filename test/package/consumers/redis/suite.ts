/** `./redis` with node-redis, and no other driver. */
import { RedisStore, type RedisStoreOptions } from 'nestjs-http-session/redis';
import { test } from 'node:test';
import { createClient } from 'redis';
import { logInAndOut } from '../shared/login.js';

const [socket = ''] = process.argv.slice(2);
const options: RedisStoreOptions = { keyPrefix: 'node-redis:' };

void test('login, visits and logout', async () => {
  const client = createClient({ socket: { path: socket, tls: false } });
  await client.connect();
  await logInAndOut(new RedisStore(client, options));
  client.destroy();
});
