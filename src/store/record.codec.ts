/**
 * Records as text, for backends that hold text. A text begins with the number of its format, so that processes of several
 * versions can share a store: of a newer format they say so, and leave it alone; older ones they read.
 */
import type { SessionRecord } from '../session/session.record.js';

/** What of a record never changes, but for its constant attributes. */
export type RecordHead = Omit<SessionRecord, 'accessed' | 'version' | 'rotated' | 'authenticated' | 'consts' | 'attrs'>;

/** Thrown for text that is no record, or one of a newer format. The message says what it is, and nothing of what it holds. */
export class BrokenRecord extends Error {
  override readonly name = 'BrokenRecord';
}

/** What reads the parts of a text, for each format by its number: the first of the parts. */
export type Readers<T> = Readonly<Record<number, (parts: readonly unknown[]) => T>>;

/**
 * The readers of every format there was: a process reads what older ones wrote, while it is deployed and ever after. When a
 * format 2 comes, `1` stays in here, and makes of its parts what a record is by then.
 */
const HEAD_READERS: Readers<RecordHead> = { 1: readHead };
const RECORD_READERS: Readers<SessionRecord> = { 1: readRecord };

/** The head of a record as text. */
export function encodeHead(head: RecordHead): string {
  return JSON.stringify(partsOf(head));
}

/** @throws BrokenRecord */
export function decodeHead(text: string): RecordHead {
  return readText(text, HEAD_READERS);
}

/** A whole record as text, on one line. */
export function encodeRecord(record: SessionRecord): string {
  const { accessed, version, consts, attrs, rotated = null, authenticated = null } = record;
  const parts = [...partsOf(record), accessed, version, consts, [...attrs]];
  if (rotated !== null || authenticated !== null) parts.push(rotated, authenticated);
  return JSON.stringify(parts);
}

/** @throws BrokenRecord */
export function decodeRecord(text: string): SessionRecord {
  return readText(text, RECORD_READERS);
}

/** What the reader of its format makes of a text. @throws BrokenRecord */
export function readText<T>(text: string, readers: Readers<T>): T {
  const parts = parse(text);
  const [format] = parts;
  if (typeof format !== 'number') throw new BrokenRecord('it has no format');
  const read = Object.hasOwn(readers, format) ? readers[format] : undefined;
  if (!read) throw new BrokenRecord(`its format is ${format}`);
  return read(parts);
}

const HEAD_PARTS = 9;
const RECORD_PARTS = HEAD_PARTS + 4;
/** Of a session that was rotated, or whose user was authenticated again. */
const ROTATED_PARTS = RECORD_PARTS + 2;

/** Whose session it is, is one part: nobody's, a principal's, or a principal's with labels. */
function partsOf(head: RecordHead): unknown[] {
  const { format, created, timeout, touchInterval, ends, persistent, handle, seed, principal = null, labels } = head;
  const owner = labels === undefined ? principal : [principal, labels];
  return [format, created, timeout, touchInterval, ends, persistent, handle, seed, owner];
}

function readHead(parts: readonly unknown[]): RecordHead {
  const [, created, timeout, touchInterval, ends, persistent, handle, seed, owner] = parts;
  if (
    parts.length !== HEAD_PARTS ||
    !isNumber(created) ||
    !isNumber(timeout) ||
    !isNumber(touchInterval) ||
    !(ends === null || isNumber(ends)) ||
    typeof persistent !== 'boolean' ||
    typeof handle !== 'string' ||
    typeof seed !== 'string'
  ) {
    throw incomplete();
  }
  const head = { format: 1, created, timeout, touchInterval, ends, persistent, handle, seed } as const;
  return owner === null ? head : { ...readOwner(owner), ...head };
}

function readOwner(owner: unknown): Pick<RecordHead, 'principal' | 'labels'> {
  if (typeof owner === 'string') return { principal: owner };
  if (!isPair(owner)) throw incomplete();
  const [principal, labels] = owner;
  return { principal, labels };
}

function readRecord(parts: readonly unknown[]): SessionRecord {
  const head = readHead(parts.slice(0, HEAD_PARTS));
  const [accessed, version, consts, attrs, rotated = null, authenticated = null] = parts.slice(HEAD_PARTS);
  if (
    (parts.length !== RECORD_PARTS && parts.length !== ROTATED_PARTS) ||
    !isNumber(accessed) ||
    !isNumber(version) ||
    typeof consts !== 'string' ||
    !isEntries(attrs) ||
    !(rotated === null || isNumber(rotated)) ||
    !(authenticated === null || isNumber(authenticated))
  ) {
    throw incomplete();
  }
  return {
    accessed,
    version,
    consts,
    attrs: new Map(attrs),
    ...(rotated !== null && { rotated }),
    ...(authenticated !== null && { authenticated }),
    ...head,
  };
}

/** The array that a text holds. @throws BrokenRecord */
export function parse(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(text);
    if (Array.isArray(parts)) return parts as unknown[];
  } catch {
    // JSON's message would show what is there.
  }
  throw new BrokenRecord('it is no record');
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function incomplete(): BrokenRecord {
  return new BrokenRecord('it is incomplete');
}

function isEntries(value: unknown): value is [string, string][] {
  return Array.isArray(value) && value.every(isPair);
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
