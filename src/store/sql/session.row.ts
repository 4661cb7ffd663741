/** A row of the table of sessions: records to columns and back, the writes it remembers, the keys that lead to it. */
import { hash } from 'node:crypto';
import { tagOf } from '../../session/session.id.js';
import { deadlineOf, isLive, type Key, type SessionOutline, type SessionRecord } from '../../session/session.record.js';
import { BrokenRecord } from '../record.codec.js';
import { isRemembered } from '../remembered.ops.js';
import { type ListedSession, REMEMBERED_OPS } from '../session.store.js';
import { type ColumnName, PURGE_STEP_MS } from './session.table.js';
import type { SqlValue } from './sql.statement.js';

/** As drivers give it: integers are numbers, bigints or strings. */
export type Row = Readonly<Partial<Record<string, unknown>>>;

/** Letters of an op in a row. All are of one length, so that a list of them can be cut. */
const OP_LENGTH = 11;
export const OPS_LENGTH = (OP_LENGTH + 1) * REMEMBERED_OPS;
/** Room for thirty keys. Who rotates more often within a minute loses the oldest. */
export const PREVIOUS_LENGTH = 2_000;

/** What a key led to that is another one's now. */
export interface Forward {
  readonly until: number;
  readonly graceUntil: number;
}

export class SessionRow {
  readonly id: Key;
  readonly #row: Row;

  constructor(row: Row) {
    this.#row = row;
    this.id = String(row['id']);
  }

  /** Names the session, whatever key it is given. */
  get handle(): string {
    return String(this.#row['handle']);
  }

  read(): { readonly record: SessionRecord } | { readonly broken: string } {
    try {
      return { record: recordOf(this.#row) };
    } catch (error) {
      if (error instanceof BrokenRecord) return { broken: error.message };
      throw error;
    }
  }

  /** Whether its session may still be used: statements go by the row's own deadline. */
  isLive(record: SessionRecord, now: number): boolean {
    return isLive(record, now) && now < Number(this.#row['expires']);
  }

  /** The record, if the key leads to it at that time, and it may still be used. */
  recordFor(key: Key, now: number): SessionRecord | undefined {
    const forward = this.forwardOf(key);
    if (forward && now >= forward.until) return undefined;
    const kept = this.read();
    return 'record' in kept && this.isLive(kept.record, now) ? kept.record : undefined;
  }

  /** What a row tells of its session that was asked for that only. `undefined`: it can't be read. */
  listed(): ListedSession | undefined {
    try {
      return { key: this.id, outline: outlineOf(this.#row) };
    } catch (error) {
      if (error instanceof BrokenRecord) return undefined;
      throw error;
    }
  }

  /** Whether a write was done already. */
  remembers(op: string): boolean {
    return isRemembered(String(this.#row['ops']), opText(op).trimEnd());
  }

  /** The forward that a key has left, if it was this session's. */
  forwardOf(key: Key): Forward | undefined {
    // The last part is empty, or was cut.
    for (const entry of String(this.#row['previous']).split(';').slice(0, -1)) {
      const [digest, until, graceUntil] = entry.split(',');
      if (digest === digestOf(key)) return { until: Number(until), graceUntil: Number(graceUntil) };
    }
    return undefined;
  }
}

/** The columns of a new session. */
export function columnsOf(id: Key, record: SessionRecord, op: string): Record<ColumnName, SqlValue> {
  const expires = Math.floor(deadlineOf(record));
  return {
    id,
    principal: record.principal ?? null,
    labels: record.labels ?? null,
    handle: record.handle,
    created: Math.floor(record.created),
    accessed: Math.floor(record.accessed),
    rotated: floorOf(record.rotated),
    authenticated: floorOf(record.authenticated),
    expires,
    ends: floorOf(record.ends),
    timeout: record.timeout,
    touch_interval: record.touchInterval,
    persistent: record.persistent ? 1 : 0,
    version: record.version,
    consts: record.consts,
    attrs: JSON.stringify(Object.fromEntries(record.attrs)),
    seed: record.seed,
    ops: opText(op),
    previous: '',
    forwards_until: 0,
    purge_at: expires - (expires % PURGE_STEP_MS),
    format: record.format,
  };
}

/** An op as rows remember it. */
export function opText(op: string): string {
  return `${hash('sha256', op, 'base64url').slice(0, OP_LENGTH)} `;
}

/** What a key leaves in the row of its session, in front of what is there. */
export function forwardText(key: Key, { until, graceUntil }: Forward): string {
  return `${digestOf(key)},${Math.ceil(until)},${Math.ceil(graceUntil)};`;
}

/** From the first key of a tag to behind the last one. */
export interface KeyRange {
  readonly low: Key;
  readonly high: Key;
}

export function rangeOf(tag: string): KeyRange {
  // In ASCII, '/' comes next to '.'.
  return { low: `${tag}.`, high: `${tag}/` };
}

/** What to look for, and between which keys: all keys of one session have one tag. */
export function searchOf(key: Key): KeyRange & { readonly id: Key; readonly old: string } {
  return { ...rangeOf(tagOf(key)), id: key, old: `${digestOf(key)},` };
}

function floorOf(time: number | null = null): number | null {
  return time === null ? null : Math.floor(time);
}

function digestOf(key: Key): string {
  return key.slice(key.indexOf('.') + 1);
}

function recordOf(row: Row): SessionRecord {
  const { format, principal, rotated, authenticated } = row;
  if (Number(format) !== 1)
    throw new BrokenRecord(format === null ? 'it has no format' : `its format is ${Number(format)}`);
  return {
    format: 1,
    ...outlineOf(row),
    version: integer(row['version']),
    persistent: integer(row['persistent']) !== 0,
    ...(principal !== null && { principal: text(principal) }),
    seed: text(row['seed']),
    ...(rotated !== null && { rotated: integer(rotated) }),
    ...(authenticated !== null && { authenticated: integer(authenticated) }),
    consts: text(row['consts']),
    attrs: attributes(text(row['attrs'])),
  };
}

function outlineOf({ handle, created, accessed, timeout, touch_interval, ends, labels }: Row): SessionOutline {
  return {
    handle: text(handle),
    created: integer(created),
    accessed: integer(accessed),
    timeout: integer(timeout),
    touchInterval: integer(touch_interval),
    ends: ends === null ? null : integer(ends),
    ...(labels !== null && { labels: text(labels) }),
  };
}

function integer(value: unknown): number {
  const number = value === null || value === '' ? NaN : Number(value);
  if (!Number.isSafeInteger(number)) throw incomplete();
  return number;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw incomplete();
  return value;
}

function attributes(json: string): Map<string, string> {
  try {
    const values: unknown = JSON.parse(json);
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
      return new Map(Object.entries(values).map(([name, value]) => [name, text(value)]));
    }
  } catch {
    // JSON's message would show what is there.
  }
  throw incomplete();
}

function incomplete(): BrokenRecord {
  return new BrokenRecord('it is incomplete');
}
