// Which image a part runs.
#pragma once

#include <string>
#include <string_view>

#include "api/platform.h"

namespace resources {

// "registry.example.com/shop/catalog-service:1.4.0", or "…@sha256:…" where the spec has a digest.
std::string service_image(const api::Spec& spec, std::string_view image);

// "redis:7.0", "prom/prometheus:v2.42.0": one of api::kPrograms, its official image or from the registry of the data stores.
std::string program_image(const api::Spec& spec, std::string_view name);

std::string_view to_string(api::PullPolicy policy);

}  // namespace resources
