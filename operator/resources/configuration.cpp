#include "resources/configuration.h"

namespace resources {

// Plain scalars suffice: the schema allows nothing that YAML would read as something else.
std::string configuration(const api::Spec& spec, const api::Service& service) {
    const api::Configuration& from = spec.configuration;
    std::string text;
    text += "logLevel: " + from.log_level + "\n";
    text += "logFormat: " + from.log_format + "\n";
    text += "apiTimeout: " + from.api_timeout + "\n";
    if (service.has_database()) text += "maxConnections: " + std::to_string(from.max_connections) + "\n";
    text += "drainTimeout: " + std::to_string(kDrainSeconds) + "s\n";
    if (from.feature_flags.empty()) return text;
    text += "featureFlags:\n";
    for (const auto& [name, on] : from.feature_flags) text += "  " + name + (on ? ": true\n" : ": false\n");
    return text;
}

}  // namespace resources
