/** What a new session of a principal needs, that may have so many. */
import type { Key } from '../session/session.record.js';
import type { ListedSession, SessionLimit } from './session.store.js';

/**
 * Which sessions have to go for a new one; `'limit'`: there is no room, and none goes.
 *
 * @param listed - the live sessions of the principal
 * @param replaced - the key of one that goes anyway
 */
export function displacedBy(
  { max, onMax }: SessionLimit,
  listed: readonly ListedSession[],
  replaced?: Key,
): readonly ListedSession[] | 'limit' {
  const staying = listed.filter(({ key }) => key !== replaced);
  const tooMany = staying.length + 1 - max;
  if (tooMany <= 0) return [];
  if (onMax === 'refuse') return 'limit';
  return staying.sort((a, b) => a.outline.created - b.outline.created).slice(0, tooMany);
}
