/** What a backend does to a store on a bad day, and how tests tell what a store was asked. */
import type { ObservedStore } from 'nestjs-http-session/testing';

type Method = Parameters<ObservedStore['hold']>[0];

const WRITES: readonly string[] = ['touch', 'add', 'change', 'rename', 'remove'];

/** The writes that a store was asked for, in their order. */
export function writesOf(store: ObservedStore): string[] {
  return store.calls.map(({ method }) => method).filter((method) => WRITES.includes(method));
}

/** Resolves when the store has answered the next call of `method`. */
export async function answered(store: ObservedStore, method: Method): Promise<void> {
  const held = store.hold(method, 'after');
  await held.reached;
  held.release();
}

/** These methods reject as a driver does, with a message that is nobody's business. @returns ends it */
export function failing(store: ObservedStore, ...methods: Method[]): () => void {
  const reject = () => Promise.reject(Object.assign(new Error('SET 17 secret'), { code: 'ECONNREFUSED' }));
  const ends = methods.map((method) => store.intercept(method, reject, Infinity));
  return () => ends.forEach((end) => end());
}

/** These methods never answer. @returns ends it */
export function silent(store: ObservedStore, ...methods: Method[]): () => void {
  const ends = methods.map((method) => store.intercept(method, () => new Promise(() => undefined), Infinity));
  return () => ends.forEach((end) => end());
}
