/** A way for a store to tell all processes that use it: what a store may offer. */
import type { Awaitable } from '../session/awaitable.js';

export interface SessionChannel {
  /** Tells whoever listens now, in this process too. Who doesn't listen never hears of it. */
  publish(message: string): Awaitable<void>;

  /** @returns ends it */
  subscribe(listener: (message: string) => void): Awaitable<() => Awaitable<void>>;
}
