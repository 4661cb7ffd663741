/** Waits for what a server does in its own time and tells nobody. */
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 30_000;

/** @param what - for the message when it never comes true */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Waited ${LIMIT_MS} ms in vain until ${what}`);
    await sleep(20);
  }
}
