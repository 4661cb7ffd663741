/** The sessions of principals, in a backend that swaps texts: what their indexes name, and where that lies. */
import type { Awaitable } from '../session/awaitable.js';
import { SessionError } from '../session/session.error.js';
import { isPrincipals, tagOf } from '../session/session.id.js';
import { isLive, type Key, type SessionRecord } from '../session/session.record.js';
import { AGAIN } from './compare-and-swap.attempts.js';
import {
  decodeIndex,
  encodeIndex,
  indexKeyOf,
  type Member,
  memberMoving,
  memberOf,
  type Members,
  memberWith,
  type PrincipalIndex,
  unended,
} from './compare-and-swap.index.js';
import type { Held, SessionPlaces, TextBackend } from './compare-and-swap.places.js';
import { displacedBy } from './session.limit.js';
import type { AddOptions, ListedSession, SessionLimit } from './session.store.js';

/** Of a principal's sessions, those that the backend is asked for at a time: there may be thousands. */
const MOST_AT_ONCE = 100;

export class PrincipalSessions {
  readonly #backend: TextBackend;
  readonly #places: SessionPlaces;

  constructor(backend: TextBackend, places: SessionPlaces) {
    this.#backend = backend;
    this.#places = places;
  }

  /** The index that says whether the session of a key lives. `undefined`: it is nobody's, and needs none. */
  async indexFor(key: Key): Promise<PrincipalIndex | undefined> {
    return isPrincipals(key) ? this.#read(tagOf(key)) : undefined;
  }

  /** The sessions of a tag that live at `now`. */
  async list(tag: string, now: number): Promise<ListedSession[]> {
    return this.#living((await this.#read(tag)).members, now);
  }

