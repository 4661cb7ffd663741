/** Sessions in Redis or Valkey, shared by all processes that use the same one: a hash each, changed by scripts. */
import { checkOptionNames } from '../../session/options.check.js';
import { invalidOption } from '../../session/session.error.js';
import { isPrincipals, tagOf } from '../../session/session.id.js';
import type { SessionLogger } from '../../session/session.logger.js';
import { type Changed, type Delta, deadlineOf, type Key, type SessionRecord } from '../../session/session.record.js';
import {
  type Added,
  type AddOptions,
  type Found,
  GARBAGE_MARGIN_MS,
  type ListedSession,
  type Purged,
  type Renamed,
  type RenameOptions,
  SessionStore,
} from '../session.store.js';
import type { SessionChannel } from '../session.channel.js';
import type { SessionCopies } from '../session.copies.js';
import { isSubscriber, RedisChannel, type RedisSubscriber } from './redis.channel.js';
import { connectionOf, type RedisClient } from './redis.client.js';
import { RedisCommands, type ScriptReply } from './redis.commands.js';
import { RedisCopies } from './redis.copies.js';
import { findEviction } from './redis.eviction.js';
import { RedisFailure } from './redis.failure.js';
import { fieldOf, toConflict, toFound, toHandles, toHash } from './redis.hash.js';
import { ADD_LISTED, REMOVE_ALL, REMOVE_OTHERS } from './redis.index.scripts.js';
import { indexesOf, indexOf, RedisPrincipals } from './redis.principals.js';
import { MAX_HOPS, type RedisScript } from './redis.script.js';
import { ADD, CHANGE, REMOVE, RENAME, TOUCH } from './redis.scripts.js';

export interface RedisStoreOptions {
  /**
   * What all keys begin with; stores with different ones don't see each other's sessions. No `{` or `}`: they would decide
   * what Redis Cluster keeps together.
   * @defaultValue 'sess:'
   */
  keyPrefix?: string | undefined;
  /**
   * A client of its own, connected, that does nothing but subscribe: `client.duplicate()`. With it, processes tell each other which
   * sessions they remove: `removed` events with `elsewhere: true`. It stays the application's to close.
   * @defaultValue none: each process hears of its own removals only
   */
  subscriber?: RedisSubscriber | undefined;
}

/** What node-redis calls it. (ioredis connects by itself.) */
const NOT_CONNECTED = 'ClientClosedError';
const HOW_TO_CONNECT = 'The Redis client is not connected: await its connect() before the application serves.';

/**
 * Keeps sessions in Redis 7 or Valkey (nothing that is newer than Redis 6 is used), by a client of the application, which it
 * never connects or closes.
 *
 * The client decides what happens while Redis can't be reached. Clients that queue what they are given do it when Redis is
 * back, maybe minutes after it was answered with 503: a rotation then takes a session away from its user. Let it fail at once:
 *
 * - node-redis: `disableOfflineQueue: true`. It also needs a listener for `'error'`, or a lost connection ends the process;
 * - ioredis and iovalkey: `enableOfflineQueue: false`, `maxRetriesPerRequest: 0` and `autoResendUnfulfilledCommands: false`,
 *   and so `lazyConnect: true` and `await client.connect()`. With `enableAutoPipelining: true` Redis needs a third of the time.
 *
 * (What was sent to a server that has stopped answering may still be done when it goes on.)
 *
 * All sessions of one principal are in one slot of a cluster. When a limit makes room for a new one of them, the script also uses
 * keys that it doesn't declare, of that slot: they begin with the prefix and the principal's tag in braces, like those it does.
 *
 * A write that a client sends again does no harm, if no more than seven others came in between. No replica is ever read: a
 * client that can't be told so is refused. But Redis tells its replicas later: a failover can undo what was acknowledged, also a
 * logout. Redis must not evict sessions: set its `maxmemory-policy` to `noeviction`.
 */
export class RedisStore extends SessionStore {
  readonly capabilities = { shared: true, atomic: true, acknowledged: 'backend' } as const;
  readonly #commands: RedisCommands;
  readonly #principals: RedisPrincipals;
  readonly #keyPrefix: string;
  /** Whether one command may have keys of one tag only. */
  #isSlotted: boolean;
  readonly #channel: RedisChannel | undefined;
  #copies: RedisCopies | undefined;
  #started = false;

