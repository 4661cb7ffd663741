/** Copies of another store's sessions, in this process's memory. */
import { tagOf } from '../session/session.id.js';
import { copyOf, type Key, type SessionRecord } from '../session/session.record.js';
import { Expiring } from './expiring.js';
import { ExpirySlots } from './expiry.slots.js';
import { type SessionCopies, type SessionCopy, TICKET_MS } from './session.copies.js';

/** Holds a copy, or the ticket of who may bring one. */
class Place extends Expiring {
  readonly key: Key;
  readonly content: SessionRecord | { readonly ticket: string };
  readonly trustedUntil: number;

  constructor(key: Key, content: Place['content'], trustedUntil: number) {
    super();
    this.key = key;
    this.content = content;
    this.trustedUntil = trustedUntil;
  }
}

/** How many outdated places each call clears: more than it may occupy, so that they don't pile up. */
const CLEARED_PER_CALL = 2;

export class MemoryCopies implements SessionCopies {
  /** By tag, since a tag is what is dropped. */
  readonly #places = new Map<string, Map<Key, Place>>();
  readonly #expiries = new ExpirySlots<Place>();

  take(key: Key, ticket: string, now: number): SessionCopy | undefined {
    this.#clearOutdated(now);
    const place = this.#placeOf(key);
    if (!place || now >= place.trustedUntil) {
      this.#put(new Place(key, { ticket }, now + TICKET_MS));
      return undefined;
    }
    const { content, trustedUntil } = place;
    return 'ticket' in content ? undefined : { record: copyOf(content), trustedUntil };
  }

  fill(key: Key, ticket: string, { record, trustedUntil }: SessionCopy): void {
    const place = this.#placeOf(key);
    if (!place || !('ticket' in place.content) || place.content.ticket !== ticket) return;
    this.#put(new Place(key, copyOf(record), trustedUntil));
  }

  drop(key: Key): void {
    for (const place of this.#places.get(tagOf(key))?.values() ?? []) this.#clear(place);
  }

  #placeOf(key: Key): Place | undefined {
    return this.#places.get(tagOf(key))?.get(key);
  }

  #put(place: Place): void {
    const before = this.#placeOf(place.key);
    if (before) this.#clear(before);
    const tag = tagOf(place.key);
    const places = this.#places.get(tag);
    if (places) places.set(place.key, place);
    else this.#places.set(tag, new Map([[place.key, place]]));
    this.#expiries.add(place, place.trustedUntil);
  }

  #clear(place: Place): void {
    this.#expiries.delete(place);
    this.#remove(place);
  }

  #remove({ key }: Place): void {
    const tag = tagOf(key);
    const places = this.#places.get(tag);
    places?.delete(key);
    if (places?.size === 0) this.#places.delete(tag);
  }

  #clearOutdated(now: number): void {
    this.#expiries.takeDue(now, CLEARED_PER_CALL, (place) => this.#remove(place));
  }
}
