/**
 * What it costs to list and to revoke the sessions of a principal, of 3 and of 10,000, among a thousand sessions of others and among
 * many: it has to depend on the principal's own.
 */
import { MemoryStore, type SessionStore } from 'nestjs-http-session/core';
import { createHash, randomBytes } from 'node:crypto';
import { type Counters, inParallel, medianOf } from './measure.js';
import { rounded } from './results.js';
import { newKey, newRecord } from './sessions.js';

/** A store with nothing in it, and how others' sessions come into it. */
export interface PrincipalsSubject {
  readonly store: SessionStore;
  /** Brings the sessions of others to this number. */
  addOthers(count: number): Promise<void>;
  close(): Promise<void>;
}

export type PrincipalsFigures = Readonly<Record<string, Counters>>;

const FEW = 3;
const MANY = 10_000;
const FEW_OTHERS = 1_000;
const ROUNDS = 7;
const CONCURRENCY = 50;

/** @returns milliseconds a call, medians, by what is done among how many sessions of others */
export async function benchPrincipals(subject: PrincipalsSubject, others: number): Promise<PrincipalsFigures> {
  const figures: Record<string, Counters> = {};
  try {
    for (const count of [FEW_OTHERS, others]) {
      await subject.addOthers(count);
      figures[`among ${count} of others`] = await measured(subject.store);
    }
  } finally {
    await subject.close();
  }
  console.table(figures);
  return figures;
}

async function measured(store: SessionStore): Promise<Counters> {
  const times: Record<string, number[]> = {};
  const time = async (name: string, count: number, work: () => unknown) => {
    const began = performance.now();
    const answer = await work();
    (times[name] ??= []).push(performance.now() - began);
    if (answer !== count) throw new Error(`${name} found ${String(answer)} sessions, not ${count}.`);
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const count of [FEW, MANY]) {
      const now = Date.now();
      const tag = await addOf(store, `principal ${round} ${count}`, count);
      const list = async () => (await store.list(tag, now)).length;
      await time(`list of ${count}, ms`, count, list);
      await time(`removeAll of ${count}, ms`, count, () => store.removeAll(tag, now));
    }
  }
  return rounded(Object.fromEntries(Object.entries(times).map(([name, all]) => [name, medianOf(all)])));
}

/** @returns the principal's tag, as `tagOfPrincipal` makes it */
async function addOf(store: SessionStore, principal: string, count: number): Promise<string> {
  const tag = createHash('sha256').update(principal).digest('base64url').slice(0, 12);
  await inParallel(count, CONCURRENCY, () => {
    const key = `${tag}.${randomBytes(32).toString('base64url')}`;
    return store.add(key, { ...newRecord(Date.now()), principal }, { op: key.slice(-10) });
  });
  return tag;
}

/** Others' sessions, one by one. */
export async function addSessions(store: SessionStore, count: number): Promise<void> {
  await inParallel(count, CONCURRENCY, () => {
    const key = newKey();
    return store.add(key, newRecord(Date.now()), { op: key.slice(-10) });
  });
}

export function memorySubject(): PrincipalsSubject {
  const store = new MemoryStore();
  return {
    store,
    addOthers: (count) => addSessions(store, count - store.size),
    close: async () => store.close(),
  };
}
