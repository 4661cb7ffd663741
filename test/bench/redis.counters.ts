/** What Redis counts, as INFO tells it. */
import type { Counters } from './measure.js';

interface Client {
  info(section: string): Promise<string>;
}

/** Microseconds of the main thread, which does all commands; bytes over the network; commands, those of scripts too; bytes of the log. */
export async function redisCounters(client: Client): Promise<Counters> {
  const info = `${await client.info('cpu')}${await client.info('persistence')}${await client.info('stats')}`;
  const seconds = (kind: string) => numberIn(info, `${kind}_main_thread`) || numberIn(info, kind);
  return {
    cpu: (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6,
    received: numberIn(info, 'total_net_input_bytes'),
    sent: numberIn(info, 'total_net_output_bytes'),
    commands: numberIn(info, 'total_commands_processed'),
    // Only there while there is a log.
    log: numberIn(info, 'aof_current_size') || 0,
  };
}

export async function usedMemory(client: Client): Promise<number> {
  return numberIn(await client.info('memory'), 'used_memory');
}

/** Its name and version, and whether it keeps a log: what it writes there is part of what it does. */
export async function redisServer(client: Client): Promise<{ server: string; appendonly: boolean }> {
  const info = await client.info('server');
  const [, valkey] = /^valkey_version:([\d.]+)/m.exec(info) ?? [];
  const [, redis] = /^redis_version:([\d.]+)/m.exec(info) ?? [];
  const server = valkey === undefined ? `Redis ${redis}` : `Valkey ${valkey}`;
  return { server, appendonly: numberIn(await client.info('persistence'), 'aof_enabled') === 1 };
}

/** `NaN` if it isn't there. */
function numberIn(info: string, name: string): number {
  return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
}
