/** The last writes of a record, by their `op`: newest first, as one text. */
import { REMEMBERED_OPS } from './session.store.js';

/** @returns `ops` with `op` in front, and no more than are to be remembered */
export function rememberOp(ops: string, op: string): string {
  return [op, ...(ops === '' ? [] : ops.split(' '))].slice(0, REMEMBERED_OPS).join(' ');
}

/** Whether a write was done already. */
export function isRemembered(ops: string, op: string): boolean {
  return ops.split(' ').includes(op);
}
