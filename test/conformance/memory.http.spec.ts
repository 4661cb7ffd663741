import { MemoryStore } from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { setImmediate } from 'node:timers/promises';
import { testSessionsOverHttp } from './http.suite.js';

testSessionsOverHttp('MemoryStore', () => new MemoryStore(), 1_000);

testSessionsOverHttp('MemoryStore behind promises', () => {
  const store = new ObservedStore(new MemoryStore());
  for (const method of ['get', 'touch', 'add', 'change', 'rename', 'remove'] as const) {
    store.intercept(
      method,
      async (proceed) => {
        await setImmediate();
        const answer = await proceed();
        await setImmediate();
        return answer;
      },
      Infinity,
    );
  }
  return store;
});
