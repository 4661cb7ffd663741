/** A backend in memory, but behind promises, and no Map: as far as Keyv knows, any backend. */
import type { KeyvStoreAdapter } from 'keyv';
import { setImmediate } from 'node:timers/promises';

export class SlowAdapter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly values = new Map<string, unknown>();

  async get<Value>(key: string): Promise<Value | undefined> {
    await setImmediate();
    return this.values.get(key) as Value | undefined;
  }

  async set(key: string, value: unknown): Promise<unknown> {
    await setImmediate();
    this.values.set(key, value);
    return undefined;
  }

  async delete(key: string): Promise<boolean> {
    await setImmediate();
    return this.values.delete(key);
  }

  clear(): Promise<void> {
    return Promise.reject(new Error('No test clears.'));
  }

  on(_event: string, listener: (error: unknown) => void): this {
    this.tell = listener;
    return this;
  }

  tell: (error: unknown) => void = () => undefined;
}