  /**
   * Names a session that was stored: from then on it lives, and those don't that it replaces or displaces.
   * @returns what it displaced
   */
  async enlist(
    key: Key,
    record: SessionRecord,
    { replaces, limit }: AddOptions,
  ): Promise<Members | 'limit' | typeof AGAIN> {
    const index = await this.#read(tagOf(key));
    if (index.broken !== undefined) throw brokenIndex(index.broken);
    // By the same write, which came again.
    if (index.members.has(record.handle)) return new Map();
    const members = new Map(index.members);
    // Not only removed afterwards: of two that replace the same one, one too many would come in.
    if (replaces !== undefined && tagOf(replaces) === tagOf(key)) {
      const replaced = await this.#places.hold(replaces, -Infinity);
      if (replaced) members.delete(replaced.session.record.handle);
    }
    const displaced = limit ? await this.#displacedBy(limit, members, record.created) : [];
    if (displaced === 'limit') return 'limit';
    const leaving = takeOut(members, displaced);
    members.set(record.handle, memberOf(key, record));
    return (await this.#write(index, members, record.created)) ? leaving : AGAIN;
  }

  /** A session is about to be written as `record`. @returns whether the index still was what it was */
  keep(index: PrincipalIndex, record: SessionRecord, now: number): Awaitable<boolean> {
    return this.#say(index, record.handle, (member) => memberWith(member, record), now);
  }

  /** A session is about to be moved. @returns whether the index still was what it was */
  move(index: PrincipalIndex, { key, session }: Held, to: Key, now: number): Awaitable<boolean> {
    return this.#say(index, session.record.handle, (member) => memberMoving(member, key, to), now);
  }

  /** A session was removed. If that can't be said, its name stays for a while, and stands for nothing. @returns whether it was named */
  async drop(index: PrincipalIndex, handle: string): Promise<boolean> {
    const members = new Map(index.members);
    if (!members.delete(handle)) return false;
    await tolerated(() => this.#write(index, members, index.written), false);
    return true;
  }

  /** Ends all sessions of a tag, or all but one. @returns what has ended; `'gone'`: the one to be spared isn't there */
  async dismiss(tag: string, now: number, except?: Key): Promise<Members | 'gone' | typeof AGAIN> {
    const index = await this.#read(tag);
    const leaving = new Map(index.members);
    const spared = except === undefined ? undefined : await this.#places.hold(except, now);
    const staying = takeOut(leaving, spared ? [spared.session.record.handle] : []);
    if (except !== undefined && staying.size === 0) return 'gone';
    return (await this.#write(index, staying, now)) ? leaving : AGAIN;
  }

  /** Removes what is left of sessions that aren't named any more. That it fails harms nobody. @returns how many were live */
  async clear(members: Members, now: number): Promise<number> {
    const clearOne = async (handle: string, member: Member): Promise<boolean> => {
      const held = await this.#find(handle, member);
      if (!held) return false;
      await this.#backend.swap(held.key, held.text, undefined, 0);
      return isLive(held.session.record, now);
    };
    // Where nobody can look, there was one.
    const wereLive = await forEach(members, (handle, member) => tolerated(() => clearOne(handle, member), true));
    return wereLive.filter((wasLive) => wasLive).length;
  }

  /** Removes the names of sessions that have ended. @returns whether the index still was what it was */
  async purge(tag: string, now: number): Promise<boolean> {
    const index = await this.#read(tag);
    return unended(index.members, now).size === index.members.size || this.#write(index, index.members, now);
  }

  async #read(tag: string): Promise<PrincipalIndex> {
    const key = indexKeyOf(tag);
    return decodeIndex(key, await this.#backend.read(key));
  }

  #say(index: PrincipalIndex, handle: string, change: (member: Member) => Member, now: number): Awaitable<boolean> {
    const member = index.members.get(handle);
    const next = member && change(member);
    return !next || next === member || this.#write(index, new Map(index.members).set(handle, next), now);
  }

  #write({ key, text }: PrincipalIndex, members: Members, now: number): Awaitable<boolean> {
    const named = unended(members, now);
    if (named.size === 0) return text === undefined || this.#backend.swap(key, text, undefined, 0);
    const keepFor = Math.ceil(lastOf(named) - now);
    return this.#backend.swap(key, text, encodeIndex(named, now), keepFor);
  }

  async #displacedBy(limit: SessionLimit, members: Members, now: number): Promise<readonly string[] | 'limit'> {
    // Of those that are named, some may have ended.
    if (members.size < limit.max) return [];
    const displaced = displacedBy(limit, await this.#living(members, now));
    return displaced === 'limit' ? displaced : displaced.map(({ outline }) => outline.handle);
  }

  async #living(members: Members, now: number): Promise<ListedSession[]> {
    const found = await forEach(members, (handle, member) => this.#find(handle, member));
    return found.flatMap((held) =>
      held && isLive(held.session.record, now) ? [{ key: held.key, outline: held.session.record }] : [],
    );
  }

  /** A session, ended or not, wherever it lies by now. */
  async #find(handle: string, { keys }: Member): Promise<Held | undefined> {
    for (const key of keys) {
      const held = await this.#places.hold(key, -Infinity);
      // A key where it was never moved to may have come to be another one's.
      if (held?.session.record.handle === handle) return held;
    }
    return undefined;
  }
}

/** Takes these out, as far as they are in there. */
function takeOut(members: Map<string, Member>, handles: readonly string[]): Members {
  const taken = new Map<string, Member>();
  for (const handle of handles) {
    const member = members.get(handle);
    if (member) taken.set(handle, member);
    members.delete(handle);
  }
  return taken;
}

function lastOf(members: Members): number {
  let last = -Infinity;
  for (const { until } of members.values()) last = Math.max(last, until);
  return last;
}

async function forEach<T>(members: Members, work: (handle: string, member: Member) => Promise<T>): Promise<T[]> {
  const left = [...members];
  const done: T[] = [];
  while (left.length > 0) {
    const some = left.splice(0, MOST_AT_ONCE).map(([handle, member]) => work(handle, member));
    done.push(...(await Promise.all(some)));
  }
  return done;
}

async function tolerated<T>(work: () => Awaitable<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch {
    return otherwise;
  }
}

function brokenIndex(why: string): SessionError {
  return new SessionError(
    'STORE_FAILED',
    `The sessions of a principal can't be added to: what lists them can't be read (${why}).`,
  );
}
