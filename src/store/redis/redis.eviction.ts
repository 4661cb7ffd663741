/** Whether Redis, when its memory is full, throws sessions away rather than refuse new ones. */
import type { RedisCommands } from './redis.commands.js';

/** @returns what is to be said about it, of any one node; `undefined` if sessions are safe, or Redis doesn't tell */
export async function findEviction(commands: RedisCommands): Promise<string | undefined> {
  const memory = String(await commands.send(undefined, 'INFO', 'memory'));
  const [, limit] = /^maxmemory:(\d+)/m.exec(memory) ?? [];
  const [, policy] = /^maxmemory_policy:([\w-]+)/m.exec(memory) ?? [];
  if (limit === undefined || limit === '0' || policy === undefined || policy === 'noeviction') return undefined;
  return (
    `Redis may throw away sessions that live: its maxmemory-policy is ${policy}. ` +
    `Set it to noeviction, or give the sessions a Redis of their own.`
  );
}
