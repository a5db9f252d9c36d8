// What belongs to one event loop, so that its requests need no lock: connections to upstreams, and answers about sessions.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/backoff.h"
#include "gateway/upstream.h"

namespace gateway {

// Which sessions were found in Redis lately, and which were not. At most kMost.
class KnownSessions {
public:
    // So long a session that was ended may still count here; so seldom is Redis asked about one that is used all the time.
    static constexpr Steady::duration kFresh = std::chrono::seconds{3};
    static constexpr std::size_t kMost = 16'384;

    std::optional<bool> find(const std::string& session, Steady::time_point now) const;
    void learn(const std::string& session, bool alive, Steady::time_point now);

private:
    struct Entry {
        bool alive;
        Steady::time_point until;
    };
    std::unordered_map<std::string, Entry> entries_;
};

// One upstream service: the processes behind its name, and the budget for asking again.
struct UpstreamService {
    static constexpr std::size_t kRunning = 512;  // Requests at a time; a slow service must not take all that the gateway has.

    std::vector<Target> targets;
    std::vector<std::shared_ptr<Upstream>> upstreams;  // One a target.
    RetryBudget retries;

    std::size_t running() const;
    // The target for the next try, by weight, without those whose breaker is open; nothing: all are. The try counts for the
    // breaker.
    std::optional<std::size_t> pick(double random, std::size_t avoid, Steady::time_point now);
};

struct LoopState {
    LoopState(boost::asio::io_context& given, const std::map<std::string, std::vector<Target>, std::less<>>& services);

    boost::asio::io_context& loop;
    std::map<std::string, UpstreamService, std::less<>> services;
    KnownSessions sessions;
    base::Random random;
};

}  // namespace gateway
