/** Sessions in Redis, beside strings of the same content that the same client sets and gets. */
import { RedisStore } from 'nestjs-http-session/redis';
import { createClient } from 'redis';
import { compared, comparedIn, inParallel, measure } from './measure.js';
import { newKey, newRecord } from './sessions.js';

const PREFIX = `bench-${process.pid}:`;
const READS = 2_000;

export async function benchRedis(sessions: number): Promise<void> {
  const client = createClient({ url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379' });
  client.on('error', (error) => console.error(error));
  await client.connect();
  const usedBytes = async () => Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
  const bytesOf = async (fill: (index: number) => unknown) => {
    const before = await usedBytes();
    await inParallel(sessions, 200, fill);
    return ((await usedBytes()) - before) / sessions;
  };
  try {
    const now = Date.now();
    const store = new RedisStore(client, { keyPrefix: PREFIX });
    const keys = Array.from({ length: sessions }, newKey);
    const bareKeys = keys.map((key) => `${PREFIX}bare:${key}`);
    const storeBytes = await bytesOf((i) => store.add(keys[i] ?? '', newRecord(now), { op: `a${i}` }));
    const bareBytes = await bytesOf((i) => {
      const { attrs, ...record } = newRecord(now);
      return client.set(bareKeys[i] ?? '', JSON.stringify({ ...record, attrs: [...attrs] }), {
        expiration: { type: 'PX', value: 1_860_000 },
      });
    });
    const contenders = [
      { name: 'store', run: (i: number) => store.get(keys[(i * 7919) % sessions] ?? '', now) },
      { name: 'bare', run: (i: number) => client.get(bareKeys[(i * 7919) % sessions] ?? '') },
    ];
    const alone = await measure(contenders, READS, 1);
    const crowded = await measure(contenders, 5 * READS, 50);
    console.table({
      'bytes a session': compared(storeBytes, bareBytes, 0),
      'get, one at a time: µs to the answer': comparedIn(alone, 'latency'),
      'get, 50 at a time: µs to the answer': comparedIn(crowded, 'latency'),
      "get, 50 at a time: µs of the client's processor": comparedIn(crowded, 'cpu'),
    });
    console.log('bare: SET and GET of the same content as one JSON string. Redis collects what has expired by itself.');
  } finally {
    for await (const found of client.scanIterator({ MATCH: `${PREFIX}*`, COUNT: 10_000 })) {
      if (found.length > 0) await client.unlink(found);
    }
    client.destroy();
  }
}
