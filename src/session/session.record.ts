/** A session at rest, as stores keep it, what may be changed of it, and the rule of how long it may be used. */

/** `'<tag>.<digest>'`, see `session.id.ts`. */
export type Key = string;

/** A session as a store keeps it. Plain data: times are milliseconds of the app's clock, values are serialised strings. */
export interface SessionRecord {
  readonly format: 1;
  readonly created: number;
  /** The last recorded access. */
  readonly accessed: number;
  /** The idle timeout. */
  readonly timeout: number;
  /**
   * How long an access may go unrecorded. Part of the record, so that every process and every store derives the same
   * deadline from it, whatever its own options say.
   */
  readonly touchInterval: number;
  /** The absolute deadline, `null` for none. */
  readonly ends: number | null;
  /** Grows with each change. */
  readonly version: number;
  /** Whether the client is to keep the session beyond the end of the browser. */
  readonly persistent: boolean;
  /** Whose session it is. Its key has the principal's tag, and it lives only as long as the store lists it under that tag. */
  readonly principal?: string;
  /** What its owner is shown of it: a JSON object of texts. Only a principal's sessions have some. */
  readonly labels?: string;
  /** Names the session to people and in logs. Opens nothing. */
  readonly handle: string;
  /** What the successor's id is derived from in timed renewal. */
  readonly seed: string;
  /** When it was given its key, if that isn't its first one. */
  readonly rotated?: number;
  /** When its user was authenticated again, if that happened. */
  readonly authenticated?: number;
  /** The constant attributes, one serialised text. */
  readonly consts: string;
  /** The variable attributes, serialised one by one. */
  readonly attrs: ReadonlyMap<string, string>;
}

/** What a commit changes of a record's attributes. */
export interface Delta {
  readonly set: ReadonlyMap<string, string>;
  readonly unset: readonly string[];
  /** Change only if the record still has this version. */
  readonly ifVersion?: number;
  /** How many changes this is the sum of: the version grows by as many. @defaultValue 1 */
  readonly steps?: number;
  /** Names this write: the same one again, by a client library that resends, is already done. */
  readonly op: string;
}

/** What came of a change: done, not done since the version was another one, or nothing there to change. */
export type Changed = { readonly version: number } | { readonly conflict: SessionRecord } | 'gone';

/** What the owner of a session is told about it. */
export type SessionOutline = Pick<
  SessionRecord,
  'handle' | 'created' | 'accessed' | 'timeout' | 'touchInterval' | 'ends' | 'labels'
>;

/** A copy that shares nothing with the record. */
export function copyOf(record: SessionRecord): SessionRecord {
  return { ...record, attrs: new Map(record.attrs) };
}

/**
 * The first instant at which a session may no longer be used: the nearer of the idle and the absolute deadline. The
 * touch interval is part of the idle one, so that no session ends sooner than `timeout` after its last real access.
 */
export function deadlineOf(record: Pick<SessionRecord, 'accessed' | 'timeout' | 'touchInterval' | 'ends'>): number {
  const idle = record.accessed + record.timeout + record.touchInterval;
  return record.ends === null ? idle : Math.min(idle, record.ends);
}

/** Whether a session may still be used at `now`. */
export function isLive(record: SessionRecord, now: number): boolean {
  return now < deadlineOf(record);
}

/** Whether an access at `now` has to be recorded. */
export function isTouchDue(record: Pick<SessionRecord, 'accessed' | 'touchInterval'>, now: number): boolean {
  return now - record.accessed >= record.touchInterval;
}

/** The record with an access at `now`. One that is recorded late never takes back a later one. */
export function accessedAt(record: SessionRecord, now: number): SessionRecord {
  return { ...record, accessed: Math.max(record.accessed, now) };
}

/** The record of a session that is given another key at `now`. */
export function rotatedAt(record: SessionRecord, now: number, isAuthenticated: boolean): SessionRecord {
  return { ...record, rotated: now, ...(isAuthenticated && { authenticated: now }) };
}

/** The record with the changes of a delta. */
export function changedBy(record: SessionRecord, delta: Delta): SessionRecord {
  return { ...record, ...contentChangedBy(record, delta) };
}

/** What is new of a record with the changes of a delta. */
export function contentChangedBy(
  record: Pick<SessionRecord, 'version' | 'attrs'>,
  { set, unset, steps = 1 }: Delta,
): { readonly version: number; readonly attrs: Map<string, string> } {
  const attrs = new Map(record.attrs);
  for (const [name, text] of set) attrs.set(name, text);
  for (const name of unset) attrs.delete(name);
  return { version: record.version + steps, attrs };
}
