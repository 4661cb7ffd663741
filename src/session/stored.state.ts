/** A session that a store holds, as one request sees it: reads from its record, commits deltas. */
import { type AttributeRules, checkAttributeName } from './attribute.rules.js';
import { type Awaitable, andThen, isPromiseLike } from './awaitable.js';
import { ConstantAttributes } from './constant.attributes.js';
import type { DraftAttributes } from './draft.attributes.js';
import type { KeyedQueue } from './keyed.queue.js';
import type { ReentrantQueue } from './reentrant.queue.js';
import { type SessionError, sessionGone } from './session.error.js';
import { successorOf } from './session.id.js';
import { type Changed, type Delta, isTouchDue, type Key, type SessionRecord } from './session.record.js';
import { type AttributeChanges, StoredAttributes } from './stored.attributes.js';

/** What a stored session needs of the manager that loaded or added it. */
export interface SessionHost {
  readonly rules: AttributeRules;
  /** By handle, which rotation leaves alone. */
  readonly updates: KeyedQueue;
  readonly exclusives: ReentrantQueue;
  now(): number;
  nextOp(): string;
  /** The record as it is now, also when it was rotated meanwhile. */
  reload(key: Key): Promise<SessionRecord | undefined>;
  change(key: Key, delta: Delta, now: number): Awaitable<Changed>;
  touch(key: Key, now: number): Awaitable<boolean>;
}

/** What came of a commit. `'gone'`: the session was removed, or has expired, while the request ran. */
export type CommitOutcome = 'unchanged' | 'committed' | 'gone';

export class StoredState {
  readonly isNew: boolean;
  readonly attributes: StoredAttributes;
  readonly handle: string;
  isRemoved = false;
  id: string;
  key: Key;
  /** As it was loaded, or loaded anew. Its attributes live in `attributes`, and what our own writes change of the rest is below. */
  #record: Omit<SessionRecord, 'attrs' | 'accessed' | 'version'>;
  #accessed: number;
  #version: number;
  #rotated: number | undefined;
  #authenticated: number | undefined;
  readonly #host: SessionHost;
  #constants: ConstantAttributes | undefined;
  #gone = false;
  /** What our view depends on and is on its way, a commit, an update or a reload: the next one waits for it. */
  #exchange: Promise<unknown> | undefined;
  #touching: Promise<boolean> | undefined;

  constructor(host: SessionHost, id: string, key: Key, record: SessionRecord, draft?: DraftAttributes) {
    this.#host = host;
    this.id = id;
    this.key = key;
    this.#record = record;
    this.#accessed = record.accessed;
    this.#version = record.version;
    this.isNew = draft !== undefined;
    this.handle = record.handle;
    this.attributes = draft
      ? StoredAttributes.of(draft, host.rules, record.attrs, record.consts)
      : new StoredAttributes(host.rules, record.attrs, record.consts);
  }

  get constants(): ConstantAttributes {
    this.#constants ??= ConstantAttributes.parse(this.#record.consts, this.#host.rules);
    return this.#constants;
  }

