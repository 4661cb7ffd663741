import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { testProcesses } from './processes.suite.js';

/** Processes need not agree on their client. */
const CLIENTS = ['node-redis', 'ioredis'] as const;

await describeWith(Backend.REDIS, 'Four processes over one Redis', () => {
  const keyPrefix = uniqueName('processes');
  testProcesses(
    (index) => ({
      kind: 'redis',
      client: CLIENTS[index % 2] ?? 'ioredis',
      url: Backend.REDIS.url,
      keyPrefix,
    }),
    { clocks: 'any' },
  );
});
