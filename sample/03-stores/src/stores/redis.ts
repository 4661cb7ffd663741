/** STORE=redis: sessions in Redis, by node-redis. */
import { RedisStore } from 'nestjs-http-session/redis';
import { createClient } from 'redis';
import { Connection } from '../connection.js';
import { REDIS } from '../servers.js';

export async function connect(): Promise<Connection> {
  // A command that Redis can't get now fails now: the request is answered 503, and nothing is done later behind its back.
  const client = createClient({ url: REDIS.url, disableOfflineQueue: true });
  // Without a listener a lost connection would end the process. The client connects again by itself.
  client.on('error', ({ message }: Error) => console.warn(`Redis: ${message}`));
  await client.connect();
  return new Connection(new RedisStore(client, { keyPrefix: 'sample-03:' }), () => client.close());
}
