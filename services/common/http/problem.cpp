// Writes problems as application/problem+json.
#include "common/http/problem.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

namespace http {
namespace {

// A body of nothing but wrong fields must not become a response that is as long.
constexpr std::size_t kMostErrors = 100;
constexpr std::size_t kLongestField = 200;

std::string title_of(int status) {
    const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
    const auto reason = boost::beast::http::obsolete_reason(known);
    return {reason.data(), reason.size()};
}

std::string whole_seconds(base::Duration duration) {
    return std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count()));
}

}  // namespace

Problem::Problem(int status, std::string detail, std::vector<FieldError> errors, Headers headers)
    : status_(status), detail_(std::move(detail)), errors_(std::move(errors)), headers_(std::move(headers)) {}

Response Problem::response(std::string_view request_id) const {
    nlohmann::json body = {{"type", "about:blank"}, {"title", title_of(status_)}, {"status", status_}, {"detail", detail_}};
    for (const FieldError& error : errors_) {
        nlohmann::json& list = body["errors"];
        if (list.size() == kMostErrors) break;
        list.push_back({{"field", error.field.substr(0, kLongestField)}, {"message", error.message}});
    }
    if (!request_id.empty()) body["request_id"] = request_id;
    Response response;
    response.status = status_;
    response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    response.content_type = "application/problem+json";
    response.headers = headers_;
    return response;
}

Problem invalid(std::vector<FieldError> errors) {
    return {400, "The request has fields that are missing or wrong.", std::move(errors)};
}

Problem unauthorized(std::string detail) {
    return {401, std::move(detail), {}, {{"WWW-Authenticate", "Bearer"}}};
}

Problem not_found(std::string detail) {
    return {404, std::move(detail)};
}

Problem conflict(std::string detail) {
    return {409, std::move(detail)};
}

Problem too_many(std::string detail, base::Duration retry_after) {
    return {429, std::move(detail), {}, {{"Retry-After", whole_seconds(retry_after)}}};
}

Problem unavailable(std::string detail, base::Duration retry_after) {
    return {503, std::move(detail), {}, {{"Retry-After", whole_seconds(retry_after)}}};
}

Problem timed_out(std::string detail) {
    return {504, std::move(detail)};
}

}  // namespace http
