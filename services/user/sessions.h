// What Redis keeps: who is signed in, how often logins failed, and sign-ins by an identity provider that are under way. Where it
// can't be asked, sessions and counters degrade: nobody is locked out because of it.
#pragma once

#include <prometheus/counter.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "common/base/log.h"
#include "common/data/redis.h"

namespace user {

// Safe from several threads.
class Sessions {
public:
    // So long a session that another process ended may still count here; so seldom is Redis asked about one that is used all the
    // time. One that this process ended doesn't count from then on.
    static constexpr std::chrono::seconds kFresh{1};
    static constexpr std::size_t kMost = 16'384;

    // `registry` receives session_checks_total{outcome}: present, absent, or unknown, where the signature alone counted;
    // remembered, where Redis was asked less than kFresh ago.
    Sessions(data::Redis& redis, base::Log log, prometheus::Registry& registry);

    void begin(const base::Deadline& deadline, const std::string& session, const std::string& user);
    void end(const base::Deadline& deadline, const std::string& session);
    // True too where it can't be told.
    bool lasts(const base::Deadline& deadline, const std::string& session, const std::string& user);

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Seen {
        std::string user;
        Time until;
    };

    bool is_remembered(const std::string& session, const std::string& user);
    std::uint64_t endings();
    void remember(const std::string& session, const std::string& user, std::uint64_t endings_before);

    data::Redis& redis_;
    base::Log log_;
    std::mutex mutex_;
    std::unordered_map<std::string, Seen> seen_;
    std::uint64_t endings_ = 0;  // Sessions that were ended here.
    prometheus::Counter& remembered_;
    prometheus::Counter& present_;
    prometheus::Counter& absent_;
    prometheus::Counter& unknown_;
};

// Counts failed logins by account and address.
class Attempts {
public:
    explicit Attempts(data::Redis& redis) : redis_(redis) {}

    // Throws Problem 429 where that account or address has failed too often lately.
    void check(const base::Deadline& deadline, const std::string& email, const std::string& address);
    void failed(const base::Deadline& deadline, const std::string& email, const std::string& address);
    void succeeded(const base::Deadline& deadline, const std::string& email);

private:
    std::int64_t count(const base::Deadline& deadline, const std::string& key);

    data::Redis& redis_;
};

}  // namespace user
