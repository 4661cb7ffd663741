/**
 * What Redis does in one step to the index of a principal, as scripts: a sorted set that lists the principal's sessions, each by
 * the digest in its key, with its deadline. What isn't listed doesn't live.
 */
import { GARBAGE_MARGIN_MS } from '../session.store.js';
import { MAX_HOPS, script } from './redis.script.js';

/**
 * Keys: the session, its index, and one that it replaces or none, with its index or none. Values: op, time to live, deadline, when
 * it is created, most sessions or nothing, what becomes of one too many, fields and values. Answers the successor of what was to
 * be replaced, if that forwards to another index, and the heads of the sessions that were displaced.
 *
 * With a limit it may touch keys that aren't declared: what its index lists, and what forwards of that lead to. They begin like
 * the index, and so are in its slot.
 */
export const ADD_LISTED = script(`
local key, index, replaced, listing = unpack(KEYS)
local op, ttl, deadline, now, max, onMax = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

local function placeOf(member)
  return string.sub(index, 1, -2) .. member
end

-- Where the session is that a key leads to.
local function lastOf(key)
  for _ = 1, ${MAX_HOPS} do
    local successor = redis.pcall('HGET', key, '>')
    if type(successor) ~= 'string' then return key end
    key = placeOf(string.match(successor, '[^.]*$'))
  end
  return key
end

-- The live sessions, but for the one that is replaced, oldest first; and the members of which nothing is there any more.
local function sessionsAndLost()
  local sessions, lost = {}, {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', index, '(' .. ARGV[4], '+inf')) do
    local fields = redis.pcall('HMGET', placeOf(member), '#', 'n')
    if not fields[1] then
      lost[#lost + 1] = member
    elseif placeOf(member) ~= replaced then
      local created = tonumber(string.match(fields[1], '^%[[^,]+,([^,]+),')) or 0
      sessions[#sessions + 1] = { member = member, created = created, head = fields[1] .. (fields[2] or '') }
    end
  end
  table.sort(sessions, function(a, b) return a.created < b.created end)
  return sessions, lost
end

if max and listing == index then replaced = lastOf(replaced) end
local heads = {}
if redis.call('EXISTS', key) == 1 then
  if not wasWrittenBy(key, op) then return { 'exists' } end
else
  local sessions, dropped, tooMany = {}, {}, 0
  -- Asked without a limit too: if this is no index, that has to come out before anything is written.
  if redis.call('ZCOUNT', index, '(' .. ARGV[4], '+inf') >= (max or math.huge) then
    sessions, dropped = sessionsAndLost()
    tooMany = #sessions + 1 - max
  end
  if tooMany > 0 and onMax == 'refuse' then return { 'limit' } end
  each('HSET', key, ARGV, 7, #ARGV)
  redis.call('PEXPIRE', key, ttl)
  list(index, key, deadline, now)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', '(' .. text(now - ${GARBAGE_MARGIN_MS}))
  for i = 1, math.min(tooMany, #sessions) do
    heads[i] = sessions[i].head
    dropped[#dropped + 1] = sessions[i].member
    redis.call('UNLINK', placeOf(sessions[i].member))
  end
  each('ZREM', index, dropped, 1, #dropped)
end
return { 'added', replaced and remove(replaced, listing)[2] or false, heads }
`);

/** What `index` lists, and how many of that is live, before it lists nothing any more. */
const UNLIST = `
local members, live = redis.call('ZRANGE', index, 0, -1), redis.call('ZCOUNT', index, '(' .. ARGV[1], '+inf')
redis.call('UNLINK', index)
`;

/** Keys: the index. Values: now. Answers how many sessions were live, and the digests of all: what is there of them is garbage. */
export const REMOVE_ALL = script(`
local index = KEYS[1]
${UNLIST}
return { 'done', live, members }
`);

/** Keys: the session that stays, and the index. Values and answer: as of `REMOVE_ALL`, but for that session. */
export const REMOVE_OTHERS = script(`
local spared, index, now = KEYS[1], KEYS[2], tonumber(ARGV[1])
local session = find(spared, now, index)
if not session then return GONE end
if session.successor then return { FORWARD, session.successor } end
local ttl = redis.call('PTTL', index)
redis.call('ZREM', index, memberOf(index, spared))
${UNLIST}
list(index, spared, deadlineOf(session), now)
if ttl > redis.call('PTTL', index) then redis.call('PEXPIRE', index, ttl) end
return { 'done', live, members }
`);
