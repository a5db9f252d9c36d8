// Probes of a container. What each one asks differs on purpose: start-up waits, liveness asks the process alone, readiness asks
// whether it can serve.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/json.h"

namespace resources {

struct Timing {
    int period_seconds;
    int timeout_seconds;
    int failure_threshold;
};

kube::Json http_probe(std::string_view path, std::string_view port, const Timing& timing);
kube::Json tcp_probe(std::string_view port, const Timing& timing);
kube::Json exec_probe(const std::vector<std::string>& command, const Timing& timing);

}  // namespace resources
