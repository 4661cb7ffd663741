/**
 * What sessions cost PostgreSQL: disk, and for each verb its processor, its write-ahead log and its network. Beside a table of id
 * and text that the same pool selects from by its primary key.
 */
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { SqlStore } from 'nestjs-http-session/sql';
import { type Contender, type Counters, countOnce, inParallel, measureCounters } from './measure.js';
import { CountedPool } from './postgres.counters.js';
import { fillTable, type Rows } from './postgres.fill.js';
import { rounded } from './results.js';
import { TIMEOUT, TOUCH_INTERVAL } from './sessions.js';
import { jsonOf, recordsOf, type SessionSize, SIZES } from './sized.sessions.js';
import { type Member, Population, verbsOf } from './store.verbs.js';

const TABLE = `bench_${process.pid}`;
const BARE = `bench_${process.pid}_bare`;
const CONNECTIONS = 10;
const ROUNDS = 9;
/** Of each contender in a round: its sessions, each once. */
const MOST_OPERATIONS = 5_000;
/** Of each contender, the first after a checkpoint: so few that hardly two are on one page. */
const MOST_FIRST = 1_000;
/** Of the deadlines, so that none passes while the bench runs. */
const PURGE_MARGIN = 2 * 60_000;
const SETTINGS = ['shared_buffers', 'max_wal_size', 'fsync', 'full_page_writes', 'wal_compression'];
/** What updates rows without giving them another id. */
const UPDATES = ['touch', 'change'];

/** Bytes of a session, what one operation costs, by its name, and how fast one process purges. */
export interface PostgresFigures {
  readonly sessions: number;
  readonly disk: Counters;
  readonly operations: Readonly<Record<string, Counters>>;
  readonly purge: Counters;
}

export interface PostgresResults {
  readonly server: string;
  /** What of its configuration the figures depend on. */
  readonly settings: Readonly<Record<string, string>>;
  readonly sizes: Readonly<Record<string, PostgresFigures>>;
}

/** @param sessions - of the smallest size; of larger ones there are fewer */
export async function benchPostgres(sessions: number): Promise<PostgresResults> {
  const url = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';
  const counted = new CountedPool(url, CONNECTIONS);
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: counted.pool }) });
  try {
    await counted.open();
    const sizes: Record<string, PostgresFigures> = {};
    for (const size of SIZES) {
      const figures = await figuresOf(kysely, counted, size, Math.round(sessions * size.share));
      print(size, figures);
      sizes[size.name] = figures;
    }
    const { version, ...settings } = await counted.ask<Record<string, string>>(
      `SELECT current_setting('server_version') AS version, ${SETTINGS.map((name) => `current_setting('${name}') AS ${name}`).join(', ')}`,
    );
    return { server: `PostgreSQL ${version?.split(' ')[0]}`, settings, sizes };
  } finally {
    await kysely.destroy();
    await counted.close();
  }
}

async function figuresOf(
  kysely: Kysely<unknown>,
  counted: CountedPool,
  size: SessionSize,
  sessions: number,
): Promise<PostgresFigures> {
  const rows: Rows = async <Row>(text: string, parameters: unknown[] = []) =>
    (await kysely.executeQuery<Row>(CompiledQuery.raw(text, parameters))).rows;
  const store = new SqlStore(kysely, { table: TABLE, purgeInterval: false });
  const newRecord = recordsOf(size);
  const now = Date.now();
  try {
    await store.migrate();
    await fillTable(TABLE, store, rows, sessions, newRecord(now));
    await rows(`CREATE TABLE ${BARE} (id text COLLATE "C" PRIMARY KEY, body text NOT NULL)`);
    await rows(`INSERT INTO ${BARE} SELECT id, $1::text FROM ${TABLE}`, [jsonOf(newRecord(now))]);
    for (const table of [TABLE, BARE]) await rows(`VACUUM ANALYZE ${table}`);
    const disk = await bytesOf(counted, sessions);

    const operations = Math.min(MOST_OPERATIONS, Math.floor(sessions / 10));
    const populations = await populationsOf(rows, operations);
    const ids = await rows<{ id: string }>(`SELECT id FROM ${BARE} ORDER BY md5(id) LIMIT ${operations}`);
    const select = (index: number) => rows(`SELECT id, body FROM ${BARE} WHERE id = $1`, [ids[index]?.id]);
    const verbs = verbsOf(store, populations, newRecord);
    const first = await firstAfterCheckpoint(counted, verbs, Math.min(MOST_FIRST, operations));
    const round = { operations, concurrency: CONNECTIONS };
    const contenders = [...verbs, { name: 'bare SELECT', run: select }];
    const each = await measureCounters(contenders, { ...round, rounds: ROUNDS }, () => counted.read());

    const figures: Record<string, Counters> = {};
    for (const { name, run } of contenders) {
      const hot = UPDATES.includes(name)
        ? await counted.hotShareDuring(TABLE, () => inParallel(operations, CONNECTIONS, run))
        : NaN;
      figures[name] = rounded({ ...each.get(name), walFirst: first.get(name) ?? NaN, hot });
    }
    return { sessions, disk, operations: figures, purge: await purged(store, counted, now) };
  } finally {
    for (const table of [TABLE, BARE]) await rows(`DROP TABLE IF EXISTS ${table}`);
  }
}

