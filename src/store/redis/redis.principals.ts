/**
 * The sessions of principals in Redis. Each principal has an index beside its sessions: a sorted set of their digests, by their
 * deadlines, which says which of them live. All of a principal's is in one slot, that of its tag.
 */
import { isPrincipals, tagOf } from '../../session/session.id.js';
import { deadlineOf, type Key } from '../../session/session.record.js';
import type { ListedSession } from '../session.store.js';
import type { RedisCommands } from './redis.commands.js';
import { RedisFailure } from './redis.failure.js';
import { OUTLINE_FIELDS, toOutline } from './redis.hash.js';
import { MAX_HOPS } from './redis.script.js';

/** How many sessions are asked for, or cleared, before Redis is left to others. */
const CHUNK = 500;

/** Where the index of a tag is, as if it were a session's key: no digest is that short. */
export function indexOf(tag: string): Key {
  return `${tag}.i`;
}

/** The index that lists the session of a key; none if it is nobody's. */
export function indexesOf(key: Key): readonly Key[] {
  return isPrincipals(key) ? [indexOf(tagOf(key))] : [];
}

export class RedisPrincipals {
  readonly #commands: RedisCommands;
  readonly #placeOf: (key: Key) => string;

  constructor(commands: RedisCommands, placeOf: (key: Key) => string) {
    this.#commands = commands;
    this.#placeOf = placeOf;
  }

  /** Whether the session of a key, if there is one, is a live one of its principal. */
  async lists(key: Key): Promise<boolean> {
    const tag = tagOf(key);
    const index = this.#placeOf(indexOf(tag));
    const deadline = await this.#commands.send(index, 'ZSCORE', index, key.slice(tag.length + 1));
    return deadline !== null && deadline !== undefined;
  }

  /** Not by a script: others get their turn in between, however many sessions there are. */
  async list(tag: string, now: number): Promise<ListedSession[]> {
    const index = this.#placeOf(indexOf(tag));
    const digests = await this.#commands.send(index, 'ZRANGEBYSCORE', index, `(${now}`, '+inf');
    const listed: ListedSession[] = [];
    for (const chunk of chunksOf(digests as string[])) {
      const found = await Promise.all(chunk.map((digest) => this.#find(`${tag}.${digest}`, now)));
      for (const session of found) if (session) listed.push(session);
    }
    return listed;
  }

  /** Frees what is left of sessions that aren't listed any more. If that fails, they go at the end of their time to live. */
  async clear(tag: string, digests: readonly string[]): Promise<void> {
    try {
      for (const chunk of chunksOf(digests)) {
        const places = chunk.map((digest) => this.#placeOf(`${tag}.${digest}`));
        await this.#commands.send(places[0], 'UNLINK', ...places);
      }
    } catch {
      // They are dead.
    }
  }

  /** The live session of a key, or of what that was renamed to since it was found in the index. */
  async #find(key: Key, now: number): Promise<ListedSession | undefined> {
    let at = key;
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const outline = await this.#outlineOf(at);
      if (!outline) return undefined;
      if (!('successor' in outline)) return now < deadlineOf(outline) ? { key: at, outline } : undefined;
      at = outline.successor;
    }
    return undefined;
  }

  async #outlineOf(key: Key): Promise<ReturnType<typeof toOutline>> {
    const place = this.#placeOf(key);
    try {
      return toOutline(await this.#commands.send(place, 'HMGET', place, ...OUTLINE_FIELDS));
    } catch (error) {
      if (error instanceof RedisFailure && error.code === 'WRONGTYPE') return undefined;
      throw error;
    }
  }
}

function* chunksOf(digests: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < digests.length; start += CHUNK) yield digests.slice(start, start + CHUNK);
}
