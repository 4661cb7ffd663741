/** What Redis does in one step to a session, as scripts. One of a principal comes with the index that lists it. */
import { script, SESSIONS } from './redis.script.js';

/** Most copies and tickets of one tag. To let go of all is always safe. */
const MAX_COPIES = 1_000;

/** Keys: the session, and its index or none. Values: now. */
export const TOUCH = script(
  `
local now = tonumber(ARGV[1])
local session = find(KEYS[1], now, KEYS[2])
if not session then return GONE end
if session.successor then return { FORWARD, session.successor } end
access(KEYS[1], KEYS[2], session, now)
return { 'done' }
`,
  SESSIONS,
);

/**
 * Keys: the session, and one that it replaces or none, with its index or none. Values: op, time to live, fields and values.
 * Answers the successor of what was to be replaced, if that forwards.
 */
export const ADD = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then
  if not wasWrittenBy(KEYS[1], ARGV[1]) then return { 'exists' } end
else
  each('HSET', KEYS[1], ARGV, 3, #ARGV)
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return { 'added', KEYS[2] and remove(KEYS[2], KEYS[3])[2] }
`);

/**
 * Keys: the session, and its index or none. Values: now, op, the version it has to have or nothing, by how much the version grows,
 * how many of the following are fields and values to set, those, and fields to delete.
 */
export const CHANGE = script(`
local now, op, expected, steps, set = tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local session = find(KEYS[1], now, KEYS[2])
if not session then return GONE end
if session.successor then return { FORWARD, session.successor } end
if remembers(session.ops, op) then return { 'done', text(session.version) } end
if expected ~= '' and tonumber(expected) ~= session.version then
  return { 'conflict', redis.call('HGETALL', KEYS[1]) }
end
local version = text(session.version + steps)
access(KEYS[1], KEYS[2], session, now, 'v', version, remember(session.ops, op))
each('HSET', KEYS[1], ARGV, 6, 5 + set)
each('HDEL', KEYS[1], ARGV, 6 + set, #ARGV)
return { 'done', version }
`);

/**
 * Keys: the old one, the new one, and the index of both or none. Values: now, op, the successor as the forward names it, until when
 * it forwards, until when it may be shown, and when the user was authenticated or nothing.
 */
export const RENAME = script(`
local now, op, successor, forwards, shown, authenticated = tonumber(ARGV[1]), unpack(ARGV, 2, 6)
local from, to, index = unpack(KEYS)
if redis.call('EXISTS', to) == 1 then
  return { wasWrittenBy(to, op) and 'done' or 'exists' }
end
local session = find(from, now, index)
if not session then return GONE end
if session.successor then return { FORWARD, session.successor } end
redis.call('HSET', from, 'r', ARGV[1], remember(session.ops, op))
if authenticated ~= '' then redis.call('HSET', from, 't', authenticated) end
redis.call('RENAME', from, to)
redis.call('HSET', from, '>', successor, 'f', forwards, 'g', shown, remember(session.ops, op))
keep(from, tonumber(forwards), now)
if index then
  list(index, to, deadlineOf(session), now)
  redis.call('ZREM', index, memberOf(index, from))
end
return { 'done' }
`);

/** Keys: the session, and its index or none. */
export const REMOVE = script(`return remove(KEYS[1], KEYS[2])`);

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
