/** Sessions in PostgreSQL, beside a table of id and text that the same pool selects from by its primary key. */
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { SqlStore } from 'nestjs-http-session/sql';
import { Pool } from 'pg';
import { compared, comparedIn, measure } from './measure.js';
import { newKey, newRecord, TIMEOUT, TOUCH_INTERVAL } from './sessions.js';

const TABLE = `bench_${process.pid}`;
const BARE = `bench_${process.pid}_bare`;
const READS = 1_000;
const PURGE_MARGIN = 2 * 60_000;

export async function benchPostgres(sessions: number): Promise<void> {
  const connectionString = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/test';
  const kysely = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString, max: 10 }) }),
  });
  const rows = async <Row>(text: string, parameters: unknown[] = []) =>
    (await kysely.executeQuery<Row>(CompiledQuery.raw(text, parameters))).rows;
  try {
    const now = Date.now();
    const store = new SqlStore(kysely, { table: TABLE, purgeInterval: false });
    await store.migrate();
    await fill(store, rows, sessions, now);
    await rows(`CREATE TABLE ${BARE} (id text COLLATE "C" PRIMARY KEY, body text NOT NULL)`);
    await rows(`INSERT INTO ${BARE} SELECT id, row_to_json(${TABLE})::text FROM ${TABLE}`);
    await rows(`VACUUM ANALYZE ${TABLE}`);
    await rows(`VACUUM ANALYZE ${BARE}`);
    const bytesOf = async (table: string) => {
      const [size] = await rows<{ bytes: string }>(`SELECT pg_total_relation_size('${table}') AS bytes`);
      return Number(size?.bytes) / sessions;
    };
    const sizes = compared(await bytesOf(TABLE), await bytesOf(BARE), 0);

    const sample = await rows<{ id: string }>(`SELECT id FROM ${TABLE} ORDER BY md5(id) LIMIT 5000`);
    const idAt = (i: number) => sample[i % sample.length]?.id ?? '';
    const contenders = [
      { name: 'store', run: (i: number) => store.get(idAt(i), now) },
      { name: 'bare', run: (i: number) => rows(`SELECT id, body FROM ${BARE} WHERE id = $1`, [idAt(i)]) },
    ];
    const alone = await measure(contenders, READS, 1);
    const crowded = await measure(contenders, 2 * READS, 10);

    const began = performance.now();
    const late = now + TIMEOUT + TOUCH_INTERVAL + PURGE_MARGIN;
    const purged = await store.purge({ now: late, batchSize: 100, deadline: 10 * 60_000 });
    const seconds = (performance.now() - began) / 1_000;
    console.table({
      'bytes a session': sizes,
      'get, one at a time: µs to the answer': comparedIn(alone, 'latency'),
      'get, 10 at a time: µs to the answer': comparedIn(crowded, 'latency'),
      "get, 10 at a time: µs of the client's processor": comparedIn(crowded, 'cpu'),
    });
    console.log('bare: SELECT of the same content as one text, by the primary key.');
    console.log(`purge: ${purged.removed} sessions, ${Math.round(purged.removed / seconds)} a second, by one process.`);
  } finally {
    for (const table of [TABLE, BARE]) await rows(`DROP TABLE IF EXISTS ${table}`);
    await kysely.destroy();
  }
}

/** One session by the store; the others are made from its row by the database, under keys of their own. */
async function fill(
  store: SqlStore,
  rows: <Row>(text: string) => Promise<readonly Row[]>,
  sessions: number,
  now: number,
): Promise<void> {
  await store.add(newKey(), newRecord(now), { op: 'bench' });
  const columns = await rows<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = '${TABLE}' ORDER BY ordinal_position`,
  );
  const others = columns.map(({ name }) => name).filter((name) => name !== 'id');
  await rows(`INSERT INTO ${TABLE} (id, ${others.join(', ')})
    SELECT left(md5(n::text), 4) || '.' || left(replace(encode(sha256(n::text::bytea), 'base64'), '/', '-'), 43), ${others.join(', ')}
    FROM ${TABLE}, generate_series(2, ${sessions}) AS n`);
}
