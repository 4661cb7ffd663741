/**
 * What expires when, in slots of a second: to put something in, to move it, and to find what is due cost the same
 * however much is in. Due things come at most one slot late.
 */
const SLOT_MS = 1_000;

export class ExpirySlots<T> {
  readonly #slots = new Map<number, Set<T>>();
  /** The slots' numbers in order; may hold some that were emptied meanwhile. */
  readonly #order: number[] = [];

  add(item: T, deadline: number): void {
    const number = slotOf(deadline);
    const slot = this.#slots.get(number);
    if (slot) slot.add(item);
    else {
      this.#slots.set(number, new Set([item]));
      this.#insert(number);
    }
  }

  delete(item: T, deadline: number): void {
    const number = slotOf(deadline);
    const slot = this.#slots.get(number);
    if (slot?.delete(item) && slot.size === 0) this.#slots.delete(number);
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

  /** Later deadlines usually come later: the place is near the end. */
  #insert(number: number): void {
    let place = this.#order.length;
    while (place > 0 && (this.#order[place - 1] ?? 0) > number) place--;
    if (this.#order[place - 1] !== number) this.#order.splice(place, 0, number);
  }
}

/** Everything in a slot is due when the slot's number is reached. */
function slotOf(deadline: number): number {
  return Math.ceil(deadline / SLOT_MS);
}
