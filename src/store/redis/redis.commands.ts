/** Commands and scripts, as the store and its copies send them. */
import { setTimeout } from 'node:timers/promises';
import type { RedisConnection } from './redis.connection.js';
import { isReply, RedisFailure } from './redis.failure.js';
import type { RedisScript } from './redis.script.js';

/** How it went, and what belongs to that. */
export type ScriptReply = readonly [answer: string, ...details: unknown[]];

/** A cluster that is moving a slot has some keys of it here, and others there already: not for long. */
const MOVING_TRIES = 20;
const MOVING_PAUSE_MS = 50;

export class RedisCommands {
  readonly isCluster: boolean;
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    this.isCluster = connection.isCluster;
  }

  /** @throws RedisFailure by the promise */
  async send(key: string | undefined, command: string, ...args: string[]): Promise<unknown> {
    try {
      return await this.#connection.send(key, command, args);
    } catch (error) {
      throw RedisFailure.of(error);
    }
  }

  /**
   * @param keys - all in one slot
   * @throws RedisFailure by the promise
   */
  async run(script: RedisScript, keys: readonly string[], values: readonly string[] = []): Promise<ScriptReply> {
    const args = [String(keys.length), ...keys, ...values];
    for (let tries = 1; ; tries++) {
      try {
        return toReply(await this.#evaluate(script, keys[0], args));
      } catch (error) {
        if (!isReply(error, 'TRYAGAIN') || tries === MOVING_TRIES) throw RedisFailure.of(error);
        await setTimeout(MOVING_PAUSE_MS);
      }
    }
  }

  /** A server that doesn't know the script, since it was restarted say, learns it by running its text. */
  async #evaluate({ sha, text }: RedisScript, key: string | undefined, args: readonly string[]): Promise<unknown> {
    try {
      return await this.#connection.send(key, 'EVALSHA', [sha, ...args]);
    } catch (error) {
      if (!isReply(error, 'NOSCRIPT')) throw error;
      return this.#connection.send(key, 'EVAL', [text, ...args]);
    }
  }
}

function toReply(reply: unknown): ScriptReply {
  if (isScriptReply(reply)) return reply;
  throw new RedisFailure('UNKNOWN_REPLY');
}

function isScriptReply(reply: unknown): reply is ScriptReply {
  return Array.isArray(reply) && typeof reply[0] === 'string';
}
