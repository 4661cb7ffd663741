/**
 * What sessions cost Redis: memory, and for each verb its processor, its network and its log. Beside strings of the same content
 * that the same client sets and gets.
 */
import type { SessionRecord } from 'nestjs-http-session/core';
import { RedisStore } from 'nestjs-http-session/redis';
import { createClient } from 'redis';
import { type Counters, inParallel, measureCounters } from './measure.js';
import { redisCounters, redisServer, usedMemory } from './redis.counters.js';
import { rounded } from './results.js';
import { newKey } from './sessions.js';
import { jsonOf, recordsOf, type SessionSize, SIZES, successorOf, UNPACKED } from './sized.sessions.js';
import { type Member, Population, STRIDE, verbsOf } from './store.verbs.js';

/** As long as the store's own: its length is part of every key. */
const PREFIX = `b${(process.pid % 36 ** 3).toString(36).padStart(3, '0')}:`;
/** As long as the store lets Redis keep a session of half an hour. */
const TIME_TO_LIVE_MS = 1_920_000;
const ROUNDS = 9;
/** Of each contender in a round, with many under way. */
const MOST_OPERATIONS = 10_000;
const MANY = 50;
/** Of each contender in a round, one after the other. */
const ALONE_OPERATIONS = 500;
/** How many sessions are written as often as they remember, and then renamed, to see how much they grow. */
const MOST_WRITTEN = 20_000;
const REMEMBERED_OPS = 8;

type Client = ReturnType<typeof newClient>;

/** Bytes of a session, and what one operation costs, by its name: `cpu` is the server's, `client` the bench's. */
export interface RedisFigures {
  readonly sessions: number;
  readonly memory: Counters;
  readonly operations: Readonly<Record<string, Counters>>;
}

export interface RedisResults {
  readonly server: string;
  /** Whether it keeps a log; writing that is part of what operations cost then. */
  readonly appendonly: boolean;
  readonly sizes: Readonly<Record<string, RedisFigures>>;
}

/** @param sessions - of the smallest size; of larger ones there are fewer */
export async function benchRedis(sessions: number): Promise<RedisResults> {
  const client = newClient();
  client.on('error', (error) => console.error(error));
  await client.connect();
  try {
    const sizes: Record<string, RedisFigures> = {};
    for (const size of SIZES) {
      const figures = await figuresOf(client, size, Math.round(sessions * size.share));
      print(size, figures);
      sizes[size.name] = figures;
    }
    return { ...(await redisServer(client)), sizes };
  } finally {
    await clear(client);
    client.destroy();
  }
}

function newClient() {
  return createClient({ url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379' });
}

async function figuresOf(client: Client, size: SessionSize, sessions: number): Promise<RedisFigures> {
  const now = Date.now();
  const store = new RedisStore(client, { keyPrefix: PREFIX });
  const members: Member[] = Array.from({ length: sessions }, () => ({ key: newKey(), accessed: now }));
  const newRecord = recordsOf(size);
  const text = jsonOf(newRecord(now));
  const bareKeys = members.map(({ key }) => `${PREFIX}bare:${key}`);
  const setBare = (key = '') => client.set(key, text, { expiration: { type: 'PX', value: TIME_TO_LIVE_MS } });

  const memory = {
    ...(size === SIZES[0] && { unpacked: await bytesOfUnpacked(client, store, sessions) }),
    ...(await bytesOfSessions(client, store, members, newRecord)),
    bare: await bytesOf(client, sessions, (index) => setBare(bareKeys[index])),
  };

  const population = new Population(members);
  const verbs = verbsOf(
    store,
    { read: population, touched: population, changed: population, moved: population },
    newRecord,
  );
  let at = 0;
  const nextBare = () => bareKeys[(at++ * STRIDE) % sessions] ?? '';
  const contenders = [
    ...verbs,
    { name: 'bare GET', run: () => client.get(nextBare()) },
    { name: 'bare SET', run: () => setBare(nextBare()) },
    { name: 'bare GETEX', run: () => client.getEx(nextBare(), { type: 'PX', value: TIME_TO_LIVE_MS }) },
  ];
  const read = () => redisCounters(client);
  const operations = Math.min(MOST_OPERATIONS, Math.ceil(sessions / 5));
  const many = await measureCounters(contenders, { operations, concurrency: MANY, rounds: ROUNDS }, read);
  const alone = await measureCounters(
    contenders,
    { operations: Math.min(ALONE_OPERATIONS, operations), concurrency: 1, rounds: ROUNDS },
    read,
  );
  await clear(client);
  const figures = contenders.map(({ name }) => {
    const cpuAlone = alone.get(name)?.['cpu'] ?? NaN;
    return [name, rounded({ ...many.get(name), cpuAlone })] as const;
  });
  return { sessions, memory: rounded(memory), operations: Object.fromEntries(figures) };
}

/** Stores the sessions, and writes to some. */
async function bytesOfSessions(
  client: Client,
  store: RedisStore,
  members: readonly Member[],
  newRecord: (now: number) => SessionRecord,
): Promise<Counters> {
  const session = await bytesOf(client, members.length, (index) => add(store, members[index], newRecord));
  const written = members.slice(0, MOST_WRITTEN);
  const growth = await bytesOf(client, written.length, async (index) => {
    const { key, accessed } = written[index] ?? NOBODY;
    for (let time = 1; time < REMEMBERED_OPS; time++) {
      await store.change(key, { set: new Map([['count', '2']]), unset: [], op: `change${index}-${time}` }, accessed);
    }
  });
  const forward = await bytesOf(client, written.length, async (index) => {
    const member = written[index] ?? NOBODY;
    const { key: from, accessed: now } = member;
    member.key = successorOf(from);
    await store.rename(from, member.key, { op: `rename${index}`, now, forwardUntil: now + 60_000, graceUntil: 0 });
  });
  return { session, written: session + growth, forward };
}

/** The same attributes in one, which is longer than Redis packs. */
async function bytesOfUnpacked(client: Client, store: RedisStore, sessions: number): Promise<number> {
  const now = Date.now();
  const newRecord = recordsOf(UNPACKED);
  const bytes = await bytesOf(client, sessions, () => add(store, { key: newKey(), accessed: now }, newRecord));
  await clear(client);
  return bytes;
}

const NOBODY: Member = { key: '', accessed: 0 };

function add(store: RedisStore, { key, accessed } = NOBODY, newRecord: (now: number) => SessionRecord): unknown {
  return store.add(key, newRecord(accessed), { op: `add${key.slice(-10)}` });
}

async function bytesOf(client: Client, count: number, fill: (index: number) => unknown): Promise<number> {
  const before = await usedMemory(client);
  await inParallel(count, 200, fill);
  return ((await usedMemory(client)) - before) / count;
}

async function clear(client: Client): Promise<void> {
  for await (const found of client.scanIterator({ MATCH: `${PREFIX}*`, COUNT: 10_000 })) {
    if (found.length > 0) await client.unlink(found);
  }
}

function print({ name, bytes }: SessionSize, { sessions, memory, operations }: RedisFigures): void {
  console.log(`${name}: ${sessions} sessions of ${bytes} bytes of attributes; bytes of memory for each:`);
  console.table({ memory });
  console.log(
    `One operation, µs and bytes; ${MANY} under way at a time, or one (cpuAlone); client is the bench itself:`,
  );
  console.table(operations);
}
