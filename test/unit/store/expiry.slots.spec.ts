/** Finds what is due without looking at the rest; compared with a list that looks at everything. */
import { describe, expect, it } from 'vitest';
import { Expiring } from '../../../src/store/expiring.js';
import { ExpirySlots } from '../../../src/store/expiry.slots.js';
import { SeededRandom } from '../fixtures/seeded.random.js';

const SLOT_MS = 1_000;

class Thing<T = string> extends Expiring {
  constructor(readonly name: T) {
    super();
  }
}

function put<T>(slots: ExpirySlots<Thing<T>>, name: T, deadline: number): Thing<T> {
  const thing = new Thing(name);
  slots.add(thing, deadline);
  return thing;
}

/** The names of what is taken out. */
function takeDue<T>(slots: ExpirySlots<Thing<T>>, now: number, limit: number): T[] {
  const due: T[] = [];
  expect(slots.takeDue(now, limit, ({ name }) => due.push(name))).toBe(due.length);
  return due;
}

describe('expiry slots', () => {
  it('give what is due, at most a slot late, and never early', () => {
    const slots = new ExpirySlots<Thing>();
    put(slots, 'at 1500', 1_500);
    put(slots, 'at 2000', 2_000);
    put(slots, 'at 2001', 2_001);
    expect(takeDue(slots, 1_999, 10)).toEqual([]);
    expect(takeDue(slots, 2_000, 10).toSorted()).toEqual(['at 1500', 'at 2000']);
    expect(takeDue(slots, 3_000, 10)).toEqual(['at 2001']);
  });

  it('give each thing once', () => {
    const slots = new ExpirySlots<Thing>();
    put(slots, 'a', 1_000);
    expect(takeDue(slots, 9_000, 10)).toEqual(['a']);
    expect(takeDue(slots, 9_000, 10)).toEqual([]);
  });

  it('give as much as is asked for, and the rest later', () => {
    const slots = new ExpirySlots<Thing<number>>();
    for (let item = 0; item < 25; item++) put(slots, item, item % 3 === 0 ? 1_000 : 2_000);
    const batches = [takeDue(slots, 9_000, 10), takeDue(slots, 9_000, 10), takeDue(slots, 9_000, 10)];
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
    expect(new Set(batches.flat()).size).toBe(25);
  });

  it('give what came earlier first, in whatever order it was put in', () => {
    const slots = new ExpirySlots<Thing<number>>();
    for (const deadline of [5_000, 1_000, 9_000, 3_000, 7_000]) put(slots, deadline, deadline);
    expect(takeDue(slots, 9_000, 10)).toEqual([1_000, 3_000, 5_000, 7_000, 9_000]);
  });

  it('forget what is deleted, and find what is moved where it went', () => {
    const slots = new ExpirySlots<Thing>();
    const deleted = put(slots, 'deleted', 1_000);
    const later = put(slots, 'moved later', 1_000);
    const earlier = put(slots, 'moved earlier', 9_000);
    for (const thing of [deleted, later, earlier]) slots.delete(thing);
    slots.add(later, 8_000);
    slots.add(earlier, 2_000);
    expect(takeDue(slots, 7_000, 10)).toEqual(['moved earlier']);
    expect(takeDue(slots, 8_000, 10)).toEqual(['moved later']);
  });

  it('take no harm from the deletion of what is not there', () => {
    const slots = new ExpirySlots<Thing>();
    slots.delete(new Thing('never there'));
    const twice = put(slots, 'deleted twice', 1_000);
    slots.delete(twice);
    slots.delete(twice);
    put(slots, 'there', 1_000);
    slots.delete(twice);
    expect(takeDue(slots, 1_000, 10)).toEqual(['there']);
  });

  it.each([1, 2, 3, 4, 5])('do as the naive model does, whatever is done to them (seed %i)', (seed) => {
    const random = new SeededRandom(seed);
    const slots = new ExpirySlots<Thing<number>>();
    const things = Array.from({ length: 300 }, (_, number) => new Thing(number));
    const model = new Map<number, number>();
    let now = 0;
    for (let step = 0; step < 5_000; step++) {
      const deadline = now + random.below(60 * SLOT_MS) + random.pick([0, 0, 0, 3_600_000]);
      const item = random.below(things.length);
      const thing = things[item] ?? new Thing(item);
      if (random.next() < 0.03) {
        now += random.below(20 * SLOT_MS);
        takeAll();
      } else if (!model.has(item)) {
        slots.add(thing, deadline);
        model.set(item, deadline);
      } else if (random.next() < 0.3) {
        slots.delete(thing);
        model.delete(item);
      } else {
        slots.delete(thing);
        slots.add(thing, deadline);
        model.set(item, deadline);
      }
    }
    now += 10_000_000;
    takeAll();
    expect(model.size).toBe(0);

    function takeAll(): void {
      const limit = 1 + random.below(7);
      for (let batch = takeDue(slots, now, limit); ; batch = takeDue(slots, now, limit)) {
        for (const item of batch) {
          expect(model.get(item)).toBeLessThanOrEqual(now);
          model.delete(item);
        }
        if (batch.length < limit) break;
        expect(batch).toHaveLength(limit);
      }
      for (const left of model.values()) expect(left).toBeGreaterThan(now - SLOT_MS);
    }
  });
});
