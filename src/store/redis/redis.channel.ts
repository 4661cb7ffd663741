/** Tells all processes that use the same Redis, by publish and subscribe. */
import type { SessionChannel } from '../session.channel.js';
import type { RedisCommands } from './redis.commands.js';

/** What is used of a client of node-redis that subscribes: single, pool's member, cluster or sentinel. */
export interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  readonly isOpen: boolean;
}

/** What is used of a client of ioredis or iovalkey that subscribes. */
export interface IoRedisSubscriber {
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  off(event: 'message', listener: (channel: string, message: string) => void): unknown;
  readonly isCluster: boolean;
}

/** A client that does nothing but subscribe: `client.duplicate()`, connected. */
export type RedisSubscriber = NodeRedisSubscriber | IoRedisSubscriber;

export function isSubscriber(given: unknown): given is RedisSubscriber {
  return (
    typeof given === 'object' && given !== null && 'subscribe' in given && ('isOpen' in given || 'isCluster' in given)
  );
}

export class RedisChannel implements SessionChannel {
  readonly #commands: RedisCommands;
  readonly #subscriber: RedisSubscriber;
  readonly #name: string;
  /** Of several managers. The client subscribes for all of them once. */
  readonly #listeners = new Set<(message: string) => void>();
  #subscribed: Promise<unknown> | undefined;

  constructor(commands: RedisCommands, subscriber: RedisSubscriber, name: string) {
    this.#commands = commands;
    this.#subscriber = subscriber;
    this.#name = name;
  }

  async publish(message: string): Promise<void> {
    await this.#commands.send(undefined, 'PUBLISH', this.#name, message);
  }

  async subscribe(listener: (message: string) => void): Promise<() => Promise<void>> {
    this.#listeners.add(listener);
    try {
      this.#subscribed ??= this.#open();
      await this.#subscribed;
    } catch (error) {
      this.#listeners.delete(listener);
      this.#subscribed = undefined;
      throw error;
    }
    return async () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#subscribed = undefined;
      await this.#close();
    };
  }

  #open(): Promise<unknown> {
    const subscriber = this.#subscriber;
    if ('isOpen' in subscriber) return subscriber.subscribe(this.#name, this.#hear);
    subscriber.on('message', this.#hearOn);
    return subscriber.subscribe(this.#name);
  }

  async #close(): Promise<void> {
    const subscriber = this.#subscriber;
    if ('isOpen' in subscriber) {
      await subscriber.unsubscribe(this.#name, this.#hear);
      return;
    }
    subscriber.off('message', this.#hearOn);
    await subscriber.unsubscribe(this.#name);
  }

  readonly #hear = (message: string): void => {
    for (const listener of this.#listeners) listener(message);
  };

  readonly #hearOn = (channel: string, message: string): void => {
    if (channel === this.#name) this.#hear(message);
  };
}