/** Each verb has its own sessions, as many as it does operations in a round. */
async function populationsOf(rows: Rows, each: number) {
  const sample = await rows<{ id: string; accessed: string }>(
    `SELECT id, accessed FROM ${TABLE} ORDER BY md5(id) LIMIT ${4 * each}`,
  );
  const members: Member[] = sample.map(({ id, accessed }) => ({ key: id, accessed: Number(accessed) }));
  const population = (part: number) => new Population(members.slice(part * each, (part + 1) * each));
  return { read: population(0), touched: population(1), changed: population(2), moved: population(3) };
}

async function bytesOf(counted: CountedPool, sessions: number): Promise<Counters> {
  const { total, indexes, bare } = await counted.ask<Record<'total' | 'indexes' | 'bare', string>>(`SELECT
    pg_total_relation_size('${TABLE}') AS total, pg_indexes_size('${TABLE}') AS indexes, pg_total_relation_size('${BARE}') AS bare`);
  return rounded({
    session: Number(total) / sessions,
    indexes: Number(indexes) / sessions,
    bare: Number(bare) / sessions,
  });
}

/**
 * After a checkpoint the first write of a page puts the whole page into the log. In a large table nearly every write is one.
 *
 * @returns bytes of the log an operation, by the verb; none if this user mustn't say when there is a checkpoint
 */
async function firstAfterCheckpoint(
  counted: CountedPool,
  verbs: readonly Contender[],
  operations: number,
): Promise<Map<string, number>> {
  const first = new Map<string, number>();
  for (const { name, run } of verbs) {
    const isDone = await counted.checkpoint();
    const { wal = NaN } = await countOnce(
      () => inParallel(operations, CONNECTIONS, run),
      operations,
      () => counted.read(),
    );
    if (isDone) first.set(name, wal);
  }
  return first;
}

/** All that is there, when the last deadline has passed. */
async function purged(store: SqlStore, counted: CountedPool, now: number): Promise<Counters> {
  const late = now + ROUNDS * 4 * TOUCH_INTERVAL + TIMEOUT + TOUCH_INTERVAL + PURGE_MARGIN;
  const began = performance.now();
  let removed = NaN;
  const purge = async () => {
    ({ removed } = await store.purge({ now: late, batchSize: 100, deadline: 10 * 60_000 }));
  };
  const { cpu = NaN, wal = NaN } = await countOnce(purge, 1, () => counted.read());
  const seconds = (performance.now() - began) / 1_000;
  return rounded({ removed, perSecond: removed / seconds, cpu: cpu / removed, wal: wal / removed });
}

function print({ name, bytes }: SessionSize, { sessions, disk, operations, purge }: PostgresFigures): void {
  console.log(
    `${name}: ${sessions} sessions of ${bytes} bytes of attributes; bytes of disk for each, indexes included:`,
  );
  console.table({ disk });
  console.log(`One operation, µs and bytes; ${CONNECTIONS} under way at a time; client is the bench itself:`);
  console.table(operations);
  console.log('Purging by one process, µs and bytes of a session:');
  console.table({ purge });
}
