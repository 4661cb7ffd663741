/** What a test of the store contract works with: a fresh store, a time, and records to put in. */
import { ok } from 'node:assert/strict';
import type { Awaitable } from '../session/awaitable.js';
import { randomText } from '../session/random.text.js';
import { DEFAULT_ID_LENGTH, keyOf, newId, tagOf, tagOfPrincipal } from '../session/session.id.js';
import { copyOf, type Delta, deadlineOf, type Key, type SessionRecord } from '../session/session.record.js';
import type { RenameOptions, SessionStore } from '../store/session.store.js';

/** Registers tests, each of which gets a trial of its own. */
export interface Suite<Trial> {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, test: (trial: Trial) => Promise<void>) => void;
}

/** How a kit gets stores. */
export interface StoreSource {
  createStore(): Awaitable<SessionStore>;
  /** Another one on the same backend, or the same one where there is no other. */
  createSecondStore(first: SessionStore): Awaitable<SessionStore>;
}

/** A session in the store, as it was put in. */
export interface Kept {
  readonly key: Key;
  readonly record: SessionRecord;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const DAY = 24 * 60 * MINUTE;

/** How long a store may keep what has expired before a purge has to remove it. */
const PURGE_MARGIN = 61 * SECOND;

export class StoreTrial {
  readonly store: SessionStore;
  /** The store as another process has it. */
  readonly second: SessionStore;
  /** The app's time in this trial. A backend's own clock is hardly later. */
  readonly now = Date.now();

  private constructor(store: SessionStore, second: SessionStore) {
    this.store = store;
    this.second = second;
  }

  /** Runs a test with a fresh store, which is closed afterwards. */
  static async run(source: StoreSource, test: (trial: StoreTrial) => Promise<void>): Promise<void> {
    const store = await source.createStore();
    try {
      const second = await source.createSecondStore(store);
      try {
        await test(new StoreTrial(store, second));
      } finally {
        await second.close();
      }
    } finally {
      await store.close();
    }
  }

  /** @param like - a key that it might succeed: it has the same tag */
  newKey(like?: Key): Key {
    return keyOf('kit', newId(DEFAULT_ID_LENGTH, like === undefined ? undefined : tagOf(like)));
  }

  /** A key of a principal's session. */
  newKeyOf(principal: string): Key {
    return keyOf('kit', newId(DEFAULT_ID_LENGTH, this.tagOf(principal)));
  }

  tagOf(principal: string): string {
    return tagOfPrincipal('kit', principal);
  }

  newOp(): string {
    return randomText(8);
  }

  /** A record of a session that was added just now, unless `given` says something else. */
  newRecord(given: Partial<SessionRecord> = {}): SessionRecord {
    return {
      format: 1,
      created: this.now,
      accessed: this.now,
      timeout: 30 * MINUTE,
      touchInterval: MINUTE,
      ends: this.now + 30 * DAY,
      version: 1,
      persistent: true,
      handle: randomText(12),
      seed: randomText(16),
      consts: '{"user":"\\"a\\""}',
      attrs: new Map([['count', '1']]),
      ...given,
    };
  }

  /** A change of attributes: `null` deletes one. */
  newDelta(attrs: Readonly<Record<string, string | null>>, more: Partial<Delta> = {}): Delta {
    const set = new Map<string, string>();
    const unset: string[] = [];
    for (const [name, text] of Object.entries(attrs)) {
      if (text === null) unset.push(name);
      else set.set(name, text);
    }
    return { set, unset, op: this.newOp(), ...more };
  }

  renameOptions(given: Partial<RenameOptions> = {}): RenameOptions {
    return { op: this.newOp(), now: this.now, forwardUntil: this.now + MINUTE, graceUntil: 0, ...given };
  }

  /** Puts a session into the store. */
  async keep(given: Partial<SessionRecord> = {}, key = this.newKey()): Promise<Kept> {
    const record = this.newRecord(given);
    const added = await this.store.add(key, record, { op: this.newOp() });
    ok(added === 'added', `a session under a new key was not added, but ${JSON.stringify(added)}`);
    // A copy: a store that keeps the object it was given must not change what is expected of it.
    return { key, record: copyOf(record) };
  }

  /** Puts a session of a principal into the store. */
  keepOf(principal: string, given: Partial<SessionRecord> = {}): Promise<Kept> {
    return this.keep({ principal, ...given }, this.newKeyOf(principal));
  }

  /** The handles of a principal's live sessions, in order. */
  async handlesOf(principal: string, now: number = this.now, store: SessionStore = this.store): Promise<string[]> {
    const listed = await store.list(this.tagOf(principal), now);
    return listed.map(({ outline }) => outline.handle).sort();
  }

  /** Gives a session another key. */
  async renamed(from: Key, given: Partial<RenameOptions> = {}): Promise<Key> {
    const to = this.newKey(from);
    const answer = await this.store.rename(from, to, this.renameOptions(given));
    ok(answer === 'done', `a live session was not renamed to a new key, but ${JSON.stringify(answer)}`);
    return to;
  }

  /**
   * The record under a key, `undefined` if there is none to be served. As plain data, whatever class of record or map the store
   * gives: so it compares.
   */
  async recordOf(
    key: Key,
    now: number = this.now,
    store: SessionStore = this.store,
  ): Promise<SessionRecord | undefined> {
    const found = await store.get(key, now);
    ok(!(found && 'broken' in found), 'a record that the store wrote itself reads as broken');
    return found && 'record' in found ? copyOf(found.record) : undefined;
  }

  /** The record that a key leads to, over as many forwards as there are. */
  async recordBehind(key: Key, now: number = this.now): Promise<SessionRecord | undefined> {
    let found = await this.store.get(key, now);
    for (let hops = 0; found && 'successor' in found; hops++) {
      ok(hops < 100, 'forwards lead in a circle');
      found = await this.store.get(found.successor, now);
    }
    return found && 'record' in found ? copyOf(found.record) : undefined;
  }

  /** The record that a change gives back since it has another version, as plain data; `undefined` if it gives none. */
  async conflictOf(key: Key, delta: Delta, now: number = this.now): Promise<SessionRecord | undefined> {
    const changed = await this.store.change(key, delta, now);
    return changed !== 'gone' && 'conflict' in changed ? copyOf(changed.conflict) : undefined;
  }

  /** When a purge has to remove a session. */
  purgeTimeOf(record: SessionRecord): number {
    return deadlineOf(record) + PURGE_MARGIN;
  }
}
