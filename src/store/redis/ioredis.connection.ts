/** Clients of ioredis and of its descendant iovalkey: single, by sentinels, and cluster. */
import { invalidOption } from '../../session/session.error.js';
import type { RedisConnection } from './redis.connection.js';

/** What is used of `Redis` and `Cluster` of ioredis, and of `Redis` and `Cluster` of iovalkey. */
export interface IoRedisClient {
  call(command: string, args: string[]): Promise<unknown>;
  pipeline(): IoRedisPipeline;
  readonly isCluster: boolean;
  readonly options: object;
}

/** What is used of its pipelines. */
export interface IoRedisPipeline {
  call(command: string, args: string[]): IoRedisPipeline;
  exec(): Promise<[error: Error | null, reply: unknown][] | null>;
}

/** @returns `undefined` for what is no client of ioredis or iovalkey */
export function ioredisConnection(client: object): RedisConnection | undefined {
  if (!isIoRedis(client)) return undefined;
  const { isCluster } = client;
  refuseReplicas(client);
  const pipelinesByItself = Reflect.get(client.options, 'enableAutoPipelining') === true;
  return {
    isCluster,
    send: (_key, command, args) =>
      isCluster && pipelinesByItself && command.startsWith('EVAL')
        ? sendAlone(client, command.toLowerCase(), [...args])
        : client.call(command.toLowerCase(), [...args]),
  };
}

function isIoRedis(client: object): client is IoRedisClient {
  return (
    'call' in client &&
    typeof client.call === 'function' &&
    'pipeline' in client &&
    'options' in client &&
    typeof client.options === 'object' &&
    client.options !== null
  );
}

function refuseReplicas({ options }: IoRedisClient): void {
  const scaleReads: unknown = Reflect.get(options, 'scaleReads') ?? 'master';
  if (scaleReads !== 'master') {
    throw invalidOption('client.options.scaleReads', scaleReads, "'master': a replica has an old state of a session");
  }
  for (const [name, refused] of [
    ['readOnly', true],
    ['role', 'slave'],
  ] as const) {
    if (Reflect.get(options, name) !== refused) continue;
    throw invalidOption(`client.options.${name}`, refused, 'the master: a replica has an old state of a session');
  }
}

/**
 * Automatic pipelines of cluster clients go to the node of a command's first argument: right for most commands, but of a script
 * that is its hash (up to ioredis 5, and iovalkey), and then the whole pipeline fails.
 */
async function sendAlone(client: IoRedisClient, command: string, args: string[]): Promise<unknown> {
  const [[error, reply] = [null, undefined]] = (await client.pipeline().call(command, args).exec()) ?? [];
  if (error) throw error;
  return reply;
}