  /**
   * @param client - of node-redis, ioredis or iovalkey; connected by the time of the first request
   * @throws SessionError `INVALID_OPTION`
   */
  constructor(client: RedisClient, options: RedisStoreOptions = {}) {
    super();
    checkOptionNames('RedisStore', options, ['keyPrefix', 'subscriber']);
    const { keyPrefix = 'sess:', subscriber } = options;
    if (typeof keyPrefix !== 'string' || /[{}]/.test(keyPrefix)) {
      throw invalidOption('keyPrefix', keyPrefix, 'a string without { and }');
    }
    this.#keyPrefix = keyPrefix;
    this.#commands = new RedisCommands(connectionOf(client));
    this.#principals = new RedisPrincipals(this.#commands, (key) => this.#placeOf(key));
    this.#isSlotted = this.#commands.isCluster;
    if (subscriber !== undefined) {
      if (!isSubscriber(subscriber) || (subscriber as unknown) === client) {
        throw invalidOption('subscriber', subscriber, 'another client than the first one, such as client.duplicate()');
      }
      this.#channel = new RedisChannel(this.#commands, subscriber, `${keyPrefix}removed`);
    }
  }

  override get channel(): SessionChannel | undefined {
    return this.#channel;
  }

  override get copies(): SessionCopies {
    this.#copies ??= new RedisCopies(this.#commands, (key) => this.#placeOf(key));
    return this.#copies;
  }

