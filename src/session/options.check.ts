/** Checks that several sets of options share. */
import { invalidOption, SessionError } from './session.error.js';

/** Refuses what isn't a plain set of options, and options that don't exist: a typo must not pass for a default. */
export function checkOptionNames(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption(owner, options, 'an object of options');
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const path = owner === 'options' ? name : `${owner}.${name}`;
    throw new SessionError('INVALID_OPTION', `Session option "${path}" is unknown; allowed: ${known.join(', ')}.`);
  }
}

/** Refuses what isn't an integer from `min` on. */
export function checkInteger(option: string, given: number, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(given) || given < min || given > max) {
    const upTo = max === Number.MAX_SAFE_INTEGER ? 'or more' : `to ${max}`;
    throw invalidOption(option, given, `an integer of ${min} ${upTo}`);
  }
  return given;
}
