/** Stores that break a promise each, as such stores do in the wild. */
import { setImmediate } from 'node:timers/promises';
import {
  type Added,
  type AddOptions,
  type Changed,
  type Delta,
  deadlineOf,
  displacedBy,
  type Found,
  type Key,
  type ListedSession,
  MemoryStore,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  type SessionRecord,
  SessionStore,
} from 'nestjs-http-session';

/** Time passes between two steps, as it does with a backend. */
export class AsyncStore extends SessionStore {
  readonly capabilities = { shared: false, atomic: true, acknowledged: 'backend' } as const;
  readonly inner = new MemoryStore();

  async get(key: Key, now: number): Promise<Found> {
    await setImmediate();
    return this.inner.get(key, now);
  }
  async touch(key: Key, now: number): Promise<boolean> {
    await setImmediate();
    return this.inner.touch(key, now);
  }
  async add(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    await setImmediate();
    return this.inner.add(key, record, options);
  }
  async change(key: Key, delta: Delta, now: number): Promise<Changed> {
    await setImmediate();
    return this.inner.change(key, delta, now);
  }
  async rename(from: Key, to: Key, options: RenameOptions): Promise<Renamed> {
    await setImmediate();
    return this.inner.rename(from, to, options);
  }
  async remove(key: Key): Promise<boolean> {
    await setImmediate();
    return this.inner.remove(key);
  }
  async list(tag: string, now: number): Promise<readonly ListedSession[]> {
    await setImmediate();
    return this.inner.list(tag, now);
  }
  async removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    await setImmediate();
    return this.inner.removeAll(tag, now, except);
  }
  async purge(options: PurgeOptions): Promise<Purged> {
    return this.inner.purge(options);
  }
  async close(): Promise<void> {
    await setImmediate();
    this.inner.close();
  }

  protected async write(key: Key, record: SessionRecord): Promise<void> {
    await this.remove(key);
    await this.add(key, record, { op: String(Math.random()) });
  }
}

export class ServesExpired extends MemoryStore {
  override get(key: Key, now: number): Found {
    const found = super.get(key, now);
    return isAbsent(found) ? super.get(key, now - 3_600_000) : found;
  }
}

class ServesAtTheDeadline extends MemoryStore {
  override get(key: Key, now: number): Found {
    return super.get(key, now - 1);
  }
}

class ForgetsTheTouchInterval extends MemoryStore {
  override get(key: Key, now: number): Found {
    const found = super.get(key, now);
    return found && 'record' in found && now >= deadlineOf({ ...found.record, touchInterval: 0 }) ? undefined : found;
  }
}

class ReadsTouch extends MemoryStore {
  override get(key: Key, now: number): Found {
    super.touch(key, now);
    return super.get(key, now);
  }
}

class TouchRevives extends AsyncStore {
  override async touch(key: Key, now: number): Promise<boolean> {
    const found = await this.get(key, 0);
    if (!found || !('record' in found)) return super.touch(key, now);
    await this.write(key, { ...found.record, accessed: Math.max(found.record.accessed, now) });
    return true;
  }
}

class TouchMovesBack extends AsyncStore {
  override async touch(key: Key, now: number): Promise<boolean> {
    const found = await this.get(key, now);
    if (!found || !('record' in found)) return super.touch(key, now);
    await this.write(key, { ...found.record, accessed: now });
    return true;
  }
}

class AddOverwrites extends MemoryStore {
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    if (super.add(key, record, options) === 'added') return 'added';
    super.remove(key);
    return super.add(key, record, options);
  }
}

class AddReplacesNothing extends MemoryStore {
  override add(key: Key, record: SessionRecord, { op }: AddOptions): Added {
    return super.add(key, record, { op });
  }
}

class AddReplacesTooEarly extends MemoryStore {
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    if (options.replaces !== undefined) super.remove(options.replaces);
    return super.add(key, record, options);
  }
}

