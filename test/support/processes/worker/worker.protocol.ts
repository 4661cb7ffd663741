/** What a worker is told when it starts, and what it and its test say to each other while it runs. */
import type { StoreMethod } from 'nestjs-http-session/testing';

/** The store that a worker uses, over a connection of its own. */
export type StorePlan =
  | {
      readonly kind: 'redis';
      readonly client: 'node-redis' | 'ioredis';
      readonly url: string;
      readonly keyPrefix: string;
    }
  | { readonly kind: 'postgres' | 'mariadb'; readonly url: string; readonly table: string }
  | { readonly kind: 'sqlite'; readonly file: string; readonly table: string }
  | { readonly kind: 'tiered'; readonly cache: StorePlan; readonly durable: StorePlan };

export interface WorkerPlan {
  readonly platform: 'Express' | 'Fastify';
  readonly store: StorePlan;
}

/** Each is acknowledged when it is done. */
export type Command =
  /** The next calls of the store's method wait at its door, or with its answer. */
  | {
      readonly does: 'hold';
      readonly id: number;
      readonly method: StoreMethod;
      readonly when: 'before' | 'after';
      readonly calls: number;
    }
  /** Requests that name the gate wait at it, with their session loaded. */
  | { readonly does: 'gate'; readonly id: number; readonly calls: number }
  /** Whoever waits goes on. */
  | { readonly does: 'release'; readonly id: number }
  /** How far the process's clock is ahead. */
  | { readonly does: 'shift-clock'; readonly byMs: number }
  /** It kills itself as soon as the store has answered a write, before anybody hears of that answer. */
  | { readonly does: 'die-at-next-write' }
  | { readonly does: 'stop' };

export interface CommandMessage {
  readonly number: number;
  readonly command: Command;
}

export type Report =
  | { readonly says: 'listening'; readonly origin: string }
  | { readonly says: 'done'; readonly number: number }
  /** As many as were to be held wait there. */
  | { readonly says: 'reached'; readonly id: number };
