/**
 * A session as a hash, and back:
 *
 * | field | holds |
 * | --- | --- |
 * | `#`, `n` | the head, cut before its names (handle, seed) |
 * | `w`, `l` | whose session it is, if it is a principal's, and its labels, if it has some |
 * | `c` | constant attributes |
 * | `a`, `v` | last access, version |
 * | `r`, `t` | when it was rotated, and its user authenticated, if they were |
 * | `o`, `p` | the last four writes, and the four before |
 * | `=name` | an attribute; the sign makes `__proto__`, `1` and `v` names like any other |
 *
 * and what a renamed one leaves behind: `>` the successor's key, `f` how long it forwards, `g` how long it may be shown, and
 * `o`, `p`. Fields that aren't known are ignored.
 *
 * As long as no field is longer than 64 bytes Redis packs a hash into half the memory (measured, with two small attributes:
 * 296 bytes instead of 640). That is why the head and the writes are two fields each, and principal and labels not in the head.
 */
import type { Changed, Key, SessionOutline, SessionRecord } from '../../session/session.record.js';
import { isLive } from '../../session/session.record.js';
import { BrokenRecord, decodeHead, encodeHead, type RecordHead } from '../record.codec.js';
import type { Found } from '../session.store.js';

/** Before the name of an attribute. */
const ATTRIBUTE = '=';

/** The fields of a hash: those of attributes by the attributes' names, and the others. */
interface Fields {
  readonly attrs: Map<string, string>;
  readonly others: Map<string, string>;
}

type Mutable<T> = { -readonly [Part in keyof T]: T[Part] };

/** The field of an attribute. */
export function fieldOf(name: string): string {
  return ATTRIBUTE + name;
}

/** Field and value, field and value: what a new session's hash holds. */
export function toHash({ principal, labels, ...record }: SessionRecord, op: string): string[] {
  const { accessed, version, rotated, authenticated, consts, attrs } = record;
  const head = encodeHead(record);
  const cut = head.indexOf('"');
  const hash = ['#', head.slice(0, cut), 'n', head.slice(cut), 'c', consts];
  hash.push('a', String(accessed), 'v', String(version), 'o', op);
  if (principal !== undefined) hash.push('w', principal);
  if (labels !== undefined) hash.push('l', labels);
  if (rotated !== undefined) hash.push('r', String(rotated));
  if (authenticated !== undefined) hash.push('t', String(authenticated));
  for (const [name, text] of attrs) hash.push(fieldOf(name), text);
  return hash;
}

/** What HGETALL found. */
export function toFound(reply: unknown, now: number): Found {
  try {
    const fields = toFields(reply);
    if (fields.others.size + fields.attrs.size === 0) return undefined;
    const successor = fields.others.get('>');
    if (successor !== undefined) {
      return now < toNumber(fields, 'f') ? { successor, graceUntil: toNumber(fields, 'g') } : undefined;
    }
    const record = toRecord(fields);
    return isLive(record, now) ? { record } : { expired: record.handle };
  } catch (error) {
    if (error instanceof BrokenRecord) return { broken: error.message };
    throw error;
  }
}

/** The fields that `toOutline` reads. */
export const OUTLINE_FIELDS = ['#', 'n', 'l', 'a', '>'];

/** What HMGET found in those: a session or the key of its successor; `undefined` for what can't be read. */
export function toOutline(reply: unknown): SessionOutline | { readonly successor: Key } | undefined {
  const values: unknown[] = Array.isArray(reply) ? reply : [];
  try {
    const fields = toFields(OUTLINE_FIELDS.flatMap((field, index) => (values[index] ? [field, values[index]] : [])));
    const successor = fields.others.get('>');
    if (successor !== undefined) return { successor };
    const { handle, created, timeout, touchInterval, ends } = toHead(fields);
    const accessed = toNumber(fields, 'a');
    const outline: Mutable<SessionOutline> = { handle, created, accessed, timeout, touchInterval, ends };
    const labels = fields.others.get('l');
    if (labels !== undefined) outline.labels = labels;
    return outline;
  } catch (error) {
    if (error instanceof BrokenRecord) return undefined;
    throw error;
  }
}

/** The handle in a head, in a list; an empty one for what can't be read. */
export function toHandles(head: unknown): string[] {
  try {
    return [decodeHead(String(head)).handle];
  } catch (error) {
    if (error instanceof BrokenRecord) return [];
    throw error;
  }
}

/** What came of a change that met another version than it expected. */
export function toConflict(reply: unknown): Changed {
  try {
    return { conflict: toRecord(toFields(reply)) };
  } catch (error) {
    if (error instanceof BrokenRecord) return 'gone';
    throw error;
  }
}

/** Property by property: measured, V8 takes 0.1 µs for that, and up to 13 µs where some come beside what is spread. */
function toRecord(fields: Fields): SessionRecord {
  const { format, created, timeout, touchInterval, ends, persistent, handle, seed } = toHead(fields);
  const [accessed, version] = [toNumber(fields, 'a'), toNumber(fields, 'v')];
  const [consts, { attrs, others }] = [toText(fields, 'c'), fields];
  const record: Mutable<SessionRecord> = {
    format,
    created,
    accessed,
    timeout,
    touchInterval,
    ends,
    version,
    persistent,
    handle,
    seed,
    consts,
    attrs,
  };
  const [principal, labels] = [others.get('w'), others.get('l')];
  const [rotated, authenticated] = [toTime(fields, 'r'), toTime(fields, 't')];
  if (principal !== undefined) record.principal = principal;
  if (labels !== undefined) record.labels = labels;
  if (rotated !== undefined) record.rotated = rotated;
  if (authenticated !== undefined) record.authenticated = authenticated;
  return record;
}

/** One that can't be read doesn't end the session: scripts don't look at them. Without it, the session counts as less fresh. */
function toTime({ others }: Fields, field: string): number | undefined {
  const text = others.get(field);
  const time = Number(text);
  return text && Number.isFinite(time) ? time : undefined;
}

function toHead(fields: Fields): RecordHead {
  return decodeHead(toText(fields, '#') + toText(fields, 'n'));
}

/** Clients give a map as they like, by protocol and settings: flat, as pairs, as an object, or as a `Map`. */
function toFields(reply: unknown): Fields {
  const fields: Fields = { attrs: new Map(), others: new Map() };
  if (Array.isArray(reply) && !Array.isArray(reply[0])) {
    for (let index = 0; index < reply.length; index += 2) setText(fields, reply[index], reply[index + 1]);
  } else {
    const pairs = Array.isArray(reply) || reply instanceof Map ? reply : Object.entries(reply ?? {});
    for (const [field, value] of pairs as Iterable<[unknown, unknown]>) setText(fields, field, value);
  }
  return fields;
}

function setText({ attrs, others }: Fields, field: unknown, value: unknown): void {
  if (typeof field !== 'string' || typeof value !== 'string') throw new BrokenRecord('it is no text');
  if (field.startsWith(ATTRIBUTE)) attrs.set(field.slice(ATTRIBUTE.length), value);
  else others.set(field, value);
}

function toText({ others }: Fields, field: string): string {
  const text = others.get(field);
  if (text === undefined) throw new BrokenRecord('it is incomplete');
  return text;
}

function toNumber(fields: Fields, field: string): number {
  const text = toText(fields, field);
  const number = Number(text);
  if (text === '' || !Number.isFinite(number)) throw new BrokenRecord('it is incomplete');
  return number;
}
