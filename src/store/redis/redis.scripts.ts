/**
 * What Redis does in one step, as scripts. They go by the app's clock, which each call brings along, and say how it went in the
 * first element of their reply; the rest belongs to that. All that is written and read is text: Redis would cut the
 * decimals of Lua's numbers off.
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

/** Most copies and tickets of one tag. To let go of all is always safe. */
const MAX_COPIES = 1_000;
/** Values in one call of HSET or HDEL; Lua's stack takes some thousand. */
const CHUNK = 1_000;

const PRELUDE = `
local FORWARD, GONE = 'forward', { 'gone' }

-- Calls a command with any number of values, in pieces of an even number of them.
local function each(command, key, values, first, last)
  for i = first, last, ${CHUNK} do
    redis.call(command, key, unpack(values, i, math.min(i + ${CHUNK - 1}, last)))
  end
end

local function text(number)
  return string.format('%.0f', number)
end

-- Keeps what is under a key until its deadline at least. A process whose clock is ahead must not shorten that.
local function keep(key, deadline, now)
  local ttl = math.ceil(deadline - now) + ${GARBAGE_MARGIN_MS}
  if ttl > redis.call('PTTL', key) then redis.call('PEXPIRE', key, text(ttl)) end
end

-- The live session under a key, or { successor = key } for one that forwards. What can't be read is neither.
local function find(key, now)
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
  if now >= math.min(session.accessed + session.idle, session.ends) then return nil end
  return session
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

-- The successor of what forwards; of all else nothing is left.
local function remove(key)
  local successor = redis.pcall('HGET', key, '>')
  if type(successor) == 'string' then return { FORWARD, successor } end
  return { redis.call('UNLINK', key) == 1 and 'done' or 'gone' }
end

-- Records an access, with what else is to be written. One that comes late never takes back a later one.
local function access(key, session, now, ...)
  if now > session.accessed then
    session.accessed = now
    redis.call('HSET', key, 'a', ARGV[1], ...)
  elseif select('#', ...) > 0 then
    redis.call('HSET', key, ...)
  end
  keep(key, math.min(session.accessed + session.idle, session.ends), now)
end
`;

/** Keys: the session. Values: now. */
export const TOUCH = script(`
local now = tonumber(ARGV[1])
local session = find(KEYS[1], now)
if not session then return GONE end
if session.successor then return { FORWARD, session.successor } end
access(KEYS[1], session, now)
return { 'done' }
`);

/** Keys: the session, and one that it replaces or none. Values: op, time to live, fields and values. */
export const ADD = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then
  if not wasWrittenBy(KEYS[1], ARGV[1]) then return { 'exists' } end
else
  each('HSET', KEYS[1], ARGV, 3, #ARGV)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local removed = KEYS[2] and remove(KEYS[2]) or GONE
if removed[1] == FORWARD then return removed end
return { 'added' }
`);

/**
 * Keys: the session. Values: now, op, the version it has to have or nothing, by how much the version grows, how many of the
 * following are fields and values to set, those, and fields to delete.
 */
export const CHANGE = script(`
local now, op, expected, steps, set = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local session = find(KEYS[1], now)
if not session then return GONE end
if session.successor then return { FORWARD, session.successor } end
if remembers(session.ops, op) then return { 'done', text(session.version) } end
if expected ~= '' and tonumber(expected) ~= session.version then
  return { 'conflict', redis.call('HGETALL', KEYS[1]) }
end
local version = text(session.version + steps)
access(KEYS[1], session, now, 'v', version, remember(session.ops, op))
each('HSET', KEYS[1], ARGV, 6, 5 + set)
each('HDEL', KEYS[1], ARGV, 6 + set, #ARGV)
return { 'done', version }
`);

/** Keys: the old one and the new one. Values: now, op, the successor as the forward names it, until when it forwards, until when it may be shown. */
export const RENAME = script(`
local now, op, successor, forwards, shown = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('EXISTS', KEYS[2]) == 1 then
  return { wasWrittenBy(KEYS[2], op) and 'done' or 'exists' }
end
local session = find(KEYS[1], now)
if not session then return GONE end
if session.successor then return { FORWARD, session.successor } end
redis.call('HSET', KEYS[1], remember(session.ops, op))
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[1], '>', successor, 'f', forwards, 'g', shown, remember(session.ops, op))
keep(KEYS[1], tonumber(forwards), now)
return { 'done' }
`);

/** Keys: the session. */
export const REMOVE = script(`return remove(KEYS[1])`);

/**
 * Keys: the copies of a tag. Values: the key, now, the ticket as it is to lie there, and its time to live. A field holds until when
 * it counts, and after a space what is there.
 */
export const TAKE = script(`
local place = redis.call('HGET', KEYS[1], ARGV[1])
local counts = place and tonumber(string.match(place, '^%S+'))
if counts and tonumber(ARGV[2]) < counts then return { 'there', place } end
-- Tickets for what isn't there must not pile up as long as somebody asks for more.
if redis.call('HLEN', KEYS[1]) >= ${MAX_COPIES} then redis.call('UNLINK', KEYS[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return GONE
`);

/** Keys: the copies of a tag. Values: the key, the ticket, the copy as it is to lie there, and its time to live. */
export const FILL = script(`
local place = redis.call('HGET', KEYS[1], ARGV[1])
if not place or string.match(place, '^%S+ (.*)$') ~= ARGV[2] then return GONE end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return { 'done' }
`);

function script(body: string): RedisScript {
  const text = `${PRELUDE}${body}`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
