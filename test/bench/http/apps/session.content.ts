/** What all contenders keep: who it is, a counter, and what fills a session up to its size. */
import type { Size } from '../contender.js';

export const USER_NAME = 'Alice';

interface Item {
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
}

const ITEM: Item = { sku: 'A-1003', title: 'A thing that somebody wants to buy', quantity: 2 };
const ITEM_BYTES = JSON.stringify(ITEM).length + 1;
/** What the counter, the user's name, and the names of attributes take. */
const OTHER_BYTES = 60;
const MOST_LISTS = 8;
const LEAST_ITEMS = 4;

/** Lists of items by name: one in a small session, eight in a large one. */
export function fillerOf(size: Size): Record<string, Item[]> {
  const items = Math.round((size - OTHER_BYTES) / ITEM_BYTES);
  const lists = Math.max(1, Math.min(MOST_LISTS, Math.floor(items / LEAST_ITEMS)));
  return Object.fromEntries(
    Array.from({ length: lists }, (_, list) => [
      `list${list}`,
      // Each an object of its own, as they are when they come from a request or a database.
      Array.from({ length: Math.ceil((items - list) / lists) }, () => ({ ...ITEM })),
    ]),
  );
}
