// Semantic versions, by which the bundled services are released.
#pragma once

#include <string_view>

namespace api {

// By the precedence of Semantic Versioning 2.0.0 (§11), of two that the schema lets through.
bool is_before(std::string_view version, std::string_view other);

}  // namespace api