/** What a store takes for the last write of a session: any other one, to any session, makes it forget. */
class RemembersOneWrite extends MemoryStore {
  #last = '';
  #suffixes = 0;

  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    return super.add(key, record, { ...options, op: this.#once(options.op) });
  }

  override change(key: Key, delta: Delta, now: number): Changed {
    return super.change(key, { ...delta, op: this.#once(delta.op) }, now);
  }

  override rename(from: Key, to: Key, options: RenameOptions): Renamed {
    return super.rename(from, to, { ...options, op: this.#once(options.op) });
  }

  #once(op: string): string {
    if (this.#last !== op) this.#suffixes++;
    this.#last = op;
    return `${op}-${this.#suffixes}`;
  }
}

class CountsNoSteps extends MemoryStore {
  override change(key: Key, { steps: _steps, ...delta }: Delta, now: number): Changed {
    return super.change(key, delta, now);
  }
}

class AddOverwritesTheExpired extends MemoryStore {
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    if (isAbsent(super.get(key, record.created))) super.remove(key);
    return super.add(key, record, options);
  }
}

class AddChecksFirst extends AsyncStore {
  override async add(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    const found = this.inner.get(key, 0);
    await setImmediate();
    if (found) return this.inner.add(key, record, options);
    this.inner.remove(key);
    return this.inner.add(key, record, options);
  }
}

class ChangeCreates extends MemoryStore {
  override change(key: Key, delta: Delta, now: number): Changed {
    const changed = super.change(key, delta, now);
    if (changed !== 'gone') return changed;
    const { op, set: attrs } = delta;
    const times = { created: now, accessed: now, timeout: 60_000, touchInterval: 0, ends: null };
    const rest = { version: 1, persistent: true, handle: 'h', seed: 's', consts: '{}' };
    super.add(key, { format: 1, ...times, ...rest, attrs }, { op });
    return { version: 1 };
  }
}

/** What nearly every session library does: the whole session is read, changed and written. */
class ReadsModifiesWrites extends AsyncStore {
  override async change(key: Key, delta: Delta, now: number): Promise<Changed> {
    const found = await this.get(key, now);
    if (!found || !('record' in found)) return super.change(key, delta, now);
    const { record } = found;
    if (delta.ifVersion !== undefined && delta.ifVersion !== record.version) return { conflict: record };
    const attrs = new Map([...record.attrs, ...delta.set]);
    for (const name of delta.unset) attrs.delete(name);
    const version = record.version + 1;
    await this.write(key, { ...record, accessed: now, version, attrs });
    return { version };
  }
}

class ChangeIgnoresTheVersion extends MemoryStore {
  override change(key: Key, { set, unset, op }: Delta, now: number): Changed {
    return super.change(key, { set, unset, op }, now);
  }
}

class ChangeCountsTwice extends MemoryStore {
  #ops = 0;
  override change(key: Key, delta: Delta, now: number): Changed {
    return super.change(key, { ...delta, op: `${delta.op}-${++this.#ops}` }, now);
  }
}

class ChangeIsNoAccess extends AsyncStore {
  override async change(key: Key, delta: Delta, now: number): Promise<Changed> {
    const found = await this.get(key, now);
    return super.change(key, delta, found && 'record' in found ? Math.min(now, found.record.accessed) : now);
  }
}

class ForgetsForwards extends MemoryStore {
  override rename(from: Key, to: Key, options: RenameOptions): Renamed {
    return super.rename(from, to, { ...options, forwardUntil: -Infinity });
  }
}

class ForwardsForEver extends MemoryStore {
  override rename(from: Key, to: Key, options: RenameOptions): Renamed {
    return super.rename(from, to, { ...options, forwardUntil: Infinity });
  }
}

class RenameCopies extends MemoryStore {
  override rename(from: Key, to: Key, options: RenameOptions): Renamed {
    const found = super.get(from, options.now);
    if (!found || !('record' in found)) return super.rename(from, to, options);
    return super.add(to, found.record, options) === 'exists' ? 'exists' : 'done';
  }
}

class RenameTouches extends MemoryStore {
  override rename(from: Key, to: Key, options: RenameOptions): Renamed {
    super.touch(from, options.now);
    return super.rename(from, to, options);
  }
}

class RemoveStopsAtForwards extends MemoryStore {
  override remove(key: Key): boolean {
    const found = super.get(key, Date.now());
    return found && 'successor' in found ? false : super.remove(key);
  }
}

class RemoveIsUndone extends AsyncStore {
  readonly #removed = new Map<Key, SessionRecord>();
  override async remove(key: Key): Promise<boolean> {
    const found = this.inner.get(key, 0);
    if (found && 'record' in found) this.#removed.set(key, found.record);
    return super.remove(key);
  }
  override async change(key: Key, delta: Delta, now: number): Promise<Changed> {
    const removed = this.#removed.get(key);
    if (removed) await super.add(key, removed, delta);
    return super.change(key, delta, now);
  }
}

/** Hands out what it keeps, and keeps what it was given. */
class HandsOutLiveMaps extends MemoryStore {
  readonly #live = new Map<Key, SessionRecord>();
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    const added = super.add(key, record, options);
    if (added === 'added') this.#live.set(key, record);
    return added;
  }
  override change(key: Key, delta: Delta, now: number): Changed {
    this.#live.delete(key);
    return super.change(key, delta, now);
  }
  override touch(key: Key, now: number): boolean {
    this.#live.delete(key);
    return super.touch(key, now);
  }
  override get(key: Key, now: number): Found {
    const found = super.get(key, now);
    const record = this.#live.get(key);
    return found && 'record' in found && record ? { record } : found;
  }
}

class KeepsAttributesAsProperties extends MemoryStore {
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    const properties: Record<string, string> = {};
    for (const [name, text] of record.attrs) properties[name] = text;
    return super.add(key, { ...record, attrs: new Map(Object.entries(properties)) }, options);
  }
}

class TakesEmptyForAbsent extends MemoryStore {
  override get(key: Key, now: number): Found {
    const found = super.get(key, now);
    if (!found || !('record' in found)) return found;
    return { record: { ...found.record, attrs: new Map([...found.record.attrs].filter(([, text]) => text)) } };
  }
}

class IgnoresTheCaseOfKeys extends AsyncStore {
  override get(key: Key, now: number): Promise<Found> {
    return super.get(key.toLowerCase(), now);
  }
  override add(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    return super.add(key.toLowerCase(), record, options);
  }
}

class PurgesTheLiving extends MemoryStore {
  override purge(options: PurgeOptions): Promise<Purged> {
    return super.purge({ ...options, now: options.now + 3_600_000 });
  }
}

class PurgesNothing extends MemoryStore {
  override async purge(): Promise<Purged> {
    return { completed: true, removed: 0 };
  }
}

class PurgesOneBatch extends MemoryStore {
  readonly #keys = new Set<Key>();
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    this.#keys.add(key);
    return super.add(key, record, options);
  }
  override async purge({ now, batchSize }: PurgeOptions): Promise<Purged> {
    const due = [...this.#keys].filter((key) => isAbsent(super.get(key, now))).slice(0, batchSize);
    for (const key of due) {
      super.remove(key);
      this.#keys.delete(key);
    }
    return { completed: true, removed: due.length };
  }
}

class ClosesOnce extends MemoryStore {
  #closed = false;
  override close(): void {
    if (this.#closed) throw new Error('closed already');
    this.#closed = true;
    super.close();
  }
}

class KeepsNoLabels extends MemoryStore {
  override add(key: Key, { labels: _labels, ...record }: SessionRecord, options: AddOptions): Added {
    return super.add(key, record, options);
  }
}

class RenamesUnnoticed extends AsyncStore {
  override async rename(from: Key, to: Key, options: RenameOptions): Promise<Renamed> {
    const record = recordIn(this.inner.get(from, options.now));
    const renamed = this.inner.rename(from, to, options);
    if (record && renamed === 'done') await this.write(to, record);
    return renamed;
  }
}

class RenameAlwaysFollows extends MemoryStore {
  override rename(from: Key, to: Key, { follows: _follows, ...options }: RenameOptions): Renamed {
    return super.rename(from, to, options);
  }
}

class ListsTheExpired extends MemoryStore {
  override list(tag: string): ListedSession[] {
    return super.list(tag, -Infinity);
  }
}

/** As an index that no rename tells of. */
class ListForgetsRenamed extends MemoryStore {
  override list(tag: string, now: number): ListedSession[] {
    return super.list(tag, now).filter(({ key }) => recordIn(super.get(key, now))?.rotated === undefined);
  }
}

/** As an index whose deadlines no access moves. */
class ListForgetsAccesses extends MemoryStore {
  readonly #deadlines = new Map<string, number>();
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    this.#deadlines.set(record.handle, deadlineOf(record));
    return super.add(key, record, options);
  }
  override list(tag: string, now: number): ListedSession[] {
    return super.list(tag, now).filter(({ outline }) => now < (this.#deadlines.get(outline.handle) ?? 0));
  }
}

class ListForgetsOneOfTwo extends AsyncStore {
  readonly #listed = new Map<string, readonly Key[]>();
  override async add(key: Key, record: SessionRecord, options: AddOptions): Promise<Added> {
    const before = this.#listed.get(tagOf(key)) ?? [];
    const added = await super.add(key, record, options);
    this.#listed.set(tagOf(key), [...before, key]);
    return added;
  }
  override async list(tag: string, now: number): Promise<readonly ListedSession[]> {
    const listed = await super.list(tag, now);
    return listed.filter(({ key }) => this.#listed.get(tag)?.includes(key));
  }
}

class RemoveAllMissesRenamed extends MemoryStore {
  override removeAll(tag: string, now: number, except?: Key): number | 'gone' {
    if (except !== undefined) return super.removeAll(tag, now, except);
    const unmoved = super.list(tag, now).filter(({ key }) => recordIn(super.get(key, now))?.rotated === undefined);
    return unmoved.filter(({ key }) => super.remove(key)).length;
  }
}

class RemoveAllCountsTheExpired extends MemoryStore {
  override removeAll(tag: string, _now: number, except?: Key): number | 'gone' {
    return super.removeAll(tag, -Infinity, except);
  }
}

class RemoveAllSparesUnseen extends MemoryStore {
  override removeAll(tag: string, now: number, except?: Key): number | 'gone' {
    const ended = super.removeAll(tag, now, except);
    return ended === 'gone' ? super.removeAll(tag, now) : ended;
  }
}

/** Where no list says who lives: a session that is renamed meanwhile isn't where it was listed. */
class RevokesWhereItListed extends AsyncStore {
  override async removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    if (except !== undefined) return super.removeAll(tag, now, except);
    const listed = this.inner.list(tag, now);
    await setImmediate();
    return listed.filter(({ key }) => recordIn(this.inner.get(key, now)) && this.inner.remove(key)).length;
  }
}

/** Where no list says who lives: who has read a session writes it, wherever it was revoked meanwhile. */
class ChangeRevivesTheRevoked extends AsyncStore {
  override async removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    await setImmediate();
    return super.removeAll(tag, now, except);
  }
  override async change(key: Key, delta: Delta, now: number): Promise<Changed> {
    await setImmediate();
    const found = this.inner.get(key, now);
    const place = found && 'successor' in found ? found.successor : key;
    const record = recordIn(this.inner.get(place, now));
    const changed = await super.change(key, delta, now);
    if (changed === 'gone' && record) await this.write(place, record);
    return changed;
  }
}

/** What nearly every limit is: counted, and then added. */
class LimitIsCheckedFirst extends AsyncStore {
  override async add(key: Key, record: SessionRecord, { limit, ...options }: AddOptions): Promise<Added> {
    const listed = limit ? await this.list(tagOf(key), record.created) : [];
    const displaced = limit ? displacedBy(limit, listed, options.replaces) : [];
    if (displaced === 'limit') return 'limit';
    for (const one of displaced) await this.remove(one.key);
    const added = await super.add(key, record, options);
    if (added !== 'added' || displaced.length === 0) return added;
    return { displaced: displaced.map(({ outline }) => outline.handle) };
  }
}

/** A limit by another rule, without time in between. */
abstract class LimitsOtherwise extends MemoryStore {
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    const { limit, ...others } = options;
    if (!limit) return super.add(key, record, options);
    const displaced = this.displaced(key, record, options, limit);
    if (displaced === 'limit') return 'limit';
    const added = super.add(key, record, others);
    if (added !== 'added' || displaced.length === 0) return added;
    for (const one of displaced) super.remove(one.key);
    return { displaced: displaced.map(({ outline }) => outline.handle) };
  }

  protected abstract displaced(
    key: Key,
    record: SessionRecord,
    options: AddOptions,
    limit: NonNullable<AddOptions['limit']>,
  ): ReturnType<typeof displacedBy>;
}

class LimitCountsTheExpired extends LimitsOtherwise {
  protected displaced(...[key, , { replaces }, limit]: Parameters<LimitsOtherwise['displaced']>) {
    return displacedBy(limit, this.list(tagOf(key), -Infinity), replaces);
  }
}

class LimitCountsTheReplaced extends LimitsOtherwise {
  protected displaced(...[key, { created }, , limit]: Parameters<LimitsOtherwise['displaced']>) {
    return displacedBy(limit, this.list(tagOf(key), created));
  }
}

class LimitCountsWhatComesAgain extends LimitsOtherwise {
  protected displaced(...[key, { created }, { replaces }, limit]: Parameters<LimitsOtherwise['displaced']>) {
    return displacedBy(limit, this.list(tagOf(key), created), replaces);
  }
}

class LimitDisplacesWhoWasUsedFirst extends LimitsOtherwise {
  protected displaced(...[key, { created }, { replaces }, limit]: Parameters<LimitsOtherwise['displaced']>) {
    const listed = this.list(tagOf(key), created).map(({ key: place, outline }) => ({
      key: place,
      outline: { ...outline, handle: outline.handle, created: outline.accessed },
    }));
    return displacedBy(limit, listed, replaces);
  }
}

class DisplacesUnsaid extends MemoryStore {
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    const added = super.add(key, record, options);
    return typeof added === 'object' ? 'added' : added;
  }
}

class RefusesAndReplaces extends MemoryStore {
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    const added = super.add(key, record, options);
    if (added === 'limit' && options.replaces !== undefined) super.remove(options.replaces);
    return added;
  }
}

