#include "common/service/otlp.h"

#include <cpprest/containerstream.h>
#include <cpprest/http_client.h>

#include <charconv>
#include <utility>
#include <vector>

#include "common/rest/threads.h"

namespace service {

namespace {

// Half of OpenTelemetry's default: a process that ends waits for the send that runs, and has 10 s for all that comes after the
// drain.
constexpr std::chrono::seconds kPatience{5};

// "a=1,b=2", as W3C baggage without its properties.
std::vector<std::pair<std::string, std::string>> attributes_from(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> attributes;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view pair = text.substr(0, comma);
        text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
        const std::size_t equals = pair.find('=');
        if (equals == pair.npos || equals == 0) throw ConfigurationError("OTEL_RESOURCE_ATTRIBUTES: must be a list of key=value");
        attributes.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return attributes;
}

double ratio_from(const Environment& environment) {
    std::string sampler = environment.get("OTEL_TRACES_SAMPLER", "parentbased_always_on");
    if (sampler.starts_with("parentbased_")) sampler.erase(0, std::string_view("parentbased_").size());
    if (sampler == "always_on") return 1;
    if (sampler == "always_off") return 0;
    if (sampler != "traceidratio") throw ConfigurationError("OTEL_TRACES_SAMPLER: '" + sampler + "' is not known");
    const std::string text = environment.get("OTEL_TRACES_SAMPLER_ARG", "1");
    double ratio = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ratio);
    if (error != std::errc{} || end != text.data() + text.size() || !(ratio >= 0 && ratio <= 1)) {
        throw ConfigurationError("OTEL_TRACES_SAMPLER_ARG: must be between 0 and 1");
    }
    return ratio;
}

std::string endpoint_from(const Environment& environment) {
    const std::optional<std::string> whole = environment.find("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    if (whole) return *whole;
    std::string base = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "");
    if (base.empty()) return base;
    if (base.back() == '/') base.pop_back();
    return base + "/v1/traces";
}

base::Tracer::Send sender(const std::string& url, base::Log log) {
    rest::use_few_threads();
    web::http::client::http_client_config config;
    config.set_timeout(kPatience);
    std::shared_ptr<web::http::client::http_client> client;
    try {
        client = std::make_shared<web::http::client::http_client>(url, config);
    } catch (const std::exception& error) {
        throw ConfigurationError("OTEL_EXPORTER_OTLP_ENDPOINT: '" + url + "': " + error.what());
    }
    return [client, log = std::move(log)](const std::string& body) {
        try {
            web::http::http_request request(web::http::methods::POST);
            request.set_body(body, "application/json");
            // A stream that cpprestsdk makes for the answer is closed by tasks that the end of the process may leave in the
            // queue.
            request.set_response_stream(concurrency::streams::container_buffer<std::vector<unsigned char>>().create_ostream());
            const web::http::http_response response = client->request(request).get();
            response.content_ready().wait();  // Until then the connection is at work, also where the process ends.
            if (response.status_code() < 300) return true;
            log.debug("spans were refused", {{"status", response.status_code()}});
        } catch (const std::exception& error) {
            log.debug("spans can't be delivered", {{"error", error.what()}});
        }
        return false;
    };
}

}  // namespace

std::shared_ptr<base::Tracer> tracer_from(const Environment& environment, const std::string& name, base::Log log,
                                          prometheus::Registry& registry) {
    base::Tracer::Options options;
    options.service = environment.get("OTEL_SERVICE_NAME", name);
    options.attributes = attributes_from(environment.get("OTEL_RESOURCE_ATTRIBUTES", ""));
    options.ratio = ratio_from(environment);
    options.registry = &registry;
    const std::string endpoint = endpoint_from(environment);
    if (!endpoint.empty()) options.send = sender(endpoint, std::move(log));
    return base::Tracer::create(std::move(options));
}

}  // namespace service
