/** Clients of node-redis: single, pool, cluster and sentinel, each of which sends a command in its own way. */
import { invalidOption } from '../../session/session.error.js';
import type { RedisConnection } from './redis.connection.js';

/** What is used of node-redis's `createClient()` and `createClientPool()`. */
export interface NodeRedisClient {
  sendCommand(args: string[], options?: object): Promise<unknown>;
  readonly isOpen: boolean;
}

/** What is used of node-redis's `createCluster()`. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: object,
  ): Promise<unknown>;
  getSlotRandomNode(slot: number): unknown;
}

/** What is used of node-redis's `createSentinel()`. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean | undefined, args: string[], options?: object): Promise<unknown>;
  getMasterNode(): unknown;
}

type AnyNodeRedis = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

/** RESP's sign of a map, as node-redis names types. */
const MAP = 37;

/** Replies as they come, and maps flat, whatever mapping the application has chosen for its own commands. */
const WRITE = { typeMapping: { [MAP]: Array } };
/**
 * A read that leaves late does no harm, so it has no timeout of the client's own, which would keep it from leaving. (Measured: the
 * signal that node-redis makes for one, by default for each command, takes a fifth of what a read costs.)
 */
const READ = { ...WRITE, timeout: undefined };

const READS = new Set(['HGETALL', 'HMGET', 'ZSCORE', 'ZRANGEBYSCORE']);

function optionsOf(command: string): object {
  return READS.has(command) ? READ : WRITE;
}

/** Says of every command that it writes: then clusters and sentinels that share reads out to replicas ask the master. */
const READONLY = false;

/** @returns `undefined` for what is no client of node-redis */
export function nodeRedisConnection(client: object): RedisConnection | undefined {
  if (!isNodeRedis(client)) return undefined;
  if ('getSlotRandomNode' in client) {
    return {
      isCluster: true,
      send: (key, command, args) => client.sendCommand(key, READONLY, [command, ...args], optionsOf(command)),
    };
  }
  if ('getMasterNode' in client) {
    return {
      isCluster: false,
      send: (_key, command, args) => client.sendCommand(READONLY, [command, ...args], optionsOf(command)),
    };
  }
  refuseReplica(client);
  return {
    isCluster: false,
    send: (_key, command, args) => client.sendCommand([command, ...args], optionsOf(command)),
  };
}

function isNodeRedis(client: object): client is AnyNodeRedis {
  return 'sendCommand' in client && typeof client.sendCommand === 'function' && 'isOpen' in client;
}

/** A single client in READONLY mode is one of a cluster's replica. */
function refuseReplica(client: object): void {
  if (!('options' in client) || typeof client.options !== 'object' || client.options === null) return;
  if (Reflect.get(client.options, 'readonly') === true) {
    throw invalidOption('client', client, 'a client without `readonly`: a replica has an old state of a session');
  }
}
