/** `./redis` with ioredis, and no other driver. */
import { Redis } from 'ioredis';
import { RedisStore, type RedisStoreOptions } from 'nestjs-http-session/redis';
import { test } from 'node:test';
import { logInAndOut } from '../shared/login.js';

const [socket = ''] = process.argv.slice(2);
const options: RedisStoreOptions = { keyPrefix: 'ioredis:' };

void test('login, visits and logout', async () => {
  const client = new Redis({ path: socket, autoResendUnfulfilledCommands: false });
  await logInAndOut(new RedisStore(client, options));
  client.disconnect();
});
