/** What a compare-and-swap store keeps under a key, as text: a line that says what it is, and the record on the next one. */
import { deadlineOf, type Key, type SessionRecord } from '../session/session.record.js';
import { BrokenRecord, decodeRecord, encodeRecord, isNumber, parse } from './record.codec.js';
import { GARBAGE_MARGIN_MS } from './session.store.js';

/** A session, and its last writes. */
export interface SessionEntry {
  readonly kind: 'session';
  readonly record: SessionRecord;
  readonly ops: string;
}

/** What a renamed session leaves behind: the session as it was handed over, to whoever holds the claim of that name. */
export interface ForwardEntry {
  readonly kind: 'forward';
  readonly successor: Key;
  readonly forwardUntil: number;
  readonly graceUntil: number;
  readonly claim: string;
  readonly session: SessionEntry;
}

/** Keeps a place for a session that is about to be renamed. Nothing lives there until `from` forwards to this very claim. */
export interface ClaimEntry {
  readonly kind: 'claim';
  readonly name: string;
  readonly from: Key;
  readonly keepUntil: number;
}

/** Something that can't be read. */
export interface BrokenEntry {
  readonly kind: 'broken';
  readonly why: string;
}

export type StoredEntry = SessionEntry | ForwardEntry | ClaimEntry;
export type Entry = StoredEntry | BrokenEntry;

/** From when on an entry is garbage. */
export function keepUntilOf(entry: StoredEntry): number {
  switch (entry.kind) {
    case 'session':
      return deadlineOf(entry.record) + GARBAGE_MARGIN_MS;
    case 'forward':
      return entry.forwardUntil + GARBAGE_MARGIN_MS;
    case 'claim':
      return entry.keepUntil;
  }
}

export function encodeEntry(entry: StoredEntry): string {
  switch (entry.kind) {
    case 'session':
      return linesOf(['session', entry.ops], entry.record);
    case 'forward': {
      const { successor, forwardUntil, graceUntil, claim, session } = entry;
      return linesOf(['forward', session.ops, successor, forwardUntil, graceUntil, claim], session.record);
    }
    case 'claim':
      return JSON.stringify(['claim', entry.name, entry.from, entry.keepUntil]);
  }
}

/** The entry that a text is; never throws. */
export function decodeEntry(text: string): Entry {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof BrokenRecord) return { kind: 'broken', why: error.message };
    throw error;
  }
}

function linesOf(head: readonly unknown[], record: SessionRecord): string {
  return `${JSON.stringify(head)}\n${encodeRecord(record)}`;
}

function read(text: string): StoredEntry {
  const [line = '', body = ''] = text.split('\n', 2);
  const [kind, first, second, third, fourth, fifth] = parse(line);
  if (kind === 'claim' && isText(first) && isText(second) && isNumber(third)) {
    return { kind, name: first, from: second, keepUntil: third };
  }
  if (kind === 'session' && isText(first)) return { kind, ops: first, record: decodeRecord(body) };
  if (kind === 'forward' && isText(first) && isText(second) && isNumber(third) && isNumber(fourth) && isText(fifth)) {
    const session = { kind: 'session', ops: first, record: decodeRecord(body) } as const;
    return { kind, successor: second, forwardUntil: third, graceUntil: fourth, claim: fifth, session };
  }
  throw new BrokenRecord('it is no record');
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
