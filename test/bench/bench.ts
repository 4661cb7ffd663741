/**
 * `npm run bench`: the stores at scale, beside the barest thing that the same backend can do, in the same run. Prints tables; says
 * nothing about absolute speed, which belongs to the machine.
 *
 * `-- --store=redis` or `postgres` for another one than the memory store, on REDIS_URL or POSTGRES_URL, which must be idle;
 * `-- --sessions=100000` for another size; the memory store is measured at 10,000 and 100,000 too, if that is less.
 */
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { store: { type: 'string', default: 'memory' }, sessions: { type: 'string', default: '1000000' } },
});
const sessions = Number(values.sessions);

switch (values.store) {
  case 'memory': {
    const { benchMemory } = await import('./memory.bench.js');
    await benchMemory(sessions);
    break;
  }
  case 'redis': {
    const { benchRedis } = await import('./redis.bench.js');
    await benchRedis(sessions);
    break;
  }
  case 'postgres': {
    const { benchPostgres } = await import('./postgres.bench.js');
    await benchPostgres(sessions);
    break;
  }
  default:
    throw new Error(`There is no bench of ${values.store}: memory, redis or postgres.`);
}
