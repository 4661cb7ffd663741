/** A process with a CacheStore on a Redis: it makes calls as it is told, and waits within them where it is told. */
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheStore } from 'nestjs-http-session/cache';
import type { SessionRecord } from 'nestjs-http-session/core';
import { randomUUID } from 'node:crypto';
import type { Call, Command, Report } from './protocol.js';

const [url, namespace] = process.argv.slice(2);

const report = (message: Report): void => void process.send?.(message);

let release: () => void = () => undefined;
let writesLeft = Infinity;

/** Where the store's calls reach the backend. */
class StoppableAdapter extends KeyvRedis<unknown> {
  override async set(key: string, value: string, ttl?: number): Promise<void> {
    await mayStop();
    await super.set(key, value, ttl);
  }

  override async delete(key: string): Promise<boolean> {
    await mayStop();
    return super.delete(key);
  }
}

async function mayStop(): Promise<void> {
  if (--writesLeft !== 0) return;
  report({ tells: 'waits' });
  await new Promise<void>((resolve) => (release = resolve));
}

const adapter = new StoppableAdapter(url, { throwOnErrors: true });
const keyv = new Keyv({ store: adapter, namespace: namespace ?? '', throwOnErrors: true });
const store = new CacheStore(createCache({ stores: [keyv] }));

async function make(call: Call): Promise<unknown> {
  const now = Date.now();
  const op = randomUUID();
  switch (call.method) {
    case 'add':
      return store.add(call.key, principalsRecord(call.handle, now), { op });
    case 'change':
      return store.change(call.key, { set: new Map([[call.attr, '1']]), unset: [], op }, now);
    case 'update': {
      const found = await store.get(call.key, now);
      if (!found || !('record' in found)) return 'gone';
      const { version, attrs } = found.record;
      const count = String(Number(attrs.get('count') ?? 0) + 1);
      return store.change(call.key, { set: new Map([['count', count]]), unset: [], ifVersion: version, op }, now);
    }
    case 'touch':
      return store.touch(call.key, now + 1_000);
    case 'remove':
      return store.remove(call.key);
    case 'rename':
      return store.rename(call.key, call.to, { op, now, forwardUntil: now + 60_000, graceUntil: 0 });
  }
}

function principalsRecord(handle: string, now: number): SessionRecord {
  const times = { created: now, accessed: now, timeout: 60_000, touchInterval: 0, ends: null };
  const rest = { version: 1, persistent: true, seed: 'seed', consts: '{}', attrs: new Map<string, string>() };
  return { format: 1, ...times, ...rest, principal: 'a', handle };
}

process.on('message', (command: Command) => {
  if (command.does === 'release') release();
  else if (command.does === 'end') {
    process.disconnect();
    void keyv.disconnect();
  } else {
    writesLeft = command.stopBefore ?? Infinity;
    void make(command.call).then((answer) => report({ tells: 'answer', answer }));
  }
});
report({ tells: 'ready' });
