// Rate limits across replicas: what each took is added up in Redis. See rate_limit.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/data/redis.h"
#include "gateway/rate_limit.h"

namespace gateway {

// To be called once a second, on a thread that may block. Where Redis is away, each process's own limits hold.
void share_limits(data::Redis& redis, const std::vector<std::pair<std::string, RateLimiter*>>& limiters);

}  // namespace gateway
