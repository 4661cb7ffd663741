/** The sessions that a process knows something of: those it used last, and those with something pending. */
import { tagOf } from '../../session/session.id.js';
import type { Key, SessionRecord } from '../../session/session.record.js';
import { FollowedSession } from './followed.session.js';

/** How many keys a session is found under, the last ones: forwards don't last, and rotations go on. */
const MAX_KEYS = 8;

export class FollowedSessions {
  readonly #limit: number;
  /** By handle, which a rename leaves alone. Those used last come last. */
  readonly #byHandle = new Map<string, FollowedSession>();
  readonly #byKey = new Map<Key, FollowedSession>();

  /** @param limit - more than can have something pending */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The session of a key, which may have been its key before. */
  find(key: Key): FollowedSession | undefined {
    return this.#byKey.get(key);
  }

  /** The session of a handle, under whatever key. */
  ofHandle(handle: string): FollowedSession | undefined {
    return this.#byHandle.get(handle);
  }

  /** The sessions of a tag. */
  ofTag(tag: string): FollowedSession[] {
    return [...this.#byHandle.values()].filter(({ key }) => tagOf(key) === tag);
  }

  /**
   * The session of a record that lies under `key`.
   *
   * @param asked - when the record was asked for: what was asked earlier than something else may have been told later
   */
  follow(key: Key, record: SessionRecord, asked: number): FollowedSession {
    const known = this.#byHandle.get(record.handle);
    const session = known ?? new FollowedSession(key, record, asked);
    this.#byHandle.delete(session.handle);
    this.#byHandle.set(session.handle, session);
    if (asked >= session.since) this.moved(session, key, asked);
    if (!known) this.#makeRoom();
    return session;
  }

  /** A session lies under another key, if it isn't gone meanwhile. */
  moved(session: FollowedSession, key: Key, since: number): void {
    if (this.#byHandle.get(session.handle) !== session) return;
    session.key = key;
    session.since = since;
    session.keys.delete(key);
    session.keys.add(key);
    this.#byKey.set(key, session);
    if (session.keys.size <= MAX_KEYS) return;
    const [first = key] = session.keys;
    session.keys.delete(first);
    this.#byKey.delete(first);
  }

  /** A session is gone. */
  forget(session: FollowedSession): void {
    session.discard();
    if (this.#byHandle.get(session.handle) !== session) return;
    this.#byHandle.delete(session.handle);
    for (const key of session.keys) this.#byKey.delete(key);
  }

  #makeRoom(): void {
    if (this.#byHandle.size <= this.#limit) return;
    for (const session of this.#byHandle.values()) {
      if (session.isIdle) return this.forget(session);
    }
  }
}
