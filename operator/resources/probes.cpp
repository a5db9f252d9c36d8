#include "resources/probes.h"

#include <nlohmann/json.hpp>

namespace resources {
namespace {

kube::Json probe(const char* handler, kube::Json action, const Timing& timing) {
    return {{handler, std::move(action)},
            {"periodSeconds", timing.period_seconds},
            {"timeoutSeconds", timing.timeout_seconds},
            {"failureThreshold", timing.failure_threshold}};
}

}  // namespace

kube::Json http_probe(std::string_view path, std::string_view port, const Timing& timing) {
    return probe("httpGet", {{"path", path}, {"port", port}, {"scheme", "HTTP"}}, timing);
}

kube::Json tcp_probe(std::string_view port, const Timing& timing) {
    return probe("tcpSocket", {{"port", port}}, timing);
}

kube::Json exec_probe(const std::vector<std::string>& command, const Timing& timing) {
    return probe("exec", {{"command", command}}, timing);
}

}  // namespace resources
