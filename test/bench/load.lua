-- For wrk: sends the requests of a file in turn, and prints what came of them as one line of numbers.
-- Arguments: the file, with a NUL after each request; how many milliseconds each connection rests before a request (0: none).
local requests, last = {}, 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for text in file:read("*a"):gmatch("([^%z]+)%z") do requests[#requests + 1] = text end
  file:close()
  local rest = tonumber(arguments[2])
  if rest > 0 then delay = function() return rest end end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format("FIGURES %d %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
