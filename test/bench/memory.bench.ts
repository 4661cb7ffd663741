/** The memory store, beside a bare `Map` of the same keys. */
import { MemoryStore } from 'nestjs-http-session/core';
import { setImmediate } from 'node:timers/promises';
import { compared, medianOf } from './measure.js';
import { newKey, newRecord, TIMEOUT, TOUCH_INTERVAL } from './sessions.js';

export async function benchMemory(sessions: number): Promise<void> {
  const now = Date.now();
  const keys = Array.from({ length: sessions }, newKey);
  /** Visits every key once, in an order that no cache likes. */
  const shuffled = Array.from({ length: sessions }, (_, i) => keys[(i * 7919) % sessions] ?? '');

  const bare = new Map<string, object>();
  const bareBytes = bytesOf(() => keys.forEach((key) => bare.set(key, { key })));
  const store = new MemoryStore({ purgeInterval: '1h' });
  // Accessed throughout one idle timeout, as visitors come.
  const fill = (key: string, i: number) =>
    store.add(key, newRecord(now, Math.floor((i / sessions) * TIMEOUT)), { op: `a${i}` });
  const storeBytes = bytesOf(() => keys.forEach((key, i) => void fill(key, i)));

  const mapGet = microsecondsOf(shuffled, (key) => bare.get(key));
  const get = microsecondsOf(shuffled, (key) => store.get(key, now));
  const change = microsecondsOf(shuffled, (key, i) =>
    store.change(key, { set: new Map([['count', `${i}`]]), unset: [], op: `c${i}` }, 0),
  );
  // The first ones expire one touch interval from now, the last ones an idle timeout later.
  const tenth = await pauseOf(store, now + TOUCH_INTERVAL + TIMEOUT / 10);
  const rest = await pauseOf(store, now + TOUCH_INTERVAL + 2 * TIMEOUT);

  console.table({
    'bytes a session': compared(storeBytes / sessions, bareBytes / sessions, 0),
    'get, µs': compared(get, mapGet, 2),
    'change, µs': { store: change.toFixed(2) },
  });
  console.table({ 'a tenth expires': tenth, 'the rest expires': rest });
}

function bytesOf(fill: () => void): number {
  const before = heapUsed();
  fill();
  return heapUsed() - before;
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function microsecondsOf(keys: readonly string[], work: (key: string, index: number) => unknown): number {
  const began = process.cpuUsage();
  keys.forEach(work);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / keys.length;
}

/**
 * How long the event loop is held up, turn by turn, while everything is purged that has expired at `now`. Turns in which the
 * machine took the processor away are left out: they measure the neighbours. (The bench forces collections, after which V8's
 * sweeping threads hold up turns for some 7 ms; so it runs with --no-concurrent-sweeping.)
 */
async function pauseOf(store: MemoryStore, now: number): Promise<object> {
  globalThis.gc?.();
  const turns: number[] = [];
  let purging = true;
  const watching = (async () => {
    while (purging) {
      const began = performance.now();
      const { involuntaryContextSwitches } = process.resourceUsage();
      await setImmediate();
      const undisturbed = process.resourceUsage().involuntaryContextSwitches === involuntaryContextSwitches;
      if (undisturbed) turns.push(performance.now() - began);
    }
  })();
  const { removed } = await store.purge({ now, batchSize: 100, deadline: 60_000 });
  purging = false;
  await watching;
  return {
    removed,
    turns: turns.length,
    'median turn, ms': medianOf(turns).toFixed(2),
    'longest turn, ms': Math.max(...turns).toFixed(2),
  };
}
