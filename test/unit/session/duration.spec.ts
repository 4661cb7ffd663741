/** Durations: milliseconds, or a number with a unit. */
import { describe, expect, it } from 'vitest';
import { type Duration, toMilliseconds } from '../../../src/session/duration.js';
import { errorOf } from '../fixtures/session.error.js';

describe('a duration', () => {
  it.each<[Duration, number]>([
    [1, 1],
    [1_500.4, 1_500],
    ['500ms', 500],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
    ['1.5h', 5_400_000],
    ['0.5s', 500],
  ])('of %j is %i milliseconds', (given, expected) => {
    expect(toMilliseconds('timeout', given)).toBe(expected);
  });

  it.each<[unknown, string]>([
    [0, '0'],
    [0.4, '0.4'],
    [-1, '-1'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [1e300, '1e+300'], // beyond what a Date can be
    ['40000d', '"40000d"'],
    ['', '""'],
    ['m', '"m"'],
    ['30 parsecs', '"30 parsecs"'],
    ['-30m', '"-30m"'],
    ['0s', '"0s"'],
    ['0.1ms', '"0.1ms"'],
    ['30m30s', '"30m30s"'],
    ['1e400d', '"1e400d"'],
    [`${'9'.repeat(200)}d`, '"999'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [5n, '5'],
    [{}, 'an object'],
    [['30m'], 'an array'],
    [new Date(5), 'an object'],
  ])('is not %o, and the refusal tells the option, the value and what is right', (given, told) => {
    expect(() => toMilliseconds('cookie.maxAge', given as Duration)).toThrow(
      errorOf('INVALID_OPTION', '"cookie.maxAge"', told, '30m'),
    );
  });
});
