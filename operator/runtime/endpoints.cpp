// Answers probes and scrapes.
#include "runtime/endpoints.h"

#include <utility>

#include "common/base/metrics.h"

namespace runtime {
namespace {

http::Response probe(const std::string& name, const Checks& checks, bool verbose) {
    std::string lines;
    bool failed = false;
    for (const auto& [check, run] : checks) {
        const std::optional<std::string> problem = run();
        failed = failed || problem.has_value();
        lines += problem ? "[-]" + check + " failed: " + *problem + "\n" : "[+]" + check + " ok\n";
    }
    if (failed) return {.status = 503, .body = lines + name + " check failed\n", .headers = {}};
    return {.body = verbose ? lines + name + " check passed\n" : "ok\n", .headers = {}};
}

}  // namespace

Endpoints::Endpoints(std::vector<const prometheus::Collectable*> metrics, Checks live, Checks ready)
    : metrics_(std::move(metrics)), live_(std::move(live)), ready_(std::move(ready)) {}

http::Response Endpoints::operator()(const http::Request& request) const {
    const bool is_metrics = request.path == "/metrics";
    if (!is_metrics && request.path != "/livez" && request.path != "/readyz") {
        return {.status = 404, .body = "not found: try /metrics, /livez or /readyz\n", .headers = {}};
    }
    if (request.method != "GET" && request.method != "HEAD") {
        return {.status = 405, .body = "only GET and HEAD\n", .headers = {{"Allow", "GET, HEAD"}}};
    }
    if (is_metrics)
        return {.body = base::exposition(metrics_), .content_type = std::string(base::kMetricsContentType), .headers = {}};

    const std::string name = request.path.substr(1);
    http::Response response = probe(name, name == "livez" ? live_ : ready_, has_query(request, "verbose"));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

}  // namespace runtime
