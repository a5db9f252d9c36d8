#include "common/data/redis.h"

#include <openssl/evp.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "common/data/redis_cluster.h"
#include "common/data/redis_nodes.h"

namespace data {

namespace {

using Kind = Redis::Reply::Kind;

constexpr int kHops = 16;                   // Redirections and waits of one call; its time ends it sooner, as a rule.
constexpr base::Duration kClusterWait{20};  // Until a cluster that changes is asked again.

bool begins_with(const Redis::Reply& reply, std::string_view word) {
    return reply.kind == Kind::Error && reply.text.starts_with(word);
}

// The node is there but can't serve now.
bool is_temporary(const Redis::Reply& reply) {
    for (const std::string_view word : {"LOADING ", "CLUSTERDOWN ", "TRYAGAIN ", "MASTERDOWN "}) {
        if (begins_with(reply, word)) return true;
    }
    return false;
}

std::string sha1_hex(std::string_view text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1) {
        throw std::runtime_error("redis: no SHA-1");
    }
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        hex += "0123456789abcdef"[digest[i] >> 4];
        hex += "0123456789abcdef"[digest[i] & 15];
    }
    return hex;
}

RedisUnavailable unavailable(const std::string& why) {
    return RedisUnavailable("redis: " + why);
}

// Where only a certain kind of answer makes sense.
const Redis::Reply& expect_no_error(const Redis::Reply& reply) {
    if (reply.kind == Kind::Error) throw unavailable(reply.text);
    return reply;
}

std::string milliseconds(base::Duration ttl) {
    return std::to_string(std::max<base::Duration::rep>(1, ttl.count()));
}

}  // namespace

struct Redis::Impl {
    enum Outcome : std::size_t { Ok, Failed, Unavailable };
    static constexpr std::array<const char*, 3> kOutcomes = {"ok", "error", "unavailable"};

    Options options;
    prometheus::Family<prometheus::Counter>& commands;
    prometheus::Histogram& seconds;
    bool cluster;
    RedisNodes nodes;
    std::mutex mutex;
    std::map<std::string, std::array<prometheus::Counter*, 3>, std::less<>> counters;

    Impl(Options from, base::Log log, prometheus::Registry& registry)
        : options(std::move(from)),
          commands(prometheus::BuildCounter()
                       .Name("redis_commands_total")
                       .Help("Commands by how they ended: ok, error (Redis said no), unavailable.")
                       .Register(registry)),
          seconds(prometheus::BuildHistogram()
                      .Name("redis_command_seconds")
                      .Help("Time of a command, redirections and the wait for a connection included.")
                      .Register(registry)
                      .Add({}, prometheus::Histogram::BucketBoundaries{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                                       0.05, 0.1, 0.25, 0.5, 1})),
          cluster(redis_url_from(options.url()).cluster),
          nodes(options, prometheus::BuildGauge().Name("redis_connections").Help("Open connections.").Register(registry).Add({}),
                std::move(log)) {}

    void count(const std::string& command, Outcome outcome) {
        const std::lock_guard lock(mutex);
        auto found = counters.find(command);
        if (found == counters.end()) {
            found = counters.try_emplace(command).first;
            for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
                found->second[i] = &commands.Add({{"command", command}, {"outcome", kOutcomes[i]}});
            }
        }
        found->second[outcome]->Increment();
    }

    Reply call(const base::Deadline& deadline, const std::vector<std::string>& command) {
        if (command.empty()) throw std::invalid_argument("redis: no command");
        const auto started = std::chrono::steady_clock::now();
        const base::Deadline limit = deadline.at_most(options.call_time);
        Outcome outcome = Unavailable;
        struct Count {  // However it ends.
            Impl& impl;
            const std::string& name;
            const Outcome& how;
            std::chrono::steady_clock::time_point since;
            ~Count() {
                impl.count(name, how);
                impl.seconds.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
            }
        } const counted{*this, command[0], outcome, started};
        Reply reply = cluster ? by_slot(command, limit) : by_seed(command, limit);
        outcome = reply.kind == Kind::Error ? Failed : Ok;
        return reply;
    }

    Reply by_seed(const std::vector<std::string>& command, const base::Deadline& limit);
    Reply by_slot(const std::vector<std::string>& command, const base::Deadline& limit);
    bool all_serve(const base::Deadline& limit);
};

Redis::Reply Redis::Impl::by_seed(const std::vector<std::string>& command, const base::Deadline& limit) {
    for (bool again = is_repeatable(command);; again = false) {
        try {
            Reply reply = nodes.seed().run(command, false, limit);
            if (is_temporary(reply)) throw unavailable(reply.text);
            return reply;
        } catch (const RedisConnectionError& error) {
            // One that was never sent would fail again; one whose connection broke may find the server back.
            if (!again || !error.sent() || limit.passed()) throw unavailable(error.what());
        }
    }
}

