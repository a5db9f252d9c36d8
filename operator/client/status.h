// Answers that are no objects: refusals as ApiError, and what headers say besides.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/errors.h"
#include "kube/object.h"

namespace client {

// From a Status object; `code` where it has none. `call` is "VERB Kind ns/name".
ApiError error_from_status(const std::string& call, const kube::Json& status, int code,
                           std::optional<std::chrono::seconds> retry_after = std::nullopt);

// From an answer's body, which may be a proxy's text.
ApiError error_from_body(const std::string& call, const std::string& body, int code,
                         std::optional<std::chrono::seconds> retry_after = std::nullopt);

// Whole seconds of a Retry-After header; its other form, a date, is not used by API servers and read as nothing.
std::optional<std::chrono::seconds> retry_after_from(std::string_view header);

// The texts of a Warning header: 299 - "text", 299 - "text".
std::vector<std::string> warnings_from(std::string_view header);

}  // namespace client
