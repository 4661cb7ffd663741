/**
 * What all scripts have in common. They go by the app's clock, which each call brings along, and say how it went in the first
 * element of their reply; the rest belongs to that. All that is written and read is text: Redis would cut the decimals of
 * Lua's numbers off.
 *
 * Scripts don't roll back. So each looks at everything first, and the first it writes is what Redis refuses when it is out of
 * memory or a replica: then nothing has been written.
 */
import { createHash } from 'node:crypto';
import { GARBAGE_MARGIN_MS, REMEMBERED_OPS } from '../session.store.js';

/** A script, and the name by which Redis knows it once it has run. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

/** Two rotations a second for as long as the first one's forward lasts: a way that is longer leads in a circle. */
export const MAX_HOPS = 120;

/** Values in one call of HSET or HDEL; Lua's stack takes some thousand. */
const CHUNK = 1_000;

/** A script of this body, and of what it calls. */
export function script(body: string, calls: string = SESSIONS + WRITES): RedisScript {
  const text = `local FORWARD, GONE = 'forward', { 'gone' }\n${calls}${body}`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** To find a session and record an access. (Each function costs each call of a script, whether it is called or not.) */
export const SESSIONS = `
local function text(number)
  return string.format('%.0f', number)
end

-- Keeps what is under a key until its deadline at least. A process whose clock is ahead must not shorten that.
local function keep(key, deadline, now)
  local ttl = math.ceil(deadline - now) + ${GARBAGE_MARGIN_MS}
  if ttl > redis.call('PTTL', key) then redis.call('PEXPIRE', key, text(ttl)) end
end

-- Of a session of a principal, in the index beside it: what is left of its key without what both begin with.
local function memberOf(index, key)
  return string.sub(key, #index)
end

-- Lists a session, by its deadline. The index stays until the last one's.
local function list(index, key, deadline, now)
  redis.call('ZADD', index, string.format('%.17g', deadline), memberOf(index, key))
  keep(index, deadline, now)
end

local function deadlineOf(session)
  return math.min(session.accessed + session.idle, session.ends)
end

-- The live session under a key, or { successor = key } for one that forwards. What can't be read is neither, and what isn't
-- listed in the index, if there is one.
local function find(key, now, index)
  local fields = redis.pcall('HMGET', key, '>', 'f', '#', 'n', 'a', 'v', 'o', 'p')
  if fields.err then return nil end
  local successor, forwards, head, names, accessed, version, newer, older = unpack(fields)
  if successor then
    return now < (tonumber(forwards) or 0) and { successor = successor } or nil
  end
  local timeout, interval, ends = string.match(head or '', '^%[1,[^,]+,([^,]+),([^,]+),([^,]+),')
  local session = {
    accessed = tonumber(accessed), version = tonumber(version),
    idle = (tonumber(timeout) or 0) + (tonumber(interval) or 0),
    ends = ends == 'null' and math.huge or tonumber(ends),
    ops = (newer or '') .. ' ' .. (older or ''),
  }
  if not (names and string.sub(names, -1) == ']' and session.accessed and session.version and session.ends) then return nil end
  if redis.call('HEXISTS', key, 'c') == 0 then return nil end
  if now >= deadlineOf(session) then return nil end
  if index and not redis.call('ZSCORE', index, memberOf(index, key)) then return nil end
  return session
end

-- Records an access, with what else is to be written. One that comes late never takes back a later one.
local function access(key, index, session, now, ...)
  if now > session.accessed then
    session.accessed = now
    redis.call('HSET', key, 'a', ARGV[1], ...)
  elseif select('#', ...) > 0 then
    redis.call('HSET', key, ...)
  end
  keep(key, deadlineOf(session), now)
  if index then list(index, key, deadlineOf(session), now) end
end
`;

/** To write once what is sent twice, and to remove. */
const WRITES = `
-- Calls a command with any number of values, in pieces of an even number of them.
local function each(command, key, values, first, last)
  for i = first, last, ${CHUNK} do
    redis.call(command, key, unpack(values, i, math.min(i + ${CHUNK - 1}, last)))
  end
end

local function remembers(ops, op)
  return string.find(' ' .. ops .. ' ', ' ' .. op .. ' ', 1, true) ~= nil
end

-- Whether what is under a key, a session or a forward, comes from this very write.
local function wasWrittenBy(key, op)
  local fields = redis.pcall('HMGET', key, 'o', 'p')
  return not fields.err and remembers((fields[1] or '') .. ' ' .. (fields[2] or ''), op)
end

-- The fields of the last writes, with one more.
local function remember(ops, op)
  local all = { op }
  for one in string.gmatch(ops, '%S+') do all[#all + 1] = one end
  local half, last = ${REMEMBERED_OPS / 2}, math.min(#all, ${REMEMBERED_OPS})
  if last <= half then return 'o', table.concat(all, ' ') end
  return 'o', table.concat(all, ' ', 1, half), 'p', table.concat(all, ' ', half + 1, last)
end

-- The successor of what forwards; of all else nothing is left. What an index doesn't list was gone before.
local function remove(key, index)
  local successor = redis.pcall('HGET', key, '>')
  if type(successor) == 'string' then return { FORWARD, successor } end
  local removed = redis.call('UNLINK', key) == 1
  if index then removed = redis.call('ZREM', index, memberOf(index, key)) == 1 and removed end
  return removed and { 'done' } or GONE
end
`;
