-- Posts the lines of a file in turn and prints the results as a line of JSON. For wrk:
-- `wrk -s load.lua URL -- FILE`

local requests, next_one = {}, 0

function init(arguments)
   for line in io.lines(arguments[1]) do
      requests[#requests + 1] = wrk.format("POST", nil, { ["content-type"] = "application/json" }, line)
   end
end

function request()
   next_one = next_one % #requests + 1
   return requests[next_one]
end

function done(summary, latency)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   print(string.format(
      '{"rate": %.3f, "p50": %.3f, "p99": %.3f, "p999": %.3f, "max": %.3f, "errors": %d}',
      (summary.requests - errors.status) / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
      latency:percentile(99.9), latency.max, failed))
end
