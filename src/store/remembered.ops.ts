/** The last writes of a record, by their `op`: newest first, as one text. */
import { REMEMBERED_OPS } from './session.store.js';

/** @returns `ops` with `op` in front, and no more than are to be remembered */
export function rememberOp(ops: string, op: string): string {
  if (ops === '') return op;
  let end = -1;
  for (let others = 1; others < REMEMBERED_OPS; others++) {
    end = ops.indexOf(' ', end + 1);
    if (end === -1) return `${op} ${ops}`;
  }
  return `${op} ${ops.slice(0, end)}`;
}

/** Whether a write was done already. */
export function isRemembered(ops: string, op: string): boolean {
  return ` ${ops} `.includes(` ${op} `);
}