  /** Warns, once and later, if the client isn't connected or Redis may evict sessions; says nothing if it isn't to be asked. */
  override start(logger: SessionLogger): void {
    if (this.#started) return;
    this.#started = true;
    findEviction(this.#commands).then(
      (warning) => warning !== undefined && logger.warn(warning),
      (error: RedisFailure) => error.code === NOT_CONNECTED && logger.warn(HOW_TO_CONNECT),
    );
  }

  get(key: Key, now: number): Promise<Found> {
    return isPrincipals(key) ? this.#readListed(key, now) : this.#read(key, now);
  }

  async touch(key: Key, now: number): Promise<boolean> {
    const [answer] = await this.#follow(key, TOUCH, [String(now)]);
    return answer === 'done';
  }

  async add(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    const { replaces } = options;
    const isInOneStep = replaces !== undefined && (!this.#isSlotted || tagOf(replaces) === tagOf(key));
    const reply = isInOneStep ? await this.#addInPlaceOf(replaces, key, record, options) : undefined;
    const [answer, successor, heads] = reply ?? (await this.#put(key, record, options));
    if (answer === 'exists' || answer === 'limit') return answer;
    if (typeof successor === 'string') await this.remove(successor);
    else if (replaces !== undefined && !reply) await this.remove(replaces);
    const displaced = Array.isArray(heads) ? heads.flatMap(toHandles) : [];
    return displaced.length === 0 ? 'added' : { displaced };
  }

  async change(key: Key, delta: Delta, now: number): Promise<Changed> {
    const { set, unset, op, ifVersion = '', steps = 1 } = delta;
    const values = [String(now), op, String(ifVersion), String(steps), String(2 * set.size)];
    for (const [name, text] of set) values.push(fieldOf(name), text);
    for (const name of unset) values.push(fieldOf(name));
    const [answer, detail] = await this.#follow(key, CHANGE, values);
    if (answer === 'done') return { version: Number(detail) };
    return answer === 'conflict' ? toConflict(detail) : 'gone';
  }

  async rename(from: Key, to: Key, options: RenameOptions): Promise<Renamed> {
    const { op, now, forwardUntil, graceUntil, follows = true, isAuthenticated = false } = options;
    const values = [String(now), op, to, String(forwardUntil), String(graceUntil), isAuthenticated ? String(now) : ''];
    const [answer] = await (follows
      ? this.#follow(from, RENAME, values, [to])
      : this.#run(RENAME, [from, to, ...indexesOf(from)], values));
    return answer === 'done' || answer === 'exists' ? answer : 'gone';
  }

  /** Also what can't be read: whoever logs out must not leave a session to a process that can. */
  async remove(key: Key): Promise<boolean> {
    const [answer] = await this.#follow(key, REMOVE);
    return answer === 'done';
  }

  list(tag: string, now: number): Promise<ListedSession[]> {
    return this.#principals.list(tag, now);
  }

  /** In one step on the list; what isn't listed any more, and so is dead already, is cleared afterwards. */
  async removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    if (except !== undefined && tagOf(except) !== tag) return 'gone';
    const [answer, live, digests] = await (except === undefined
      ? this.#run(REMOVE_ALL, [indexOf(tag)], [String(now)])
      : this.#follow(except, REMOVE_OTHERS, [String(now)]));
    if (answer !== 'done') return 'gone';
    await this.#principals.clear(tag, digests as string[]);
    return Number(live);
  }

  /** Nothing to do: Redis removes by itself what has expired, a minute later at the earliest. */
  purge(): Purged {
    return { completed: true, removed: 0 };
  }

  /** Nothing to do: the client is the application's. */
  close(): void {}

  /** Everything of one session is in one slot: that of its tag, in braces. */
  #placeOf(key: Key): string {
    const tag = tagOf(key);
    return `${this.#keyPrefix}{${tag}}:${key.slice(tag.length + 1)}`;
  }

  async #read(key: Key, now: number): Promise<Found> {
    const place = this.#placeOf(key);
    try {
      return toFound(await this.#commands.send(place, 'HGETALL', place), now);
    } catch (error) {
      if (error instanceof RedisFailure && error.code === 'WRONGTYPE') return { broken: 'it is no hash' };
      throw error;
    }
  }

  /** Asks for list and session at the same time: a script that has both costs Redis more. */
  async #readListed(key: Key, now: number): Promise<Found> {
    const [isListed, found] = await Promise.all([this.#principals.lists(key), this.#read(key, now)]);
    if (isListed === (found !== undefined) || needsNoList(found)) return found;
    // Maybe not of one moment: asked by two connections, with a rename in between, or of a cluster that is just moving them.
    const isListedStill = await this.#principals.lists(key);
    const again = await this.#read(key, now);
    return isListedStill || needsNoList(again) ? again : undefined;
  }

  /** @returns `undefined` if nothing was done, since one command may not have both keys */
  async #addInPlaceOf(
    replaced: Key,
    key: Key,
    record: SessionRecord,
    options: AddOptions,
  ): Promise<ScriptReply | undefined> {
    try {
      return await this.#put(key, record, options, [replaced, ...indexesOf(replaced)]);
    } catch (error) {
      if (!(error instanceof RedisFailure) || error.code !== 'CROSSSLOT') throw error;
      // A cluster behind a client for one server: it has a single node, or a proxy in front of it.
      this.#isSlotted = true;
      return undefined;
    }
  }

  #put(
    key: Key,
    record: SessionRecord,
    { op, limit }: AddOptions,
    replaced: readonly Key[] = [],
  ): Promise<ScriptReply> {
    const [ttl, hash] = [timeToLive(record), toHash(record, op)];
    if (!isPrincipals(key)) return this.#run(ADD, [key, ...replaced], [op, ttl, ...hash]);
    const limits = limit ? [String(limit.max), limit.onMax] : ['', ''];
    const values = [op, ttl, String(deadlineOf(record)), String(record.created), ...limits, ...hash];
    return this.#run(ADD_LISTED, [key, ...indexesOf(key), ...replaced], values);
  }

  #run(script: RedisScript, keys: readonly Key[], values: readonly string[]): Promise<ScriptReply> {
    const places = keys.map((key) => this.#placeOf(key));
    return this.#commands.run(script, places, values);
  }

  /** Runs a script for the session of a key, or for the one which that forwards to, and so on. */
  async #follow(
    key: Key,
    script: RedisScript,
    values: readonly string[] = [],
    more: readonly Key[] = [],
  ): Promise<ScriptReply> {
    let at = key;
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const reply = await this.#run(script, [at, ...more, ...indexesOf(at)], values);
      const [answer, successor] = reply;
      if (answer !== 'forward') return reply;
      at = String(successor);
    }
    return ['gone'];
  }
}

/** A forward is none of a principal's sessions, and what can't be read is to be told. */
function needsNoList(found: Found): boolean {
  return found !== undefined && ('successor' in found || 'broken' in found);
}

/** Of a new session, in milliseconds. Clocks differ, so it doesn't count from Redis's. */
function timeToLive(record: SessionRecord): string {
  const left = deadlineOf(record) - Math.max(record.created, record.accessed);
  return String(Math.ceil(Math.max(left, 0)) + GARBAGE_MARGIN_MS);
}
