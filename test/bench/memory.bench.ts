/**
 * `npm run bench`: the memory store at scale, beside a bare `Map` of the same keys in the same run. Prints a table; says nothing
 * about absolute speed, which belongs to the machine. `-- --sessions=100000` for another size.
 */
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomBytes } from 'node:crypto';
import { MemoryStore, type SessionRecord } from 'nestjs-http-session/core';

const { values } = parseArgs({ options: { sessions: { type: 'string', default: '1000000' } } });
const SESSIONS = Number(values.sessions);
const TIMEOUT = 30 * 60_000;
const TOUCH_INTERVAL = 60_000;
const NOW = Date.now();

const keys = Array.from({ length: SESSIONS }, () => `${randomText(3)}.${randomText(32)}`);
/** Visits every key once, in an order that no cache likes. */
const shuffled = Array.from({ length: SESSIONS }, (_, i) => keys[(i * 7919) % SESSIONS] ?? '');

const bare = new Map<string, object>();
const bareBytes = bytesOf(() => keys.forEach((key) => bare.set(key, { key })));
const store = new MemoryStore({ purgeInterval: '1h' });
const storeBytes = bytesOf(() => keys.forEach((key, i) => void store.add(key, recordOf(i), { op: `a${i}` })));

const mapGet = microsecondsOf(() => shuffled.forEach((key) => bare.get(key)));
const get = microsecondsOf(() => shuffled.forEach((key) => store.get(key, NOW)));
const change = microsecondsOf(() =>
  shuffled.forEach((key, i) => store.change(key, { set: new Map([['count', `${i}`]]), unset: [], op: `c${i}` }, 0)),
);
// The first ones expire one touch interval from now, the last ones an idle timeout later.
const tenth = await pauseOf(NOW + TOUCH_INTERVAL + TIMEOUT / 10);
const rest = await pauseOf(NOW + TOUCH_INTERVAL + 2 * TIMEOUT);

console.table({
  sessions: { store: SESSIONS, 'bare Map': SESSIONS },
  'bytes a session': { store: Math.round(storeBytes / SESSIONS), 'bare Map': Math.round(bareBytes / SESSIONS) },
  'get, µs': { store: get.toFixed(2), 'bare Map': mapGet.toFixed(2), ratio: (get / mapGet).toFixed(2) },
  'change, µs': { store: change.toFixed(2) },
});
console.table({ 'a tenth expires': tenth, 'the rest expires': rest });

function recordOf(i: number): SessionRecord {
  return {
    format: 1,
    created: NOW,
    // Spread over one idle timeout, as visitors are.
    accessed: NOW - Math.floor((i / SESSIONS) * TIMEOUT),
    timeout: TIMEOUT,
    touchInterval: TOUCH_INTERVAL,
    ends: NOW + 30 * 24 * 3_600_000,
    version: 1,
    persistent: true,
    handle: randomText(12),
    seed: randomText(16),
    consts: '{"userName":"\\"a\\""}',
    attrs: new Map([['count', `${i}`]]),
  };
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
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

function microsecondsOf(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / SESSIONS;
}

/**
 * How long the event loop is held up, turn by turn, while everything is purged that has expired at `now`. Turns in which the
 * machine took the processor away are left out: they measure the neighbours. (The bench forces collections, after which V8's
 * sweeping threads hold up turns for some 7 ms; so it runs with --no-concurrent-sweeping.)
 */
async function pauseOf(now: number): Promise<object> {
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
  turns.sort((a, b) => a - b);
  const median = turns[Math.floor(turns.length / 2)] ?? 0;
  return {
    removed,
    turns: turns.length,
    'median turn, ms': median.toFixed(2),
    'longest turn, ms': (turns.at(-1) ?? 0).toFixed(2),
  };
}
