// Any text as a Redis URL, as an error that redirects, and (JSON in RESP's stead) as the reply to CLUSTER SLOTS: what is taken is
// a host and a port that can be connected to, and slots that exist.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/data/redis_cluster.h"
#include "holds.h"

namespace {

using Reply = data::Redis::Reply;
using Kind = Reply::Kind;

const data::RedisNode kAsked{"10.0.0.1", 6379};

// Deeper ones are as good as none to whoever reads a slot table.
Reply reply_of(const nlohmann::json& json, int depth = 0) {
    Reply reply;
    if (json.is_number_integer()) {
        reply.kind = Kind::Integer;
        reply.integer = json.get<std::int64_t>();
    } else if (json.is_string()) {
        reply.kind = Kind::Text;
        reply.text = json.get<std::string>();
    } else if (json.is_array() && depth < 6) {
        reply.kind = Kind::List;
        for (const nlohmann::json& each : json) reply.list.push_back(reply_of(each, depth + 1));
    }
    return reply;
}

void read_url(std::string_view text) {
    try {
        const data::RedisUrl url = data::redis_url_from(text);
        holds(!url.node.host.empty() && url.node.port != 0);
        // Its parts, written plainly, mean the same.
        const data::RedisUrl again =
            data::redis_url_from("redis://" + to_string(url.node) + (url.cluster ? "?cluster=true" : ""));
        holds(again.node == url.node && again.cluster == url.cluster);
    } catch (const std::invalid_argument&) {
    }
}

void read_redirection(std::string_view text) {
    const auto redirection = data::redirection_of({Kind::Error, 0, std::string(text), {}}, kAsked);
    if (!redirection) return;
    holds(redirection->slot < data::kSlots && redirection->node.port != 0 && !redirection->node.host.empty());
    holds(text.starts_with(redirection->asking ? "ASK " : "MOVED "));
}

void read_table(const Reply& reply) {
    const auto table = data::slot_table_from(reply, kAsked);
    if (!table) return;
    holds(reply.kind == Kind::List);
    bool complete = true;
    for (std::size_t slot = 0; slot < data::kSlots; ++slot) {
        const data::RedisNode* owner = table->owner(static_cast<std::uint16_t>(slot));
        complete = complete && owner != nullptr;
        holds(owner == nullptr || std::ranges::find(table->nodes(), *owner) != table->nodes().end());
    }
    holds(complete == table->complete());
    for (const data::RedisNode& node : table->nodes()) holds(node.port != 0 && !node.host.empty() && node.host != "?");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_url(text);
    read_redirection(text);
    if (text.starts_with('[')) read_table(reply_of(nlohmann::json::parse(text, nullptr, false)));
    holds(data::key_slot(text) < data::kSlots);
    return 0;
}
