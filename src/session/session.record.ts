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
  /** Reserved: whose session it is. */
  readonly principal?: string;
  /** Names the session to people and in logs. Opens nothing. */
  readonly handle: string;
  /** Reserved: successors' ids are derived from it in timed renewal. */
  readonly seed: string;
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
