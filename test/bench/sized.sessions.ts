/** Sessions of several sizes: a small constant attribute, a counter, and filler attributes that no database can compress. */
import { randomBytes } from 'node:crypto';
import type { Key, SessionRecord } from 'nestjs-http-session/core';
import { newKey, newRecord } from './sessions.js';

export interface SessionSize {
  readonly name: string;
  /** Of all attributes, their names included, as they are serialised. */
  readonly bytes: number;
  readonly fillers: number;
  /** What is kept of it for each that is kept of the smallest. */
  readonly share: number;
}

export const SIZES: readonly SessionSize[] = [
  { name: '0.2 KB', bytes: 200, fillers: 4, share: 1 },
  { name: '2 KB', bytes: 2_000, fillers: 10, share: 1 / 5 },
  { name: '20 KB', bytes: 20_000, fillers: 10, share: 1 / 20 },
];

/** The smallest again, but in one attribute: Redis packs no hash with a field of more than 64 bytes. */
export const UNPACKED: SessionSize = { name: '0.2 KB in one', bytes: 200, fillers: 1, share: 1 };

/** @returns what makes records of this size; what fills them is the same in each */
export function recordsOf({ bytes, fillers }: SessionSize): (now: number) => SessionRecord {
  const { consts, attrs } = newRecord(0);
  const fixed = consts.length + [...attrs].join('').length - attrs.size;
  const filled = new Map(attrs);
  for (let index = 0; index < fillers; index++) {
    const name = `filler${index}`;
    const length = Math.round((bytes - fixed) / fillers) - name.length;
    filled.set(
      name,
      JSON.stringify(
        randomBytes(length)
          .toString('base64url')
          .slice(0, length - 2),
      ),
    );
  }
  return (now) => ({ ...newRecord(now), attrs: filled });
}

/** The same content as one text. */
export function jsonOf({ attrs, ...record }: SessionRecord): string {
  return JSON.stringify({ ...record, attrs: Object.fromEntries(attrs) });
}

/** Where a rotation takes a session: its tag stays. */
export function successorOf(key: Key): Key {
  return key.slice(0, key.indexOf('.')) + newKey().slice(4);
}
