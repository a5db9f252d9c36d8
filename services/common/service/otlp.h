// Delivers spans to an OpenTelemetry collector by OTLP over HTTP with JSON.
#pragma once

#include <memory>

#include "common/base/log.h"
#include "common/base/trace.h"
#include "common/service/configuration.h"

namespace prometheus {
class Registry;
}

namespace service {

// By the standard variables OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT, complete), OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER (always_on, always_off, traceidratio, each also with parentbased_) and
// OTEL_TRACES_SAMPLER_ARG. Without an endpoint contexts are passed on and spans are not kept. Throws ConfigurationError.
std::shared_ptr<base::Tracer> tracer_from(const Environment& environment, const std::string& name, base::Log log,
                                          prometheus::Registry& registry);

}  // namespace service