class RefusesTooLate extends MemoryStore {
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    const added = super.add(key, record, options);
    if (added === 'limit') super.add(key, record, { op: options.op });
    return added;
  }
}

function recordIn(found: Found): SessionRecord | undefined {
  return found && 'record' in found ? found.record : undefined;
}

function isAbsent(found: Found): boolean {
  return !found || 'expired' in found;
}

function tagOf(key: Key): string {
  return key.slice(0, key.indexOf('.'));
}

/** What is wrong with a store, the store, and tests of the kit that have to find it. */
export const BROKEN_STORES: readonly (readonly [
  what: string,
  Store: new () => SessionStore,
  fails: readonly string[],
])[] = [
  [
    'serves expired sessions',
    ServesExpired,
    [
      'get > serves a session until one millisecond before its idle deadline, and no more at it',
      '1. never served late > a session is served until its idle deadline, and never at it',
      '1. never served late > a session is served until its absolute deadline, and never at it',
    ],
  ],
  [
    'serves a session at its deadline',
    ServesAtTheDeadline,
    [
      'get > serves a session until one millisecond before its absolute deadline, and no more at it',
      '1. never served late > a session is served until its absolute deadline, and never at it',
    ],
  ],
  [
    'leaves the touch interval out of the deadline',
    ForgetsTheTouchInterval,
    [
      'get > serves a session until one millisecond before its idle deadline, and no more at it',
      '2. never dropped early > a session lives for its timeout after an access that was not worth recording',
    ],
  ],
  ['touches when it reads', ReadsTouch, ['get > moves no deadline, however often it is called']],
  ['revives by touch', TouchRevives, ['touch > does not revive a session that has reached its deadline']],
  ['moves a deadline back', TouchMovesBack, ['touch > never moves a deadline back']],
  ['overwrites by add', AddOverwrites, ['add > never overwrites a living session']],
  [
    'overwrites expired sessions by add',
    AddOverwritesTheExpired,
    ['add > never overwrites an expired session that was not purged yet'],
  ],
  [
    'leaves the session that is to be replaced',
    AddReplacesNothing,
    [
      'add in the place of another session > removes that one for good',
      'add in the place of another session > removes the successor of one that was rotated meanwhile',
    ],
  ],
  [
    'removes what is to be replaced before it adds',
    AddReplacesTooEarly,
    ['add in the place of another session > leaves that one alone if nothing was added'],
  ],
  [
    'remembers the last write only',
    RemembersOneWrite,
    [
      'change > is done already when the same op comes again after seven others',
      'add > is done already when the same op comes again after the session was changed',
      'rename > is done already when the same op comes again after other writes',
    ],
  ],
  [
    'takes the sum of several changes for one',
    CountsNoSteps,
    ['change > counts the version up by as many steps as the delta is the sum of'],
  ],
  ['looks before it adds', AddChecksFirst, ['add > stores exactly one of many at a time under one key']],
  [
    'creates by change',
    ChangeCreates,
    [
      'change > creates nothing',
      'remove > is final: no change, touch or rename brings the session back',
      '3. remove is final > save by a request that loaded before the logout is refused, and brings nothing back',
      '3. remove is final > a change on its way while the session is removed does not bring it back',
    ],
  ],
  [
    'reads, modifies and writes',
    ReadsModifiesWrites,
    [
      'change > loses none of many at a time',
      'change > lets exactly one of many that expect the same version through',
      '4. no lost update > requests that overlap and change different attributes all survive',
      '4. no lost update > 1,000 concurrent updates over several processes make exactly 1,000',
    ],
  ],
  [
    'ignores the expected version',
    ChangeIgnoresTheVersion,
    [
      'change > leaves a record of another version as it is, and gives it back',
      '4. no lost update > 1,000 concurrent updates over several processes make exactly 1,000',
    ],
  ],
  [
    'counts a change twice that was sent twice',
    ChangeCountsTwice,
    [
      'change > is done already when the same op comes again',
      'change > is done already, and no conflict, when the same op comes again with the version it expected',
    ],
  ],
  ['takes a change for no access', ChangeIsNoAccess, ['change > records an access, in the same step']],
  [
    'forgets forwards',
    ForgetsForwards,
    [
      'a forward > takes a change to the successor',
      'a forward > takes a touch to the successor',
      'a forward > takes a remove to the successor',
      'a forward > takes a rename to the successor',
      '4. no lost update > a change that overlaps a rotation reaches the successor',
      '4. no lost update > a logout that overlaps a rotation ends the successor',
    ],
  ],
  ['forwards for ever', ForwardsForEver, ['a forward > ends at its time, not a millisecond earlier']],
  [
    'copies by rename',
    RenameCopies,
    [
      'rename > moves the session as it is but for when that was, and the old key finds no record at once',
      'rename > leaves exactly one living successor of many at a time',
      '4. no lost update > of parallel rotations exactly one successor lives',
      '4. no lost update > a rotated session has its data under the new id, and the old one is dead at once',
    ],
  ],
  ['touches by rename', RenameTouches, ['rename > moves no deadline']],
  [
    'removes no successor',
    RemoveStopsAtForwards,
    [
      'a forward > takes a remove to the successor',
      '4. no lost update > a logout that overlaps a rotation ends the successor',
    ],
  ],
  [
    'brings a removed session back by a change',
    RemoveIsUndone,
    [
      'remove > is final: no change, touch or rename brings the session back',
      'remove > leaves nothing of a session that is changed at the same time',
      '3. remove is final > save by a request that loaded before the logout is refused, and brings nothing back',
    ],
  ],
  [
    'hands out live maps',
    HandsOutLiveMaps,
    [
      'records > stay as they are when the caller changes the one it gave',
      'records > stay as they are when the caller changes the one it got',
    ],
  ],
  [
    'keeps attributes as properties',
    KeepsAttributesAsProperties,
    ['records > keep attributes of any name, from the start'],
  ],
  ['takes an empty text for none', TakesEmptyForAbsent, ['records > keep any text of an attribute, the empty one too']],
  [
    'ignores the case of keys',
    IgnoresTheCaseOfKeys,
    ['get > tells sessions apart whose keys differ in the case of a letter only'],
  ],
  [
    'purges the living',
    PurgesTheLiving,
    ['purge > leaves what lives', 'purge > leaves a session whose deadline has moved'],
  ],
  ['purges nothing', PurgesNothing, ['purge > removes what has expired, idle or at its end, and counts it']],
  [
    'says too early that a purge is complete',
    PurgesOneBatch,
    [
      'purge > goes on batch after batch until nothing is left',
      'purge > stops when its time is up, and says completed only if nothing was left',
    ],
  ],
  ['keeps no labels', KeepsNoLabels, ["records > keep what only a principal's session has"]],
  [
    'keeps to itself when a session was renamed',
    RenamesUnnoticed,
    [
      'rename > moves the session as it is but for when that was, and the old key finds no record at once',
      'rename > records that the user was authenticated, and keeps that over the next ones',
    ],
  ],
  ['follows forwards by every rename', RenameAlwaysFollows, ['a forward > takes no rename that does not follow it']],
  [
    'lists expired sessions',
    ListsTheExpired,
    ['list > tells a session until its deadline, and a later one after a touch or a change'],
  ],
  [
    'lists no session that was renamed',
    ListForgetsRenamed,
    [
      'list > tells a session that was renamed once, where it lies now',
      'removeAll > spares one that was renamed meanwhile',
    ],
  ],
  [
    'lists no session beyond its first deadline',
    ListForgetsAccesses,
    ['list > tells a session until its deadline, and a later one after a touch or a change'],
  ],
  [
    'forgets to list one of two that are added at a time',
    ListForgetsOneOfTwo,
    ['list > tells every one of many that are added at a time'],
  ],
  [
    'revokes no session that was renamed',
    RemoveAllMissesRenamed,
    ['removeAll > brings nothing back when somebody logs in afterwards'],
  ],
  ['counts expired sessions that it revokes', RemoveAllCountsTheExpired, ['removeAll > counts the living']],
  [
    'revokes all if the session to be spared is gone',
    RemoveAllSparesUnseen,
    [
      'removeAll > removes nothing if the one to be spared is not there',
      'removeAll > leaves one of two that spare themselves at the same time',
    ],
  ],
  [
    'revokes sessions where it listed them',
    RevokesWhereItListed,
    ['removeAll > leaves nothing alive of sessions that are read, changed, touched and renamed meanwhile'],
  ],
  [
    'revives revoked sessions by changes on their way',
    ChangeRevivesTheRevoked,
    ['removeAll > leaves nothing alive of sessions that are read, changed, touched and renamed meanwhile'],
  ],
  [
    'counts before it adds',
    LimitIsCheckedFirst,
    [
      'a limit > is exact for many at a time: as many come in as may',
      'a limit > is exact for many at a time: as many stay as may, and the others are told',
    ],
  ],
  [
    'counts expired sessions',
    LimitCountsTheExpired,
    ['a limit > counts neither what is replaced nor what has expired, and what was renamed once'],
  ],
  [
    'counts the session that is to be replaced',
    LimitCountsTheReplaced,
    [
      'a limit > counts neither what is replaced nor what has expired, and what was renamed once',
      'a limit > displaces as many as it takes, and none if one is replaced anyway',
    ],
  ],
  [
    'counts a session twice that was sent twice',
    LimitCountsWhatComesAgain,
    ['a limit > is done already when the same op comes again'],
  ],
  ['displaces who was used first', LimitDisplacesWhoWasUsedFirst, ['a limit > displaces the oldest, for good']],
  [
    'does not say whom it displaced',
    DisplacesUnsaid,
    [
      'a limit > displaces the oldest, for good',
      'a limit > is exact for many at a time: as many stay as may, and the others are told',
    ],
  ],
  [
    'removes what a refused session was to replace',
    RefusesAndReplaces,
    ['a limit > leaves the session alone that a refused one was to replace'],
  ],
  ['adds what it refuses', RefusesTooLate, ['a limit > refuses one too many, and writes nothing']],
  ['fails when it is closed twice', ClosesOnce, ['close > may be called once, at the same time, and again']],
];
