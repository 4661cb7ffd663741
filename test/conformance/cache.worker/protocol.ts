/** What the test of CacheStore in two processes tells its workers, and hears from them. */
import type { Key } from 'nestjs-http-session/core';

/** A call of the store. */
export type Call =
  | { readonly method: 'add'; readonly key: Key; readonly handle: string }
  | { readonly method: 'change'; readonly key: Key; readonly attr: string }
  | { readonly method: 'update'; readonly key: Key }
  | { readonly method: 'touch'; readonly key: Key }
  | { readonly method: 'remove'; readonly key: Key }
  | { readonly method: 'rename'; readonly key: Key; readonly to: Key };

/** `stopBefore`: the call waits before so many-th write to the backend, 1 for the first, until it is released. */
export type Command =
  | { readonly does: 'call'; readonly call: Call; readonly stopBefore?: number }
  | { readonly does: 'release' }
  | { readonly does: 'end' };

export type Report =
  { readonly tells: 'ready' } | { readonly tells: 'waits' } | { readonly tells: 'answer'; readonly answer: unknown };
