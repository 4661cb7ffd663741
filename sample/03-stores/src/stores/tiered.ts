/** STORE=tiered: sessions in PostgreSQL, copies of them in Redis. */
import { TieredStore } from 'nestjs-http-session/tiered';
import { Connection } from '../connection.js';
import { connect as connectPostgres } from './postgres.js';
import { connect as connectRedis } from './redis.js';

export async function connect(): Promise<Connection> {
  const cache = await connectRedis();
  const durable = await connectPostgres();
  const store = new TieredStore({ cache: cache.store, durable: durable.store });
  return new Connection(store, async () => {
    await cache.onApplicationShutdown();
    await durable.onApplicationShutdown();
  });
}
