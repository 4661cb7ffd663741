/** How long a session may be used: the rule that every store and every manager shares. */
import { deadlineOf, isLive } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { isTouchDue } from '../../../src/session/session.record.js';
import { recordOf } from '../fixtures/record.js';

describe('the deadline', () => {
  it.each([
    ['is the last recorded access + timeout + touch interval', { ends: null }, 1_000 + 600 + 60],
    ['is the absolute one if that is nearer', { ends: 1_500 }, 1_500],
    ['is the idle one if that is nearer', { ends: 9_999 }, 1_660],
    ['is both if they are the same', { ends: 1_660 }, 1_660],
    ['moves with the recorded access', { ends: null, accessed: 2_000 }, 2_660],
  ])('%s', (_, change, expected) => {
    expect(deadlineOf(recordOf({ accessed: 1_000, timeout: 600, touchInterval: 60, ...change }))).toBe(expected);
  });
});

describe('a session', () => {
  const record = recordOf({ accessed: 1_000, timeout: 600, touchInterval: 60, ends: null });

  it.each([
    [1_659, true],
    [1_660, false],
    [1_661, false],
  ])('at %i, with its deadline at 1660, is live: %s', (now, live) => {
    expect(isLive(record, now)).toBe(live);
  });

  it.each([
    [1_059, false],
    [1_060, true],
    [5_000, true],
    [900, false],
  ])('last recorded at 1000, every 60, is to be touched at %i: %s', (now, due) => {
    expect(isTouchDue(record, now)).toBe(due);
  });
});
