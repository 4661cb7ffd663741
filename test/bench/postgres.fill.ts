/** Fills a table of sessions faster than a store does. */
import type { SessionRecord } from 'nestjs-http-session/core';
import type { SqlStore } from 'nestjs-http-session/sql';
import { newKey, TIMEOUT } from './sessions.js';

export type Rows = <Row>(text: string, parameters?: unknown[]) => Promise<readonly Row[]>;

/** One session by the store; the others are made from its row by the database, under keys of their own, accessed throughout one idle timeout. */
export async function fillTable(
  table: string,
  store: SqlStore,
  rows: Rows,
  sessions: number,
  record: SessionRecord,
): Promise<void> {
  // Else it writes, too, when it likes.
  await rows(`ALTER TABLE ${table} SET (autovacuum_enabled = false, toast.autovacuum_enabled = false)`);
  await store.add(newKey(), record, { op: 'bench' });
  const columns = await rows<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = '${table}' ORDER BY ordinal_position`,
  );
  const ago = `n * ${TIMEOUT}::bigint / ${sessions}`;
  // As keys are, or new ones would all come to the same pages of the index.
  const digest = (text: string) => `translate(encode(sha256((${text})::bytea), 'base64'), '+/=', '-_')`;
  const values: Record<string, string> = {
    id: `left(${digest("'tag' || n")}, 4) || '.' || ${digest('n::text')}`,
    accessed: `accessed - ${ago}`,
    expires: `expires - ${ago}`,
    purge_at: `(expires - ${ago}) - (expires - ${ago}) % 600000`,
  };
  const names = columns.map(({ name }) => name);
  await rows(`INSERT INTO ${table} (${names.join(', ')})
    SELECT ${names.map((name) => values[name] ?? name).join(', ')}
    FROM ${table}, generate_series(2, ${sessions}) AS n`);
}
