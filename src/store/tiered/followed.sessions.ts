/** The sessions that a process knows something of: those it used last, and those with something pending. */
import type { Key, SessionRecord } from '../../session/session.record.js';
import { FollowedSession } from './followed.session.js';

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

  /** The session of a record that lies under `key`. */
  follow(key: Key, record: SessionRecord): FollowedSession {
    const known = this.#byHandle.get(record.handle);
    const session = known ?? new FollowedSession(key, record);
    this.#byHandle.delete(session.handle);
    this.#byHandle.set(session.handle, session);
    this.moved(session, key);
    if (!known) this.#makeRoom();
    return session;
  }

  /** A session lies under another key. */
  moved(session: FollowedSession, key: Key): void {
    session.key = key;
    session.keys.add(key);
    this.#byKey.set(key, session);
  }

  /** A session is gone. */
  forget(session: FollowedSession): void {
    session.discard();
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
