// Reads addresses with weights, and draws among them.
#include "gateway/targets.h"

#include <charconv>
#include <stdexcept>

namespace gateway {

namespace {

constexpr unsigned kLargestWeight = 10'000;

[[noreturn]] void refuse(std::string_view text, const char* why) {
    throw std::invalid_argument("upstream \"" + std::string(text) + "\": " + why);
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

Target target_from(std::string_view text) {
    constexpr std::string_view kScheme = "http://";
    Target target;
    std::string_view rest = text;
    if (const std::size_t equals = rest.rfind('='); equals != rest.npos) {
        if (!read_number(rest.substr(equals + 1), target.weight) || target.weight > kLargestWeight) {
            refuse(text, "the weight must be a number from 0 to 10000");
        }
        rest = rest.substr(0, equals);
    }
    if (!rest.starts_with(kScheme)) refuse(text, "must begin with http://");
    rest.remove_prefix(kScheme.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    std::string_view port;
    if (rest.starts_with('[')) {
        const std::size_t close = rest.find(']');
        if (close == rest.npos) refuse(text, "the bracket is not closed");
        target.host = rest.substr(1, close - 1);
        if (target.host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos) refuse(text, "no IPv6 address");
        port = rest.substr(close + 1);
    } else {
        const std::size_t colon = rest.find(':');
        target.host = rest.substr(0, colon);
        for (const char c : target.host) {
            if (!is_host_character(c)) refuse(text, "must be a host and nothing more");
        }
        port = colon == rest.npos ? std::string_view{} : rest.substr(colon);
    }
    if (target.host.empty()) refuse(text, "there is no host");
    if (!port.empty() && (port.front() != ':' || !read_number(port.substr(1), target.port) || target.port == 0)) {
        refuse(text, "the port must be a number from 1 to 65535");
    }
    return target;
}

}  // namespace

std::string Target::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == 80 ? name : name + ":" + std::to_string(port);
}

std::vector<Target> targets_from(std::string_view text) {
    std::vector<Target> targets;
    bool any = false;
    for (std::string_view rest = text;;) {
        const std::size_t comma = rest.find(',');
        targets.push_back(target_from(rest.substr(0, comma)));
        any = any || targets.back().weight > 0;
        if (comma == rest.npos) break;
        rest.remove_prefix(comma + 1);
    }
    if (!any) refuse(text, "no weight is above zero");
    return targets;
}

std::size_t choose(const std::vector<Target>& targets, double random, std::size_t avoid) {
    unsigned total = 0;
    for (std::size_t i = 0; i < targets.size(); ++i) total += i == avoid ? 0 : targets[i].weight;
    if (total == 0) return avoid < targets.size() ? avoid : 0;
    auto drawn = static_cast<unsigned>(random * total);
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const unsigned weight = i == avoid ? 0 : targets[i].weight;
        if (drawn < weight) return i;
        drawn -= weight;
    }
    return targets.size() - 1;
}

}  // namespace gateway
