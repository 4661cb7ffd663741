/**
 * The index of a principal's sessions, as text: one entry under the principal's tag, which names those that live by their
 * handles. A rename leaves them alone. Whoever isn't named is dead, wherever it may lie yet: so one swap lets a session live, and
 * one swap ends as many as there are.
 */
import { accessedAt, deadlineOf, type Key, type SessionRecord } from '../session/session.record.js';
import { BrokenRecord, isNumber, parse } from './record.codec.js';
import { type Found, GARBAGE_MARGIN_MS } from './session.store.js';

/** A session that is named. */
export interface Member {
  /** From then on its record is garbage, if it is there at all. Who lets the session live longer says so here before. */
  readonly until: number;
  /** It lies under one of them, or where forwards lead from there. Who moves it says so here before. */
  readonly keys: readonly Key[];
}

/** By their handles. */
export type Members = ReadonlyMap<string, Member>;

/** An index as it was read. */
export interface PrincipalIndex {
  readonly key: Key;
  /** `undefined`: there is none. */
  readonly text: string | undefined;
  readonly members: Members;
  /** When it was written, as far as the writer knew the time. */
  readonly written: number;
  /** Why it can't be read, if it can't. Nobody is named then, and nobody can be. */
  readonly broken?: string;
}

/** What the key of an index has behind the tag, where that of a session has a digest. */
const NAME = 'index';

export function indexKeyOf(tag: string): Key {
  return `${tag}.${NAME}`;
}

export function isIndexKey(key: Key): boolean {
  return key.endsWith(`.${NAME}`);
}

/** A session that lies under a key. */
export function memberOf(key: Key, record: SessionRecord): Member {
  return { until: untilAheadOf(record), keys: [key] };
}

/** The member, if its session is to be as `record`: itself, if there is nothing to be said of that. */
export function memberWith(member: Member, record: SessionRecord): Member {
  return untilOf(record) <= member.until ? member : { ...member, until: untilAheadOf(record) };
}

/**
 * The member, if its session may be moved. Where others may have it moved to from the same place stays; what it left before goes.
 */
export function memberMoving(member: Member, from: Key, to: Key): Member {
  if (member.keys.includes(to)) return member;
  return { ...member, keys: [...member.keys.slice(Math.max(0, member.keys.indexOf(from))), to] };
}

/** What a key of a principal leads to, if that is named. */
export function namedIn(index: PrincipalIndex, found: Found): Found {
  if (!found || 'successor' in found || 'broken' in found) return found;
  if (index.broken !== undefined) return { broken: index.broken };
  return index.members.has('record' in found ? found.record.handle : found.expired) ? found : undefined;
}

/** Those that may live at `now`. */
export function unended(members: Members, now: number): Members {
  return new Map([...members].filter(([, { until }]) => now < until));
}

export function encodeIndex(members: Members, written: number): string {
  return JSON.stringify([NAME, written, ...[...members].map(([handle, { until, keys }]) => [handle, until, ...keys])]);
}

export function decodeIndex(key: Key, text: string | undefined): PrincipalIndex {
  if (text === undefined) return { key, text, members: new Map(), written: 0 };
  try {
    return { key, text, ...read(text) };
  } catch (error) {
    if (error instanceof BrokenRecord) return { key, text, members: new Map(), written: 0, broken: error.message };
    throw error;
  }
}

function untilOf(record: SessionRecord): number {
  return deadlineOf(record) + GARBAGE_MARGIN_MS;
}

/** As if it were used once more just before it ends: then accesses have seldom to be said. */
function untilAheadOf(record: SessionRecord): number {
  return untilOf(accessedAt(record, record.accessed + record.timeout));
}

function read(text: string): Pick<PrincipalIndex, 'members' | 'written'> {
  const [name, written, ...members] = parse(text);
  if (name !== NAME || !isNumber(written)) throw new BrokenRecord('it is no index');
  return { written, members: new Map(members.map(readMember)) };
}

function readMember(parts: unknown): [string, Member] {
  const [handle, until, ...keys] = Array.isArray(parts) ? (parts as unknown[]) : [];
  if (typeof handle !== 'string' || !isNumber(until) || !keys.every((key) => typeof key === 'string')) {
    throw new BrokenRecord('it is incomplete');
  }
  return [handle, { until, keys }];
}
