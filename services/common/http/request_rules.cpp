// Requests as the server takes them, and the first part of its responses.
#include "common/http/request_rules.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <iterator>
#include <string_view>

#include "common/http/problem.h"

namespace http {
namespace {

namespace beast = boost::beast;

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

std::string_view text(beast::string_view view) {
    return {view.data(), view.size()};
}

bool is_absolute(std::string_view target) {
    return target.starts_with("http://") || target.starts_with("https://");
}

// RFC 9110, 6.6.1: a server with a clock says when it answered. Put together once a second.
std::string_view date() {
    thread_local std::time_t written = 0;
    thread_local std::array<char, 40> line{};
    thread_local std::size_t size = 0;
    const std::time_t now = std::time(nullptr);
    if (now != written) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        size = std::strftime(line.data(), line.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        written = now;
    }
    return {line.data(), size};
}

std::string words_for(int status) {
    switch (status) {
        case 413:
            return "The body is larger than allowed.";
        case 417:
            return "The only expectation that can be met is 100-continue.";
        case 431:
            return "The request line and headers are larger than allowed.";
        case 500:
            return "Something went wrong here, and has been noted.";
        case 501:
            return "The only transfer coding that is known is chunked.";
        default:
            return "The request is malformed.";
    }
}

}  // namespace

int refusal_for(const beast::error_code& error) {
    namespace h = beast::http;
    if (error == h::error::body_limit) return 413;
    if (error == h::error::header_limit || error == h::error::buffer_overflow) return 431;
    return 400;
}

int objection(const Parser::value_type& head) {
    using beast::http::field;
    const bool http_1_0 = head.version() == 10;
    const std::size_t hosts = head.count(field::host);
    if (hosts > 1 || (hosts == 0 && !http_1_0)) return 400;
    if (const std::size_t codings = head.count(field::transfer_encoding); codings > 0) {
        if (codings > 1 || http_1_0) return 400;
        if (!beast::iequals(head[field::transfer_encoding], "chunked")) return 501;
    }
    if (head.count(field::expect) > 0 && !beast::iequals(head[field::expect], "100-continue")) return 417;
    const std::string_view target = text(head.target());
    const bool of_server = target == "*" && head.method() == beast::http::verb::options;
    if (!target.starts_with("/") && !is_absolute(target) && !of_server) return 400;
    return 0;
}

Request request_of(const Parser::value_type& head, const std::string& peer) {
    Request request;
    request.method = text(head.method_string());
    std::string_view target = text(head.target());
    if (is_absolute(target)) {  // As sent to a proxy: without scheme and host.
        const std::size_t host_end = target.find_first_of("/?", target.find("//") + 2);
        target = host_end == target.npos ? std::string_view{} : target.substr(host_end);
    }
    const std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (request.path.empty()) request.path = "/";
    if (mark != target.npos) request.query = target.substr(mark + 1);
    request.headers.reserve(static_cast<std::size_t>(std::distance(head.begin(), head.end())));
    for (const auto& field : head) request.headers.emplace_back(text(field.name_string()), text(field.value()));
    request.peer = peer;
    return request;
}

Response refused(int status) {
    return Problem(status, words_for(status)).response();
}

bool is_sendable(const Response& response) {
    const auto broken = [](std::string_view value) {
        return std::any_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    };
    return !broken(response.content_type) &&
           std::none_of(response.headers.begin(), response.headers.end(), [&](const auto& header) {
               return header.first.empty() || broken(header.first) || broken(header.second);
           });
}

std::string response_head(const Response& response, bool keep_alive, bool http_1_0) {
    const auto status = static_cast<unsigned>(response.status);
    std::string head;
    head.reserve(512);  // Most are shorter.
    head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
    head += text(beast::http::obsolete_reason(beast::http::int_to_status(status)));
    head += "\r\n";
    if (!find(response.headers, "Date")) head.append("Date: ").append(date()).append("\r\n");
    if (response.status != 204 && response.status != 304) {
        const std::string_view type = response.content_type.empty() ? kPlainText : std::string_view(response.content_type);
        if (!response.body.empty()) head.append("Content-Type: ").append(type).append("\r\n");
        head.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    }
    if (!keep_alive) head += "Connection: close\r\n";
    if (keep_alive && http_1_0) head += "Connection: keep-alive\r\n";
    for (const auto& [name, value] : response.headers) head.append(name).append(": ").append(value).append("\r\n");
    return head += "\r\n";
}

}  // namespace http
