import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { testProcesses } from './processes.suite.js';

await describeWith([Backend.REDIS, Backend.POSTGRES], 'Four processes over a Redis before a PostgreSQL', () => {
  const name = uniqueName('processes');
  testProcesses(() => ({
    kind: 'tiered',
    cache: { kind: 'redis', client: 'node-redis', url: Backend.REDIS.url, keyPrefix: name },
    durable: { kind: 'postgres', url: Backend.POSTGRES.url, table: name },
  }));
});
