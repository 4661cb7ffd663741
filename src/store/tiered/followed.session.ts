/** What a process knows of a session without asking for it: enough to answer for changes that it writes later. */
import { deadlineOf, type Delta, type Key, type SessionRecord } from '../../session/session.record.js';
import { isRemembered, rememberOp } from '../remembered.ops.js';
import { PendingWrite } from './pending.write.js';

interface Waiter {
  readonly write: PendingWrite;
  resolve(): void;
  reject(error: unknown): void;
}

type Times = Pick<SessionRecord, 'accessed' | 'timeout' | 'touchInterval' | 'ends'>;

export class FollowedSession {
  readonly handle: string;
  /** Where it lies; under the others it lay before. */
  key: Key;
  readonly keys: Set<Key>;
  /** When that was asked which told that it lies under `key`. */
  since: number;
  /** Whether somebody sends what is pending. */
  isFlushing = false;
  /** Ends the pause between two tries. */
  wake: () => void = () => undefined;
  #times: Times;
  /**
   * That of the durable store when nothing pending was in it. With the pending changes it is what the version will be
   * if nobody else changes the session, and else too low: never one that stands for other attributes than a caller
   * knows.
   */
  #version: number;
  /** The last changes. */
  #ops = '';
  #pending: PendingWrite[] = [];
  #waiters: Waiter[] = [];

  constructor(key: Key, record: SessionRecord, since: number) {
    this.handle = record.handle;
    this.key = key;
    this.keys = new Set([key]);
    this.since = since;
    this.#times = timesOf(record);
    this.#version = record.version;
  }

  get isIdle(): boolean {
    return this.#pending.length === 0;
  }

  /** What is to be written next. */
  get next(): PendingWrite | undefined {
    return this.#pending[0];
  }

  /** The version that the pending changes lead to. */
  get version(): number {
    return this.#pending.reduce((version, { steps }) => version + steps, this.#version);
  }

  isLive(now: number): boolean {
    return this.#isLiveAfter(this.#pending, now);
  }

  /** Takes over what was read while nothing was pending. */
  learn(record: SessionRecord): void {
    this.#version = Math.max(record.version, this.#version);
    this.#times = { ...timesOf(record), accessed: Math.max(record.accessed, this.#times.accessed) };
  }

  /** Takes over what a write that waited for the durable store was told. */
  learnChange(version: number, op: string): void {
    if (this.isIdle && version > this.#version) this.#version = version;
    this.#ops = rememberOp(this.#ops, op);
  }

  /** @returns the version after it */
  change(delta: Delta, now: number): number {
    if (!isRemembered(this.#ops, delta.op)) {
      this.#ops = rememberOp(this.#ops, delta.op);
      this.#unsent(now).add(delta, now);
    }
    return this.version;
  }

  touch(now: number): void {
    this.#unsent(now).touch(now);
  }

  /** A look at a record as if what is pending now were in it already. */
  overlay(): ((record: SessionRecord) => SessionRecord) | undefined {
    if (this.isIdle) return undefined;
    const { version } = this;
    const pending = [...this.#pending];
    const steps = version - this.#version;
    return (record) => {
      const attrs = new Map(record.attrs);
      let { accessed } = record;
      for (const write of pending) {
        write.applyTo(attrs);
        accessed = Math.max(accessed, write.now);
      }
      // The record may be a copy that is older than what is known here.
      return { ...record, version: Math.min(version, record.version + steps), accessed, attrs };
    };
  }

  /** Resolves when what is pending now is written. Rejects if that fails once more. */
  settled(): Promise<void> {
    const write = this.#pending.at(-1);
    if (!write) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ write, resolve, reject }));
  }

  /** The first of what is pending is written. @param version - if that was told */
  written(version: number | undefined): void {
    const write = this.#pending.shift();
    if (!write) return;
    this.#times = { ...this.#times, accessed: Math.max(this.#times.accessed, write.now) };
    if (version !== undefined) this.#version = Math.max(version, this.#version);
    this.#release((waiter) => waiter.write === write);
  }

  failed(error: unknown): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  /** There is nothing to write any more. */
  discard(): void {
    this.#pending = [];
    this.#release(() => true);
    this.wake();
  }

  #unsent(now: number): PendingWrite {
    const last = this.#pending.at(-1);
    // Accesses that keep the session alive one after the other are no single one.
    if (last && !last.isSent && this.#isLiveAfter(this.#pending.slice(0, -1), now)) return last;
    const write = new PendingWrite(now);
    this.#pending.push(write);
    return write;
  }

  #isLiveAfter(writes: readonly PendingWrite[], now: number): boolean {
    const accessed = Math.max(this.#times.accessed, ...writes.map((write) => write.now));
    return now < deadlineOf({ ...this.#times, accessed });
  }

  #release(isDone: (waiter: Waiter) => boolean): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => !isDone(waiter));
    for (const waiter of waiters) if (isDone(waiter)) waiter.resolve();
  }
}

function timesOf({ accessed, timeout, touchInterval, ends }: SessionRecord): Times {
  return { accessed, timeout, touchInterval, ends };
}
