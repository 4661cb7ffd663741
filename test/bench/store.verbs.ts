/** The verbs of a store as contenders: each call is for another session, and does what it says or ends the bench. */
import { randomBytes } from 'node:crypto';
import type { Key, SessionRecord, SessionStore } from 'nestjs-http-session/core';
import type { Contender } from './measure.js';
import { TOUCH_INTERVAL, newKey } from './sessions.js';
import { successorOf } from './sized.sessions.js';

export interface Member {
  key: Key;
  /** The last access, as recorded. */
  accessed: number;
}

/** A prime: strides of it visit every member before any comes again, in an order that no cache likes. */
export const STRIDE = 7_919;

/** Sessions that are there. */
export class Population {
  readonly #members: readonly Member[];
  readonly #vacant: Member[] = [];
  #visits = 0;

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  next(): Member {
    const member = this.#members[(this.#visits++ * STRIDE) % this.#members.length];
    if (!member) throw new Error('There are no sessions.');
    return member;
  }

  /** One whose session is removed. */
  leave(): Member {
    const member = this.next();
    this.#vacant.push(member);
    return member;
  }

  /** One whose session was removed. */
  enter(): Member {
    const member = this.#vacant.pop();
    if (!member) throw new Error('Nothing was removed.');
    return member;
  }
}

/** Whose sessions are read, touched and changed, and whose are renamed, replaced, removed and added. */
export interface Populations {
  readonly read: Population;
  readonly touched: Population;
  readonly changed: Population;
  readonly moved: Population;
}

/** A session that is touched or changed was accessed one touch interval before: as often as it is, while its user is active. */
export function verbsOf(
  store: SessionStore,
  { read, touched, changed, moved }: Populations,
  newRecord: (now: number) => SessionRecord,
): Contender[] {
  const opPrefix = randomBytes(6).toString('base64url');
  let ops = 0;
  const nextOp = () => opPrefix + (++ops).toString(36);
  const access = (population: Population) => {
    const member = population.next();
    member.accessed += TOUCH_INTERVAL;
    return member;
  };

  return [
    {
      name: 'get',
      run: async () => {
        const { key, accessed } = read.next();
        const found = await store.get(key, accessed);
        expectOf('get', found !== undefined && 'record' in found);
      },
    },
    {
      name: 'get of an unknown id',
      run: async () => expectOf('get of an unknown id', (await store.get(newKey(), 0)) === undefined),
    },
    {
      name: 'touch',
      run: async () => {
        const { key, accessed } = access(touched);
        expectOf('touch', await store.touch(key, accessed));
      },
    },
    {
      name: 'change',
      run: async () => {
        const { key, accessed } = access(changed);
        const delta = { set: new Map([['count', String(ops % 10)]]), unset: [], op: nextOp() };
        expectOf('change', (await store.change(key, delta, accessed)) !== 'gone');
      },
    },
    {
      name: 'rename',
      run: async () => {
        const member = moved.next();
        const from = member.key;
        member.key = successorOf(from);
        const now = member.accessed;
        const options = { op: nextOp(), now, forwardUntil: now + 60_000, graceUntil: 0 };
        expectOf('rename', (await store.rename(from, member.key, options)) === 'done');
      },
    },
    {
      name: 'add in the place of another',
      run: async () => {
        const member = moved.next();
        const replaces = member.key;
        member.key = newKey();
        const added = await store.add(member.key, newRecord(member.accessed), { op: nextOp(), replaces });
        expectOf('add', added === 'added');
      },
    },
    { name: 'remove', run: async () => expectOf('remove', await store.remove(moved.leave().key)) },
    {
      name: 'add',
      run: async () => {
        const member = moved.enter();
        member.key = newKey();
        const added = await store.add(member.key, newRecord(member.accessed), { op: nextOp() });
        expectOf('add', added === 'added');
      },
    },
  ];
}

function expectOf(verb: string, done: boolean): void {
  if (!done) throw new Error(`${verb} found no session, or one too many.`);
}
