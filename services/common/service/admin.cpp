#include "common/service/admin.h"

#include <string>

#include "common/base/metrics.h"
#include "common/http/problem.h"

namespace service {

namespace {

http::Response plain(int status, std::string text) {
    return {.status = status, .body = std::move(text), .headers = {{"Cache-Control", "no-store"}}};
}

http::Response probe(bool good, const std::vector<std::string>& problems) {
    std::string text = good ? "ok\n" : "no\n";
    for (const std::string& problem : problems) text += problem + "\n";
    return plain(good ? 200 : 503, std::move(text));
}

std::string_view name_of(base::Level level) {
    switch (level) {
        case base::Level::Debug:
            return "debug";
        case base::Level::Info:
            return "info";
        case base::Level::Warn:
            return "warn";
        case base::Level::Error:
            return "error";
    }
    return "";
}

http::Response log_level(LiveSettings& settings, const http::Request& request) {
    if (request.method == "PUT") {
        const std::optional<base::Level> level = base::level_from(request.body);
        if (!level) throw http::Problem(400, "the body must be debug, info, warn or error");
        settings.set_log_level(*level);
    }
    return plain(200, std::string(name_of(settings.now().log_level)) + "\n");
}

http::Response faults(Faults& faults, const http::Request& request) {
    if (request.method == "PUT") faults.set(fault_plan_from(request));
    return {.status = 200, .body = to_json(faults.plan()).dump() + "\n", .content_type = "application/json", .headers = {}};
}

http::Response answer(const Admin& admin, const http::Request& request) {
    const bool changes = request.path == "/loglevel" || (request.path == "/faults" && admin.faults);
    if (request.method != "GET" && request.method != "HEAD" && !(changes && request.method == "PUT")) {
        throw http::Problem(405, changes ? "GET or PUT" : "only GET", {}, {{"Allow", changes ? "GET, HEAD, PUT" : "GET, HEAD"}});
    }
    if (request.path == "/livez") return plain(200, "ok\n");  // That this loop answers is what it says.
    const Health::State state = admin.health.state();
    if (request.path == "/readyz") return probe(state.ready, state.problems);
    if (request.path == "/startupz") return probe(state.started, state.problems);
    if (request.path == "/metrics") {
        return {.body = base::exposition(admin.metrics), .content_type = std::string(base::kMetricsContentType), .headers = {}};
    }
    if (request.path == "/loglevel") return log_level(admin.settings, request);
    if (request.path == "/faults" && admin.faults) return faults(*admin.faults, request);
    throw http::not_found("try /livez, /readyz, /startupz, /metrics or /loglevel");
}

}  // namespace

http::Response Admin::operator()(const http::Request& request) const {
    try {
        return answer(*this, request);
    } catch (const http::Problem& problem) {
        return problem.response();
    }
}

}  // namespace service
