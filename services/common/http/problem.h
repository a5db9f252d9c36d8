// Errors as clients see them: application/problem+json of RFC 9457, with every wrong field named.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/http/message.h"

namespace http {

// One wrong field: `field` is a JSON pointer into the body ("/lines/0/quantity"), or the name of a parameter or header.
struct FieldError {
    std::string field;
    std::string message;  // A sentence that a person understands.

    friend bool operator==(const FieldError&, const FieldError&) = default;
};

// Thrown by a handler to answer so. `detail` is shown to the client: nothing internal belongs there.
class Problem : public std::exception {
public:
    Problem(int status, std::string detail, std::vector<FieldError> errors = {}, Headers headers = {});

    int status() const { return status_; }
    const char* what() const noexcept override { return detail_.c_str(); }
    const std::vector<FieldError>& errors() const { return errors_; }
    Response response(std::string_view request_id = {}) const;

private:
    int status_;
    std::string detail_;
    std::vector<FieldError> errors_;
    Headers headers_;
};

Problem invalid(std::vector<FieldError> errors);                   // 400
Problem unauthorized(std::string detail);                          // 401 with WWW-Authenticate: Bearer
Problem not_found(std::string detail);                             // 404
Problem conflict(std::string detail);                              // 409
Problem too_many(std::string detail, base::Duration retry_after);  // 429 with Retry-After, in whole seconds
Problem unavailable(std::string detail, base::Duration retry_after = base::Duration{1'000});  // 503 with Retry-After
Problem timed_out(std::string detail);                                                        // 504

}  // namespace http
