// What a client must know of Redis' URL and cluster protocol, without I/O. Internal to data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/data/redis.h"

namespace data {

inline constexpr std::size_t kSlots = 16384;

struct RedisNode {
    std::string host;  // A name or an address, IPv6 without brackets.
    std::uint16_t port = 6379;

    friend bool operator==(const RedisNode&, const RedisNode&) = default;
    friend auto operator<=>(const RedisNode&, const RedisNode&) = default;
};

std::string to_string(const RedisNode& node);

struct RedisUrl {
    std::string user;  // Percent-decoded, as the password. Empty: the default user.
    std::string password;
    RedisNode node;
    bool cluster = false;
};

// Throws std::invalid_argument, which says what is wrong without quoting the URL: it holds a password.
RedisUrl redis_url_from(std::string_view text);

// Which master has which slot.
class SlotTable {
public:
    SlotTable() { owners_.fill(kNobody); }

    const RedisNode* owner(std::uint16_t slot) const { return owners_[slot] == kNobody ? nullptr : &nodes_[owners_[slot]]; }
    const std::vector<RedisNode>& nodes() const { return nodes_; }
    bool complete() const;
    void set(std::size_t first, std::size_t last, const RedisNode& node);

private:
    static constexpr std::uint16_t kNobody = 0xffff;
    std::vector<RedisNode> nodes_;
    std::array<std::uint16_t, kSlots> owners_;
};

// Of the reply to CLUSTER SLOTS from `asked`, whose host stands for those that are empty. Nothing where it is no such reply.
std::optional<SlotTable> slot_table_from(const Redis::Reply& reply, const RedisNode& asked);

// "MOVED 3999 10.0.0.7:6379", "ASK 3999 :6379"
struct Redirection {
    bool asking = false;
    std::uint16_t slot = 0;
    RedisNode node;
};
std::optional<Redirection> redirection_of(const Redis::Reply& reply, const RedisNode& asked);

// The key by which a command finds its node: its first argument, or the third of EVAL and EVALSHA. Empty where there is none.
std::string_view key_of(const std::vector<std::string>& command);

// Whether the command may be sent again when it is not known whether it was done.
bool is_repeatable(const std::vector<std::string>& command);

}  // namespace data
