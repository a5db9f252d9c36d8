#include "resources/fluent_bit.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/document.h"
#include "resources/endpoint.h"

namespace resources {

using kube::Json;

namespace {

constexpr const char* kParser = "service";
constexpr const char* kFile = "file";  // The field that says from which file a line is.
constexpr const char* kPod = "k8s_pod_name";

// At most so many chunks of 2 MiB are in memory, the rest is in files: see api::log_agent_compute.
constexpr int kChunksInMemory = 8;
// What waits for an endpoint that does not answer. Beyond it the oldest goes.
constexpr const char* kMostWaiting = "96M";

Json modified(const char* context, const char* action, std::string key, const std::string& value = "") {
    Json step{{"name", "content_modifier"}, {"context", context}, {"action", action}, {"key", std::move(key)}};
    if (!value.empty()) step["value"] = value;
    return step;
}

// What the runtime wraps around a line.
void unpack(Json& steps) {
    steps.push_back({{"name", "parser"}, {"key_name", "log"}, {"parser", kParser}, {"reserve_data", true}});
    steps.push_back(modified("body", "delete", "_p"));
    // /var/log/pods/NAMESPACE_POD_UID/CONTAINER/RESTART.log
    Json pod = modified("body", "extract", kFile);
    pod["pattern"] = "^/var/log/pods/[^_/]+_(?<" + std::string(kPod) + ">[^_/]+)_";
    steps.push_back(std::move(pod));
    steps.push_back(modified("body", "rename", kPod, "k8s.pod.name"));
    steps.push_back(modified("body", "delete", kFile));
}

// The names by which the services' traces are found too (environment.cpp).
void name_resource(const Component& of, bool is_of_one_pod, Json& steps) {
    const auto name = [&](const char* key, const std::string& value) {
        steps.push_back(modified("otel_resource_attributes", "upsert", key, value));
    };
    steps.push_back({{"name", "opentelemetry_envelope"}});
    name("service.name", of.app);
    name("service.namespace", of.platform.key.name);
    name("k8s.namespace.name", of.platform.key.ns);
    name("k8s.container.name", of.key);
    if (!is_of_one_pod) return;  // The pod is of each line, and while versions roll, so are they.
    name("service.version", of.version);
    name("k8s.pod.name", "${POD_NAME}");
}

Json input(const api::Platform& platform, const LogSource& source, const std::string& state) {
    Json steps = Json::array();
    Json tail{{"name", "tail"},
              {"tag", source.component},
              {"path", source.files},
              {"db", state + "/" + source.component + ".db"},
              {"db.locking", true},
              // A file that is new to it is read whole: a pod's first lines, and all of it where the state was lost.
              {"read_from_head", true},
              {"refresh_interval", 5},
              {"rotate_wait", 30},
              {"buffer_max_size", "256k"},
              {"skip_long_lines", true},
              {"storage.type", "filesystem"}};
    if (source.by_runtime) {
        tail["multiline.parser"] = "cri";  // Puts together what the runtime split, too.
        tail["path_key"] = kFile;
        unpack(steps);
    } else {
        tail["parser"] = kParser;
    }
    steps.push_back(modified("body", "rename", "log", "message"));  // Of a line that is no JSON, as data stores write them.
    name_resource(component(platform, source.component), !source.by_runtime, steps);
    tail["processors"] = {{"logs", std::move(steps)}};
    return tail;
}

// A Service of the platform's own namespace is found from every other one too.
std::string host_from_anywhere(const api::Platform& platform, const std::string& host) {
    return host.find_first_of(".:") == std::string::npos ? host + "." + platform.key.ns + ".svc" : host;
}

Json output(const api::Platform& platform) {
    const Endpoint to = endpoint_of(platform.spec.logging.endpoint);
    return {{"name", "opentelemetry"},
            {"match", "*"},
            {"host", host_from_anywhere(platform, to.host)},
            {"port", to.port},
            {"logs_uri", to.path.size() > 1 ? to.path : "/v1/logs"},
            {"tls", to.tls},
            {"tls.verify", true},
            {"compress", "gzip"},
            {"logs_body_key", "$message"},
            {"logs_body_key_attributes", true},
            {"logs_severity_text_message_key", "$level"},
            {"logs_trace_id_message_key", "$trace_id"},
            {"log_response_payload", false},
            {"retry_limit", "no_limits"},
            {"storage.total_limit_size", kMostWaiting}};
}

}  // namespace

std::string fluent_bit_configuration(const api::Platform& platform, const std::vector<LogSource>& sources,
                                     const std::string& state) {
    Json inputs = Json::array();
    for (const LogSource& source : sources) inputs.push_back(input(platform, source, state));
    return api::to_yaml(
        {{"service",
          {{"flush", 1},
           {"log_level", "warn"},
           {"http_server", true},
           {"http_listen", "0.0.0.0"},
           {"http_port", api::kFluentBitPort},
           {"health_check", true},
           {"storage.path", state + "/waiting"},
           {"storage.max_chunks_up", kChunksInMemory},
           {"storage.backlog.mem_limit", "4M"}}},
         {"parsers",
          Json::array(
              {{{"name", kParser}, {"format", "json"}, {"time_key", "time"}, {"time_format", "%Y-%m-%dT%H:%M:%S.%L%z"}}})},
         {"pipeline", {{"inputs", std::move(inputs)}, {"outputs", Json::array({output(platform)})}}}});
}

}  // namespace resources