  get times(): Pick<SessionRecord, 'created' | 'accessed' | 'timeout' | 'touchInterval' | 'ends' | 'persistent'> {
    const { created, timeout, touchInterval, ends, persistent } = this.#record;
    return { created, accessed: this.#accessed, timeout, touchInterval, ends, persistent };
  }

  get principal(): string | undefined {
    return this.#record.principal;
  }

  get labels(): string | undefined {
    return this.#record.labels;
  }

  /** When its user was last authenticated. */
  get authenticated(): number {
    return this.#authenticated ?? this.#record.authenticated ?? this.#record.created;
  }

  /** When it was given its id. */
  get rotated(): number {
    return this.#rotated ?? this.#record.rotated ?? this.#record.created;
  }

  /** The id that timed renewal gives it. */
  get successorId(): string {
    return successorOf(this.id, this.#record.seed);
  }

  get now(): number {
    return this.#host.now();
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** The session isn't there any more: from here on nothing of it is written. */
  markGone(): void {
    this.#gone = true;
  }

  /** It was removed, not just found expired. */
  markRemoved(): void {
    this.#gone = true;
    this.isRemoved = true;
  }

  /** It has another id. */
  rotatedTo(id: string, key: Key, now: number, isAuthenticated: boolean): void {
    this.id = id;
    this.key = key;
    this.#rotated = now;
    if (isAuthenticated) this.#authenticated = now;
  }

  /** Records this access if that is due; the commit waits for it. */
  touchIfDue(now: number): void {
    if (!isTouchDue({ accessed: this.#accessed, touchInterval: this.#record.touchInterval }, now)) return;
    this.#touching = this.#touch(now);
    // Whoever commits hears of a failure. If nobody does, it is no unhandled rejection.
    this.#touching.catch(ignore);
  }

  /** Sends what differs from the store, and waits for a touch on its way. Rejects if the store, or the codec, fails. */
  commit(): Awaitable<CommitOutcome> {
    if (this.#exchange) return this.#exchange.then(ignore, ignore).then(() => this.commit());
    const touching = this.#touching;
    const committed = this.#commitChanges();
    if (!touching) return committed;
    return Promise.all([committed, touching])
      .finally(() => (this.#touching = undefined))
      .then(([outcome, alive]) => (alive ? outcome : 'gone'));
  }

  async save(): Promise<void> {
    if (this.#gone || (await this.commit()) === 'gone') throw this.#goneError();
  }

  /** Changes one attribute by `change`, as often as it takes for nobody to have come in between. */
  async update(name: string, change: (current: unknown) => unknown): Promise<unknown> {
    checkAttributeName(name);
    return this.#host.updates.run(this.handle, async () => {
      while (this.#isBusy()) await this.#exchange?.then(ignore, ignore);
      if (this.#gone || (await this.#commitChanges(name)) === 'gone') throw this.#goneError();
      for (;;) {
        while (this.#isBusy()) await this.#exchange?.then(ignore, ignore);
        const updated = await this.#occupy(this.#tryUpdate(name, change));
        if (updated) return updated.next;
      }
    });
  }

  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#host.exclusives.run(this.handle, async (isNested) => {
      while (this.#isBusy()) await this.#exchange?.then(ignore, ignore);
      await this.#occupy(this.#renew(isNested));
      const result = await work();
      // Unless the work removed the session.
      if (!this.#gone) await this.save();
      return result;
    });
  }

  /** @returns what the attribute is now, `undefined` if somebody came in between */
  async #tryUpdate(name: string, change: (current: unknown) => unknown): Promise<{ next: unknown } | undefined> {
    const next = change(this.attributes.stored(name));
    const text = this.attributes.textOf(name, next);
    const { writes } = this.attributes;
    const now = this.#host.now();
    const delta = { ifVersion: this.#version, ...toDelta(new Map([[name, text]]), this.#host.nextOp()) };
    const changed = await this.#host.change(this.key, delta, now);
    if (changed === 'gone') throw this.#goneError();
    if ('conflict' in changed) {
      this.#rebase(changed.conflict, (other) => other === name);
      return undefined;
    }
    this.attributes.settleValue(name, next, text, writes);
    this.#changedTo(changed.version, now);
    return { next };
  }

  async #renew(isNested: boolean): Promise<void> {
    const fresh = this.#gone ? undefined : await this.#host.reload(this.key);
    if (!fresh) throw this.#goneError();
    // What the outer work holds stays what it is.
    this.#rebase(fresh, () => !isNested);
  }

  #isBusy(): boolean {
    return this.#exchange !== undefined;
  }

  /** To be called as soon as there is no other one: no `await` in between. */
  #occupy<T>(work: Promise<T>): Promise<T> {
    const exchange = work.finally(() => {
      if (this.#exchange === exchange) this.#exchange = undefined;
    });
    this.#exchange = exchange;
    return exchange;
  }

  async #touch(now: number): Promise<boolean> {
    const alive = await this.#host.touch(this.key, now);
    if (alive) this.#accessedAt(now);
    else this.#gone = true;
    return alive;
  }

  #commitChanges(only?: string): Awaitable<CommitOutcome> {
    const changes = this.attributes.changes(only);
    if (!changes) return this.#gone ? 'gone' : 'unchanged';
    if (this.#gone) return 'gone';
    const now = this.#host.now();
    const delta = toDelta(changes, this.#host.nextOp());
    const committed = andThen(this.#host.change(this.key, delta, now), (changed) =>
      this.#settle(changes, changed, now),
    );
    return isPromiseLike(committed) ? this.#occupy(Promise.resolve(committed)) : committed;
  }

  #settle(changes: AttributeChanges, changed: Changed, now: number): CommitOutcome {
    if (changed === 'gone' || !('version' in changed)) {
      this.#gone = true;
      return 'gone';
    }
    this.attributes.settle(changes);
    this.#changedTo(changed.version, now);
    return 'committed';
  }

  /** A write of ours was number `version`. If it wasn't the next one, others were in between, and our view has gaps. */
  #changedTo(version: number, now: number): void {
    if (version === this.#version + 1) this.#version = version;
    this.#accessedAt(now);
  }

  #accessedAt(now: number): void {
    this.#accessed = Math.max(this.#accessed, now);
  }

  #rebase(fresh: SessionRecord, isReread: (name: string) => boolean): void {
    this.attributes.rebase(fresh.attrs, isReread);
    this.#record = fresh;
    this.#accessed = fresh.accessed;
    this.#version = fresh.version;
    this.#rotated = undefined;
    this.#authenticated = undefined;
  }

  #goneError(): SessionError {
    this.#gone = true;
    return sessionGone();
  }
}

function toDelta(changes: AttributeChanges, op: string): Delta {
  const set = new Map<string, string>();
  const unset: string[] = [];
  for (const [name, text] of changes) {
    if (text === undefined) unset.push(name);
    else set.set(name, text);
  }
  return { set, unset, op };
}

function ignore(): void {}
