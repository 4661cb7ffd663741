/**
 * A session as a hash, and back:
 *
 * | field | holds |
 * | --- | --- |
 * | `#`, `n` | the head, cut before its names (handle, seed, principal) |
 * | `c` | constant attributes |
 * | `a`, `v` | last access, version |
 * | `o`, `p` | the last four writes, and the four before |
 * | `=name` | an attribute; the sign makes `__proto__`, `1` and `v` names like any other |
 *
 * and what a renamed one leaves behind: `>` the successor's key, `f` how long it forwards, `g` how long it may be shown, and
 * `o`, `p`. Fields that aren't known are ignored.
 *
 * As long as no field is longer than 64 bytes Redis packs a hash into half the memory (measured, with two small attributes:
 * 296 bytes instead of 640). That is why the head and the writes are two fields each.
 */
import type { Changed, SessionRecord } from '../../session/session.record.js';
import { isLive } from '../../session/session.record.js';
import { BrokenRecord, decodeHead, encodeHead } from '../record.codec.js';
import type { Found } from '../session.store.js';

/** Before the name of an attribute. */
const ATTRIBUTE = '=';

type Fields = ReadonlyMap<string, string>;

/** The field of an attribute. */
export function fieldOf(name: string): string {
  return ATTRIBUTE + name;
}

/** Field and value, field and value: what a new session's hash holds. */
export function toHash(record: SessionRecord, op: string): string[] {
  const { accessed, version, consts, attrs } = record;
  const head = encodeHead(record);
  const cut = head.indexOf('"');
  const hash = ['#', head.slice(0, cut), 'n', head.slice(cut), 'c', consts];
  hash.push('a', String(accessed), 'v', String(version), 'o', op);
  for (const [name, text] of attrs) hash.push(fieldOf(name), text);
  return hash;
}

/** What HGETALL found. */
export function toFound(reply: unknown, now: number): Found {
  try {
    const fields = toFields(reply);
    if (fields.size === 0) return undefined;
    const successor = fields.get('>');
    if (successor !== undefined) {
      return now < toNumber(fields, 'f') ? { successor, graceUntil: toNumber(fields, 'g') } : undefined;
    }
    const record = toRecord(fields);
    return isLive(record, now) ? { record } : undefined;
  } catch (error) {
    if (error instanceof BrokenRecord) return { broken: error.message };
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

function toRecord(fields: Fields): SessionRecord {
  const attrs = new Map<string, string>();
  for (const [field, value] of fields) {
    if (field.startsWith(ATTRIBUTE)) attrs.set(field.slice(ATTRIBUTE.length), value);
  }
  return {
    ...decodeHead(toText(fields, '#') + toText(fields, 'n')),
    accessed: toNumber(fields, 'a'),
    version: toNumber(fields, 'v'),
    consts: toText(fields, 'c'),
    attrs,
  };
}

/** Clients give a map as they like, by protocol and settings: flat, as an object, or as a `Map`. */
function toFields(reply: unknown): Fields {
  const fields = new Map<string, string>();
  if (Array.isArray(reply)) {
    const flat: readonly unknown[] = reply.flat();
    for (let index = 0; index < flat.length; index += 2) setText(fields, flat[index], flat[index + 1]);
  } else {
    const entries: Iterable<[unknown, unknown]> = reply instanceof Map ? reply : Object.entries(reply ?? {});
    for (const [field, value] of entries) setText(fields, field, value);
  }
  return fields;
}

function setText(fields: Map<string, string>, field: unknown, value: unknown): void {
  if (typeof field !== 'string' || typeof value !== 'string') throw new BrokenRecord('it is no text');
  fields.set(field, value);
}

function toText(fields: Fields, field: string): string {
  const text = fields.get(field);
  if (text === undefined) throw new BrokenRecord('it is incomplete');
  return text;
}

function toNumber(fields: Fields, field: string): number {
  const text = toText(fields, field);
  const number = Number(text);
  if (text === '' || !Number.isFinite(number)) throw new BrokenRecord('it is incomplete');
  return number;
}
