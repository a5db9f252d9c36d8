// PURE: where images come from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/platform.h"

namespace api {

// As the spec has it, without tag or digest: "registry.example.com/shop/catalog-service", "postgres".
std::string repository(const Images& images, std::string_view image);

// With the registry and the path that may be left out: "docker.io/library/postgres".
std::string full_name(const std::string& repository);

// Names of the images that run in this cluster: "catalog-service", "postgres".
std::vector<std::string> images_of(const Spec& spec);

}  // namespace api
