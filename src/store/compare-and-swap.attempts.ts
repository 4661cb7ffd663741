/** What is tried against others who write the same, until it comes to an end. */
import { SessionError } from '../session/session.error.js';

/** What an attempt answers that has to look again, since somebody else was faster. */
export const AGAIN = Symbol('again');

/** Whoever comes to no end in so many isn't unlucky: the backend doesn't give back the texts that it was given. */
const MOST_ATTEMPTS = 1_000;

/** @throws SessionError `STORE_FAILED` if there is no end to it */
export async function attempted<T>(attempt: () => Promise<T | typeof AGAIN>): Promise<T> {
  for (let attempts = 0; attempts < MOST_ATTEMPTS; attempts++) {
    const answer = await attempt();
    if (answer !== AGAIN) return answer;
  }
  throw new SessionError(
    'STORE_FAILED',
    `The session store came to no end in ${MOST_ATTEMPTS} attempts: does it give back texts exactly as they were written?`,
  );
}
