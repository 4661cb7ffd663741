/**
 * What expires when, in slots of a second: to put something in, to move it, and to find what is due cost the same
 * however much is in. Due things come at most one slot late.
 */
const SLOT_MS = 1_000;

export class ExpirySlots<T> {
  readonly #slots = new Map<number, Set<T>>();
  /** The slots' numbers in order. */
  readonly #order: number[] = [];

  add(item: T, deadline: number): void {
    const number = slotOf(deadline);
    const slot = this.#slots.get(number);
    if (slot) slot.add(item);
    else {
      this.#slots.set(number, new Set([item]));
      this.#order.splice(this.#placeOf(number), 0, number);
    }
  }

  delete(item: T, deadline: number): void {
    const number = slotOf(deadline);
    const slot = this.#slots.get(number);
    if (!slot?.delete(item) || slot.size > 0) return;
    this.#slots.delete(number);
    this.#order.splice(this.#placeOf(number), 1);
  }

  move(item: T, from: number, to: number): void {
    if (slotOf(from) === slotOf(to)) return;
    this.delete(item, from);
    this.add(item, to);
  }

  /** Takes out up to `limit` of what is due, and gives it to `take`. @returns how many; fewer than `limit`: that was all */
  takeDue(now: number, limit: number, take: (item: T) => void): number {
    let taken = 0;
    for (let first = this.#order[0]; first !== undefined && first * SLOT_MS <= now; first = this.#order[0]) {
      const slot = this.#slots.get(first);
      for (const item of slot ?? []) {
        if (taken === limit) return taken;
        taken++;
        slot?.delete(item);
        take(item);
      }
      this.#slots.delete(first);
      this.#order.shift();
    }
    return taken;
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

/** Everything in a slot is due when the slot's number is reached. */
function slotOf(deadline: number): number {
  return Math.ceil(deadline / SLOT_MS);
}
