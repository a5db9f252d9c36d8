// Redis, a single node or a cluster: a cache and the home of sessions. Down means degraded, never wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/deadline.h"
#include "common/base/log.h"

namespace prometheus {
class Registry;
}

namespace data {

// No node answers, or not in time. After some of them in a row further calls fail at once for a moment.
class RedisUnavailable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Safe from several threads; calls block. MOVED and ASK are followed; a dead node's slots are asked for again.
class Redis {
public:
    struct Options {
        std::function<std::string()> url;  // redis://USER:PASSWORD@HOST:PORT/[?cluster=true]; asked again when it is refused.
        std::size_t connections = 8;       // Per node.
        base::Duration connect_time{500};
        base::Duration call_time{500};  // Or less, by the deadline.
    };

    struct Reply {
        enum class Kind { Nil, Integer, Text, List, Error } kind = Kind::Nil;
        std::int64_t integer = 0;
        std::string text;
        std::vector<Reply> list;
    };

    // `registry` receives redis_commands_total{command,outcome}, redis_command_seconds, redis_connections.
    Redis(Options options, base::Log log, prometheus::Registry& registry);
    ~Redis();

    // Any command whose first argument is its key; throws RedisUnavailable. An error reply is a value.
    Reply call(const base::Deadline& deadline, const std::vector<std::string>& command);
    // A script over keys of one slot (names with the same {tag}); by its hash, loaded where it is missing.
    Reply script(const base::Deadline& deadline, std::string_view source, const std::vector<std::string>& keys,
                 const std::vector<std::string>& arguments);

    std::optional<std::string> get(const base::Deadline& deadline, const std::string& key);
    void set(const base::Deadline& deadline, const std::string& key, const std::string& value, base::Duration ttl);
    bool set_if_absent(const base::Deadline& deadline, const std::string& key, const std::string& value, base::Duration ttl);
    bool remove(const base::Deadline& deadline, const std::string& key);  // Whether it was there.

    bool reachable();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

std::uint16_t key_slot(std::string_view key);  // CRC16 of the key or of its {tag}, modulo 16384.

}  // namespace data
