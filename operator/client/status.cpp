#include "client/status.h"

#include <charconv>

namespace client {

namespace {

constexpr std::size_t kLongestText = 300;

// What of a foreign text fits in one line of a log.
std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text.substr(0, kLongestText)) line += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    while (line.ends_with(' ')) line.pop_back();
    return line;
}

}  // namespace

ApiError error_from_status(const std::string& call, const kube::Json& status, int code,
                           std::optional<std::chrono::seconds> retry_after) {
    const auto said = kube::int_at(status, {"code"});
    const int number = said >= 400 && said <= 599 ? static_cast<int>(said) : code;
    std::string reason = kube::string_at(status, {"reason"});
    std::string message = kube::string_at(status, {"message"});
    if (message.empty()) message = reason;
    const auto wait = kube::int_at(status, {"details", "retryAfterSeconds"});
    if (!retry_after && wait > 0) retry_after = std::chrono::seconds{wait};
    const std::string what = call + ": " + std::to_string(number) + " " + message;
    return {what, number, std::move(reason), std::move(message), retry_after};
}

ApiError error_from_body(const std::string& call, const std::string& body, int code,
                         std::optional<std::chrono::seconds> retry_after) {
    const kube::Json json = kube::Json::parse(body, nullptr, false);
    if (json.is_object()) return error_from_status(call, json, code, retry_after);
    const std::string message = one_line(body);
    return {call + ": " + std::to_string(code) + " " + message, code, "", message, retry_after};
}

std::optional<std::chrono::seconds> retry_after_from(std::string_view header) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
    if (error != std::errc{} || end != header.data() + header.size() || seconds < 0) return std::nullopt;
    return std::chrono::seconds{seconds};
}

std::vector<std::string> warnings_from(std::string_view header) {
    std::vector<std::string> texts;
    std::size_t at = 0;
    while ((at = header.find('"', at)) != std::string_view::npos) {
        std::string text;
        for (++at; at < header.size() && header[at] != '"'; ++at) {
            if (header[at] == '\\' && at + 1 < header.size()) ++at;
            text += header[at];
        }
        ++at;
        if (!text.empty()) texts.push_back(std::move(text));
        // A date may follow in quotes of its own; the next warning begins after the comma.
        at = std::min(header.find(',', at), header.size());
    }
    return texts;
}

}  // namespace client
