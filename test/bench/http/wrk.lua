-- Clients take turns: their cookies are the lines of the file that the first argument names. An empty file: no cookies.
local requests = {}
local turn = 0

function init(args)
  for cookie in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format('GET', nil, { Cookie = cookie })
  end
  if #requests == 0 then requests[1] = wrk.format('GET') end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
