#include "common/data/redis_cluster.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <stdexcept>

namespace data {

namespace {

template <typename Number>
std::optional<Number> whole_number(std::string_view text, Number most) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

std::string url_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        unsigned value = 0;
        const std::string_view digits = text.substr(i + 1, 2);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) {
            throw std::invalid_argument("the Redis URL has a malformed percent sign");
        }
        result += static_cast<char>(value);
        i += 2;
    }
    return result;
}

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == ':';
}

// "host:port", "[::1]:port"; what Redis writes has no brackets around IPv6.
std::optional<RedisNode> node_from(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    const auto port = whole_number<std::uint16_t>(text.substr(colon + 1), 65535);
    if (!port || *port == 0) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (!std::ranges::all_of(host, is_host_character)) return std::nullopt;
    return RedisNode{std::string(host), *port};
}

}  // namespace

std::string to_string(const RedisNode& node) {
    const bool is_ipv6 = node.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + node.host + "]" : node.host) + ":" + std::to_string(node.port);
}

RedisUrl redis_url_from(std::string_view text) {
    constexpr std::string_view kScheme = "redis://";
    if (!text.starts_with(kScheme)) throw std::invalid_argument("the Redis URL must begin with redis://");
    text.remove_prefix(kScheme.size());
    RedisUrl url;
    const std::size_t question = text.find('?');
    if (question != text.npos) {
        const std::string_view query = text.substr(question + 1);
        if (query != "cluster=true" && query != "cluster=false") {
            throw std::invalid_argument("the Redis URL's query may be cluster=true only");
        }
        url.cluster = query == "cluster=true";
        text = text.substr(0, question);
    }
    const std::size_t at = text.rfind('@');
    if (at != text.npos) {
        const std::string_view who = text.substr(0, at);
        const std::size_t colon = who.find(':');
        if (colon == who.npos) throw std::invalid_argument("the Redis URL has a user without a password");
        url.user = url_decoded(who.substr(0, colon));
        url.password = url_decoded(who.substr(colon + 1));
        text.remove_prefix(at + 1);
    }
    const std::size_t slash = text.find('/');
    if (slash != text.npos && slash + 1 != text.size()) throw std::invalid_argument("the Redis URL may name no database");
    text = text.substr(0, slash);
    if (text.empty()) throw std::invalid_argument("the Redis URL has no host");
    const bool has_port = text.ends_with(']') ? false : text.find(':') != text.npos;
    const std::optional<RedisNode> node = node_from(has_port ? std::string(text) : std::string(text) + ":6379");
    const bool is_ipv6 = node && node->host.find(':') != std::string::npos;
    if (!node || node->host.empty() || is_ipv6 != text.starts_with('[')) {
        throw std::invalid_argument("the Redis URL has no valid host and port");
    }
    url.node = *node;
    return url;
}

std::uint16_t key_slot(std::string_view key) {
    const std::size_t open = key.find('{');
    if (open != key.npos) {
        const std::size_t close = key.find('}', open + 1);
        if (close != key.npos && close != open + 1) key = key.substr(open + 1, close - open - 1);
    }
    // CRC-16/XMODEM, as the cluster specification says.
    unsigned crc = 0;
    for (const char c : key) {
        crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1) ^ 0x1021U : crc << 1;
        crc &= 0xffffU;
    }
    return static_cast<std::uint16_t>(crc % kSlots);
}

bool SlotTable::complete() const {
    return std::ranges::none_of(owners_, [](std::uint16_t owner) { return owner == kNobody; });
}

void SlotTable::set(std::size_t first, std::size_t last, const RedisNode& node) {
    auto found = std::ranges::find(nodes_, node);
    if (found == nodes_.end()) found = nodes_.insert(nodes_.end(), node);
    const auto index = static_cast<std::uint16_t>(found - nodes_.begin());
    for (std::size_t slot = first; slot <= last && slot < kSlots; ++slot) owners_[slot] = index;
}

std::optional<SlotTable> slot_table_from(const Redis::Reply& reply, const RedisNode& asked) {
    using ReplyKind = Redis::Reply::Kind;
    if (reply.kind != ReplyKind::List) return std::nullopt;
    SlotTable table;
    for (const Redis::Reply& range : reply.list) {
        if (range.kind != ReplyKind::List || range.list.size() < 3) return std::nullopt;
        const std::int64_t first = range.list[0].integer;
        const std::int64_t last = range.list[1].integer;
        const Redis::Reply& master = range.list[2];
        if (master.kind != ReplyKind::List || master.list.size() < 2) return std::nullopt;
        const std::int64_t port = master.list[1].integer;
        if (first < 0 || last < first || last >= static_cast<std::int64_t>(kSlots) || port < 1 || port > 65535) {
            return std::nullopt;
        }
        // Nil and "" mean the host that was asked, "?" one that is not known.
        const std::string& host = master.list[0].text;
        if (host == "?") continue;
        table.set(static_cast<std::size_t>(first), static_cast<std::size_t>(last),
                  {host.empty() ? asked.host : host, static_cast<std::uint16_t>(port)});
    }
    return table;
}

std::optional<Redirection> redirection_of(const Redis::Reply& reply, const RedisNode& asked) {
    if (reply.kind != Redis::Reply::Kind::Error) return std::nullopt;
    std::string_view text = reply.text;
    const bool asking = text.starts_with("ASK ");
    if (!asking && !text.starts_with("MOVED ")) return std::nullopt;
    text.remove_prefix(text.find(' ') + 1);
    const std::size_t space = text.find(' ');
    if (space == text.npos) return std::nullopt;
    const auto slot = whole_number<std::uint16_t>(text.substr(0, space), kSlots - 1);
    std::optional<RedisNode> node = node_from(text.substr(space + 1));
    if (!slot || !node) return std::nullopt;
    if (node->host.empty()) node->host = asked.host;
    return Redirection{asking, *slot, *std::move(node)};
}

std::string_view key_of(const std::vector<std::string>& command) {
    if (command.empty()) return {};
    const std::string name = upper(command[0]);
    const std::size_t at = name == "EVAL" || name == "EVALSHA" ? 3 : 1;
    return command.size() > at ? std::string_view(command[at]) : std::string_view{};
}

bool is_repeatable(const std::vector<std::string>& command) {
    static const std::set<std::string, std::less<>> kRepeatable = {
        "GET",     "MGET",     "EXISTS",    "TTL",     "PTTL",   "TYPE", "STRLEN",  "HGET",   "HMGET",
        "HGETALL", "SMEMBERS", "SISMEMBER", "SCARD",   "LRANGE", "LLEN", "ZRANGE",  "ZSCORE", "ZCARD",
        "SETEX",   "PSETEX",   "EXPIRE",    "PEXPIRE", "HSET",   "PING", "CLUSTER", "SET"};
    if (command.empty()) return false;
    const std::string name = upper(command[0]);
    if (!kRepeatable.contains(name)) return false;
    // What SET answers with these depends on what was there before.
    return name != "SET" || std::none_of(command.begin() + std::min<std::ptrdiff_t>(3, std::ssize(command)), command.end(),
                                         [](const std::string& option) {
                                             const std::string word = upper(option);
                                             return word == "NX" || word == "XX" || word == "GET";
                                         });
}

}  // namespace data
