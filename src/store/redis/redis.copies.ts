/** Copies of another store's sessions, in Redis: a hash for each tag, beside where its sessions would be, a field for each key. */
import { tagOf } from '../../session/session.id.js';
import type { Key } from '../../session/session.record.js';
import { BrokenRecord, decodeRecord, encodeRecord } from '../record.codec.js';
import { type SessionCopies, type SessionCopy, TICKET_MS } from '../session.copies.js';
import type { RedisCommands } from './redis.commands.js';
import { FILL, TAKE } from './redis.scripts.js';

/** Before a ticket, where else there is a record: those are in brackets. */
const TICKET = '?';

export class RedisCopies implements SessionCopies {
  readonly #commands: RedisCommands;
  readonly #placeOf: (key: Key) => string;

  constructor(commands: RedisCommands, placeOf: (key: Key) => string) {
    this.#commands = commands;
    this.#placeOf = placeOf;
  }

  async take(key: Key, ticket: string, now: number): Promise<SessionCopy | undefined> {
    const ticketText = `${now + TICKET_MS} ${TICKET}${ticket}`;
    const values = [key, String(now), ticketText, String(TICKET_MS)];
    const [answer, text] = await this.#commands.run(TAKE, [this.#copyPlaceOf(key)], values);
    return answer === 'there' ? toCopy(String(text)) : undefined;
  }

  async fill(key: Key, ticket: string, { record, trustedUntil }: SessionCopy, now: number): Promise<void> {
    const timeToLive = Math.ceil(trustedUntil - now);
    if (timeToLive <= 0) return;
    const values = [key, TICKET + ticket, `${trustedUntil} ${encodeRecord(record)}`, String(timeToLive)];
    await this.#commands.run(FILL, [this.#copyPlaceOf(key)], values);
  }

  async drop(key: Key): Promise<void> {
    const place = this.#copyPlaceOf(key);
    await this.#commands.send(place, 'UNLINK', place);
  }

  #copyPlaceOf(key: Key): string {
    return this.#placeOf(`${tagOf(key)}.copies`);
  }
}

/** @returns `undefined` for a ticket, and for a copy of a format that another version of the library has left */
function toCopy(text: string): SessionCopy | undefined {
  const cut = text.indexOf(' ');
  if (text.startsWith(TICKET, cut + 1)) return undefined;
  try {
    return { record: decodeRecord(text.slice(cut + 1)), trustedUntil: Number(text.slice(0, cut)) };
  } catch (error) {
    if (error instanceof BrokenRecord) return undefined;
    throw error;
  }
}
