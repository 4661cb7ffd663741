/**
 * What expires when, in slots of a second: to put something in, to take it out, and to find what is due cost the same
 * however much is in, at every single call. Due things come at most one slot late.
 */
import { Expiring } from './expiring.js';

export class ExpirySlots<T extends Expiring> {
  /** A ring for each slot with something in it. */
  readonly #rings = new Map<number, Expiring>();
  /** The slots' numbers in order. */
  readonly #order: number[] = [];

  /** @param item - in no other slots */
  add(item: T, deadline: number): void {
    const slot = Expiring.slotOf(deadline);
    let ring = this.#rings.get(slot);
    if (!ring) {
      ring = new Expiring();
      this.#rings.set(slot, ring);
      this.#order.splice(this.#placeOf(slot), 0, slot);
    }
    Expiring.enter(ring, item, slot);
  }

  delete(item: T): void {
    Expiring.leave(item);
    const slot = Expiring.slotIn(item);
    const ring = this.#rings.get(slot);
    if (!ring || Expiring.firstIn(ring) !== ring) return;
    this.#rings.delete(slot);
    this.#order.splice(this.#placeOf(slot), 1);
  }

  /** Takes out up to `limit` of what is due, and gives it to `take`. @returns how many; fewer than `limit`: that was all */
  takeDue(now: number, limit: number, take: (item: T) => void): number {
    for (let taken = 0; taken < limit; taken++) {
      const first = this.#firstDue(now);
      if (!first) return taken;
      this.delete(first);
      take(first);
    }
    return limit;
  }

  #firstDue(now: number): T | undefined {
    const slot = this.#order[0];
    if (slot === undefined || !Expiring.isDue(slot, now)) return undefined;
    const ring = this.#rings.get(slot);
    // What is in a ring was added here.
    return ring && (Expiring.firstIn(ring) as T);
  }

  /** Where a number stands in the order, or would. */
  #placeOf(number: number): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#order[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
