/** Spans of time as options take them: milliseconds, or a number with a unit. */
import ms from 'ms';
import { invalidOption } from './session.error.js';

/** Milliseconds, or a number with a unit: `'500ms'`, `'90s'`, `'30m'`, `'12h'`, `'30d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** A hundred years: what is longer is a mistake, or leads beyond what a Date can be. */
const LONGEST = 100 * 365.25 * 24 * 3_600_000;

/**
 * A {@link Duration} in whole milliseconds.
 *
 * @param option - the option's name, for the error
 * @throws SessionError `INVALID_OPTION` unless it is a span from one millisecond to a hundred years
 */
export function toMilliseconds(option: string, given: Duration): number {
  const millis = typeof given === 'string' && given.length > 0 && given.length <= 100 ? ms(given) : given;
  if (typeof millis !== 'number' || !(millis >= 1 && millis <= LONGEST)) {
    throw invalidOption(
      option,
      given,
      "a positive number of milliseconds, or a string such as '30m', '12h' or '30d', of 100 years at most",
    );
  }
  return Math.round(millis);
}

/** The longest span that Node's timers take; beyond it they fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** As {@link toMilliseconds}, for what a timer waits for. */
export function toTimerMilliseconds(option: string, given: Duration): number {
  const millis = toMilliseconds(option, given);
  if (millis > LONGEST_TIMER) throw invalidOption(option, given, "no more than '24d'");
  return millis;
}
