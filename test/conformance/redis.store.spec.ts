import { afterAll } from 'vitest';
import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { removeKeys, SINGLE_CLIENTS } from '../support/redis.clients.js';
import { testRedisStore } from './redis.suite.js';

for (const [name, open] of Object.entries(SINGLE_CLIENTS)) {
  await describeWith(Backend.REDIS, `RedisStore over ${name}`, () => {
    const prefix = uniqueName('kit');
    afterAll(() => removeKeys(Backend.REDIS.url, `*${prefix}:*`));

    testRedisStore(() => open([Backend.REDIS.url]), prefix);
  });
}
