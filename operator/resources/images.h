// Which image a part runs.
#pragma once

#include <string>
#include <string_view>

#include "api/platform.h"

namespace resources {

// Tag of the official image of a data store, of Prometheus or of Fluent Bit: "15", "7.0", "3.10", "v2.42.0", "4.2.2".
std::string_view store_version(std::string_view store);

// "registry.example.com/shop/catalog-service:1.4.0", or "…@sha256:…" where the spec has a digest.
std::string service_image(const api::Spec& spec, std::string_view image);

// "redis:7.0", "prom/prometheus:v2.42.0": the official image by its short name, or from the registry of the data stores.
std::string store_image(const api::Spec& spec, std::string_view store);

std::string_view to_string(api::PullPolicy policy);

}  // namespace resources