Redis::Reply Redis::Impl::by_slot(const std::vector<std::string>& command, const base::Deadline& limit) {
    const std::uint16_t slot = key_slot(key_of(command));
    std::optional<Redirection> redirected;
    bool broken = false;
    std::string last = "redirected too often";
    for (int hop = 0; hop < kHops && !limit.passed(); ++hop) {
        if (!redirected) nodes.refresh(limit);
        const std::optional<RedisNode> node = redirected ? redirected->node : nodes.owner(slot);
        const bool asking = redirected && redirected->asking;
        redirected.reset();
        if (!node) {
            last = "nobody has slot " + std::to_string(slot);
            nodes.outdate();
            std::this_thread::sleep_for(std::min(kClusterWait, limit.left()));
            continue;
        }
        try {
            const std::shared_ptr<RedisPool> pool = nodes.pool(*node);
            Reply reply = pool->run(command, asking, limit);
            redirected = redirection_of(reply, *node);
            if (redirected) {
                if (!redirected->asking) nodes.outdate();
                continue;
            }
            if (!is_temporary(reply)) return reply;
            last = reply.text;
            nodes.outdate();
            std::this_thread::sleep_for(std::min(kClusterWait, limit.left()));
        } catch (const RedisConnectionError& error) {
            if (error.sent() && !is_repeatable(command)) throw unavailable(error.what());
            nodes.outdate();
            nodes.refresh(limit);
            // The same node again only where its connection broke, and once.
            if (nodes.owner(slot) == node && !asking && (!error.sent() || std::exchange(broken, true))) {
                throw unavailable(error.what());
            }
            last = error.what();
        }
    }
    throw unavailable(last);
}

Redis::Redis(Options options, base::Log log, prometheus::Registry& registry)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(log), registry)) {}

Redis::~Redis() = default;

Redis::Reply Redis::call(const base::Deadline& deadline, const std::vector<std::string>& command) {
    return impl_->call(deadline, command);
}

Redis::Reply Redis::script(const base::Deadline& deadline, std::string_view source, const std::vector<std::string>& keys,
                           const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {"EVALSHA", sha1_hex(source), std::to_string(keys.size())};
    command.insert(command.end(), keys.begin(), keys.end());
    command.insert(command.end(), arguments.begin(), arguments.end());
    Reply reply = impl_->call(deadline, command);
    if (!begins_with(reply, "NOSCRIPT ")) return reply;
    command[0] = "EVAL";  // Which also keeps it for the next time.
    command[1] = source;
    return impl_->call(deadline, command);
}

std::optional<std::string> Redis::get(const base::Deadline& deadline, const std::string& key) {
    Reply reply = call(deadline, {"GET", key});
    if (expect_no_error(reply).kind == Kind::Nil) return std::nullopt;
    return std::move(reply.text);
}

void Redis::set(const base::Deadline& deadline, const std::string& key, const std::string& value, base::Duration ttl) {
    expect_no_error(call(deadline, {"SET", key, value, "PX", milliseconds(ttl)}));
}

bool Redis::set_if_absent(const base::Deadline& deadline, const std::string& key, const std::string& value, base::Duration ttl) {
    const Reply reply = call(deadline, {"SET", key, value, "PX", milliseconds(ttl), "NX"});
    return expect_no_error(reply).kind != Kind::Nil;
}

bool Redis::remove(const base::Deadline& deadline, const std::string& key) {
    const Reply reply = call(deadline, {"DEL", key});
    return expect_no_error(reply).integer > 0;
}

// Each node must serve a key of its own: one that has lost touch with the others still answers PING.
bool Redis::Impl::all_serve(const base::Deadline& limit) {
    nodes.outdate();
    nodes.refresh(limit);
    const std::shared_ptr<const SlotTable> table = nodes.table();
    if (!table || !table->complete()) return false;
    std::set<RedisNode> asked;
    for (int number = 0; number < 1000 && asked.size() < table->nodes().size(); ++number) {
        const std::string key = "reachable:" + std::to_string(number);
        const RedisNode& node = *table->owner(key_slot(key));
        if (!asked.insert(node).second) continue;
        const std::shared_ptr<RedisPool> pool = nodes.pool(node);
        if (is_temporary(pool->run({"GET", key}, false, limit))) return false;
    }
    return true;
}

bool Redis::reachable() {
    const base::Deadline limit = base::Deadline::in(impl_->options.call_time);
    try {
        if (impl_->cluster) return impl_->all_serve(limit);
        return impl_->nodes.seed().run({"PING"}, false, limit).kind == Kind::Text;
    } catch (const std::runtime_error&) {  // RedisConnectionError, RedisUnavailable
        return false;
    }
}

}  // namespace data
