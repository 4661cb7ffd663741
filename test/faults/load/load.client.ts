/** One client of many: logs in, reads, writes and logs out, over and over, one request after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Client } from '../../e2e/harness.js';
import { until } from '../../support/servers/until.js';
import { SessionClaims } from './session.claims.js';

/** What all clients were told of the counter of a session that they share. */
export class CounterClaims {
  /** What each increment that succeeded was told. */
  readonly counts: number[] = [];
  /** Those that failed: each may have happened. */
  unknown = 0;
}

/** A request that takes longer hangs. Far more than any timeout of the application, and than a busy machine needs. */
const HANG_MS = 8_000;
/** After a refusal: else a store that is down would be all that the machine works for. */
const PAUSE_MS = 20;

const STEPS = ['read', 'set', 'increment', 'set', 'read', 'loginAgain', 'set', 'increment', 'read', 'logout'] as const;

export class LoadClient {
  /** Answers with success, and with 503. */
  served = 0;
  refused = 0;
  /** What must not have been answered. */
  readonly wrong: string[] = [];
  /** Clients with sessions that are over. */
  readonly over: Client[] = [];
  readonly #client: Client;
  readonly #shared: Client;
  readonly #counter: CounterClaims;
  #claims: SessionClaims | undefined;
  #numbers = 0;

  /** @param shared - has the session with the counter */
  constructor(client: Client, shared: Client, counter: CounterClaims) {
    this.#client = client;
    this.#shared = shared;
    this.#counter = counter;
  }

  async run(isOver: () => boolean): Promise<void> {
    for (let step = 0; !isOver(); step++) {
      if (this.#claims) await this[STEPS[step % STEPS.length] ?? 'read']();
      else await this.loginAgain();
    }
  }

  /** Looks that everything is as it was promised, now that nothing fails any more. */
  async verify(): Promise<void> {
    if (this.#claims) this.#check(await readPatiently(this.#client));
    for (const client of this.over) {
      const { status } = await readPatiently(client);
      if (status !== 401) this.wrong.push(`a session that is over was answered with ${status}`);
    }
  }

  private async read(): Promise<void> {
    const answer = await this.#answerOf('/read', this.#client.get('/read'));
    if (answer) this.#check(answer);
  }

  private async set(): Promise<void> {
    const number = ++this.#numbers;
    const answer = await this.#answerOf('/set', this.#client.post(`/set/${number}`));
    this.#claims?.told(number, answer !== undefined);
  }

  private async increment(): Promise<void> {
    const answer = await this.#answerOf('/increment', this.#shared.post('/increment'));
    if (answer) this.#counter.counts.push((answer.json() as { count: number }).count);
    else this.#counter.unknown++;
  }

  /** Over a session that it has, if there is one: that one is over then. */
  private async loginAgain(): Promise<void> {
    const before = this.#client.copy();
    const answer = await this.#answerOf('/login', this.#client.post('/login'));
    // Refused: the old one may be over, or not.
    this.#claims = answer && new SessionClaims();
    if (answer && before.jar.size > 0) this.over.push(before);
  }

  private async logout(): Promise<void> {
    const before = this.#client.copy();
    const answer = await this.#answerOf('/logout', this.#client.post('/logout'));
    this.#claims = undefined;
    if (answer) this.over.push(before);
  }

  #check({ status, text }: Answer): void {
    if (status === 200) this.wrong.push(...(this.#claims?.contradictions(JSON.parse(text)) ?? []));
    else this.wrong.push(`a live session was answered with ${status}`);
  }

  /** @returns `undefined` if it was refused */
  async #answerOf(path: string, sent: Promise<Answer>): Promise<Answer | undefined> {
    const answer = await Promise.race([sent, sleep(HANG_MS, undefined, { ref: false })]);
    if (!answer) {
      this.wrong.push(`${path} was not answered within ${HANG_MS} ms`);
      return undefined;
    }
    const { status, setCookies, text } = answer;
    if (status === 200 || status === 204) {
      this.served++;
      return answer;
    }
    this.refused++;
    if (status !== 503) this.wrong.push(`${path} was answered with ${status}: ${text}`);
    if (setCookies.length > 0) this.wrong.push(`${path} was refused, and set a cookie`);
    await sleep(PAUSE_MS);
    return undefined;
  }
}

/** What the client's session holds. On a busy machine even what is sound may be too slow at times. */
export async function readPatiently(client: Client): Promise<Answer> {
  let answer = await client.get('/read');
  await until('a read is no more refused', async () => {
    if (answer.status === 503) answer = await client.get('/read');
    return answer.status !== 503;
  });
  return answer;
}
