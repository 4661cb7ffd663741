/** The Store player: keeps sessions at the server, found by key. Knows neither HTTP nor Nest. */
import type { Awaitable } from '../session/awaitable.js';
import type { SessionLogger } from '../session/session.logger.js';
import type { Changed, Delta, Key, SessionOutline, SessionRecord } from '../session/session.record.js';
import type { SessionChannel } from './session.channel.js';
import type { SessionCopies } from './session.copies.js';

/** What a store can promise beyond one process. */
export interface StoreCapabilities {
  /** Whether several processes see the same sessions. */
  readonly shared: boolean;
  /** Whether check and write are one step for everybody who uses the backend. If not, only within one process. */
  readonly atomic: boolean;
  /** Whether a write that resolved is in the backend, or may still be on its way there. */
  readonly acknowledged: 'backend' | 'behind';
}

/** What a key leads to. */
export type Found =
  | { readonly record: SessionRecord }
  /** The session was renamed; until `graceUntil` whoever comes with the old key may be shown the successor. */
  | { readonly successor: Key; readonly graceUntil: number }
  /** A session is there that has expired, of that handle. Not every store has kept it. */
  | { readonly expired: string }
  /** Something is there that can't be read; says what, without values. It is no session, and stays where it is. */
  | { readonly broken: string }
  | undefined;

/**
 * `'exists'`: something has that key. `'full'`: the store takes no more sessions. `'limit'`: the principal has as many sessions as
 * it may have. With each of these nothing was written. `displaced`: added, in the place of the sessions of these handles.
 */
export type Added = 'added' | 'exists' | 'full' | 'limit' | { readonly displaced: readonly string[] };
/** `'exists'`: something has the new key, and nothing was written. */
export type Renamed = 'done' | 'gone' | 'exists';

/**
 * How many of its last writes a session's record remembers by their `op`. A client library that resends a write whose
 * reply was lost may have been overtaken by others.
 */
export const REMEMBERED_OPS = 8;

/**
 * How long after its end something may be there yet before it is garbage, in milliseconds: clocks of processes and backends
 * differ, and what one of them finds expired only just, another one may still serve.
 */
export const GARBAGE_MARGIN_MS = 60_000;

export interface AddOptions {
  /** Names this write, without spaces. */
  readonly op: string;
  /** A session that goes when this one is stored, for good, as by `remove`. If it can't, `add` rejects. */
  readonly replaces?: Key;
  /** Of a principal's session. */
  readonly limit?: SessionLimit;
}

/** How many live sessions a tag may have, that which `replaces` names not counted, and what becomes of one too many. */
export interface SessionLimit {
  readonly max: number;
  /** `'remove-oldest'`: those that were created first go, in the same step, until there is room for the new one. */
  readonly onMax: 'refuse' | 'remove-oldest';
}

/** A session of a principal, and where it lies. */
export interface ListedSession {
  readonly key: Key;
  readonly outline: SessionOutline;
}

export interface RenameOptions {
  readonly op: string;
  readonly now: number;
  /** Until then `change`, `touch`, `remove` and `rename` with the old key act on the successor. */
  readonly forwardUntil: number;
  /** Until then `get` tells the successor to be shown; 0 for never. */
  readonly graceUntil: number;
  /** Whether a forward under `from` is followed; if not, there is nothing to be moved: `'gone'`. @defaultValue true */
  readonly follows?: boolean;
  /** Whether the session's user has just been authenticated. @defaultValue false */
  readonly isAuthenticated?: boolean;
}

export interface PurgeOptions {
  readonly now: number;
  /** Most sessions removed in one step. */
  readonly batchSize: number;
  /** Milliseconds the call may take. */
  readonly deadline: number;
}

/** `completed`: nothing that had to go was left. */
export interface Purged {
  readonly completed: boolean;
  readonly removed: number;
}

/**
 * The contract of stores.
 *
 * Every method may answer at once or by a promise. `now` is the app's clock in milliseconds: a session at or past its
 * deadline (`deadlineOf`) counts as absent, whether it was purged or not. A rejection means that the store failed, never
 * that something wasn't found. Records are data: what a caller does to one it gave or got changes nothing in the store,
 * which may give one that is frozen, with `attrs` of any class. A write that comes again with the same `op` is already done,
 * if no more than seven others were in between.
 *
 * A record with a `principal` is under a key of that principal's tag (`isPrincipals`), and the store lists it there, in the step
 * that stores it. The list is what says that it lives: a session that isn't listed counts as absent.
 * `testSessionStore` of `nestjs-http-session/testing` proves an implementation.
 */
export abstract class SessionStore {
  abstract readonly capabilities: StoreCapabilities;

  /** Where this store keeps copies of another one's sessions, if it can be the cache of a `TieredStore`. */
  get copies(): SessionCopies | undefined {
    return undefined;
  }

  /** How the processes that use this store tell each other what they removed, if they can. */
  get channel(): SessionChannel | undefined {
    return undefined;
  }

  /** Called by each manager that uses the store, before its first request: `logger` hears what somebody should look at. */
  start(_logger: SessionLogger): void {}

  /** A pure read: nothing is written, no deadline moves. `undefined` if absent or removed, and maybe if expired. */
  abstract get(key: Key, now: number): Awaitable<Found>;

  /**
   * Records an access. Never creates, and never moves a deadline back. Follows a forward.
   * @returns whether there is such a session
   */
  abstract touch(key: Key, now: number): Awaitable<boolean>;

  /** Stores a new session. Never overwrites one, not even an expired one. */
  abstract add(key: Key, record: SessionRecord, options: AddOptions): Awaitable<Added>;

  /**
   * Changes attributes and records an access, in one step. Never creates. Follows a forward. With `ifVersion`, a record of
   * another version is left as it is, and given back.
   */
  abstract change(key: Key, delta: Delta, now: number): Awaitable<Changed>;

  /**
   * Moves a session to another key of the same tag, leaving a forward under the old one. `get` of the old key finds no
   * record from then on. The record says when (`rotated`), and if so that its user was authenticated then.
   * From a key that forwards, the successor is moved.
   */
  abstract rename(from: Key, to: Key, options: RenameOptions): Awaitable<Renamed>;

  /**
   * Removes a session for good: nothing loaded earlier brings it back. Follows a forward. What can't be read goes too, as
   * another version of the library may be able to.
   * @returns whether there was one
   */
  abstract remove(key: Key): Awaitable<boolean>;

  /** The live sessions of a principal's tag, in no order. What it costs depends on them alone, not on how many others there are. */
  abstract list(tag: string, now: number): Awaitable<readonly ListedSession[]>;

  /**
   * Removes all sessions of a principal's tag for good, in one step: every one whose `add` resolved before, whatever else is on
   * its way. `except` stays, and follows a forward: if that isn't live, nothing is removed.
   * @returns how many were live; `'gone'`: `except` isn't there
   */
  abstract removeAll(tag: string, now: number, except?: Key): Awaitable<number | 'gone'>;

  /** Removes what has expired, batch after batch, until nothing is left or the time is up. */
  abstract purge(options: PurgeOptions): Awaitable<Purged>;

  /** Writes what is still on its way, and stops the store's own work. Once or many times. Leaves the user's driver open. */
  abstract close(): Awaitable<void>;
}
