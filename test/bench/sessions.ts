/** The sessions that benches keep: a user's name, a counter, and what the library adds. */
import { randomBytes } from 'node:crypto';
import type { Key, SessionRecord } from 'nestjs-http-session/core';

export const TIMEOUT = 30 * 60_000;
export const TOUCH_INTERVAL = 60_000;

export function newKey(): Key {
  return `${randomText(3)}.${randomText(32)}`;
}

/** @param age - since the last access, in milliseconds */
export function newRecord(now: number, age = 0): SessionRecord {
  return {
    format: 1,
    created: now,
    accessed: now - age,
    timeout: TIMEOUT,
    touchInterval: TOUCH_INTERVAL,
    ends: now + 30 * 24 * 3_600_000,
    version: 1,
    persistent: true,
    handle: randomText(12),
    seed: randomText(16),
    consts: '{"userName":"\\"a\\""}',
    attrs: new Map([['count', '1']]),
  };
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
