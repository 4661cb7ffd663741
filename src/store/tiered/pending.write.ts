/** Changes and accesses that callers take for done, and that go to the durable store as one write. */
import type { Delta } from '../../session/session.record.js';

export class PendingWrite {
  /** The latest access. */
  now: number;
  /** How many changes it is the sum of; none: it is only an access. */
  steps = 0;
  /** Is, or was, on its way: from then on it stays what it is, since it may have arrived. */
  isSent = false;
  readonly #set = new Map<string, string>();
  readonly #unset = new Set<string>();
  #op = '';

  constructor(now: number) {
    this.now = now;
  }

  get delta(): Delta {
    return { set: this.#set, unset: [...this.#unset], steps: this.steps, op: this.#op };
  }

  touch(now: number): void {
    this.now = Math.max(this.now, now);
  }

  add(delta: Delta, now: number): void {
    this.touch(now);
    if (this.steps === 0) this.#op = delta.op;
    this.steps += delta.steps ?? 1;
    for (const [name, text] of delta.set) {
      this.#unset.delete(name);
      this.#set.set(name, text);
    }
    for (const name of delta.unset) {
      this.#set.delete(name);
      this.#unset.add(name);
    }
  }

  applyTo(attrs: Map<string, string>): void {
    for (const [name, text] of this.#set) attrs.set(name, text);
    for (const name of this.#unset) attrs.delete(name);
  }
}
