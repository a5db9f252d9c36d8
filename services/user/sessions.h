// What Redis keeps: who is signed in, how often logins failed, and sign-ins by an identity provider that are under way. Where it
// can't be asked, sessions and counters degrade: nobody is locked out because of it.
#pragma once

#include <prometheus/counter.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/log.h"
#include "common/data/redis.h"

namespace user {

class Sessions {
public:
    // `registry` receives session_checks_total{outcome}: present, absent, or unknown, where the signature alone counted.
    Sessions(data::Redis& redis, base::Log log, prometheus::Registry& registry);

    void begin(const base::Deadline& deadline, const std::string& session, const std::string& user);
    void end(const base::Deadline& deadline, const std::string& session);
    // True too where it can't be told.
    bool lasts(const base::Deadline& deadline, const std::string& session, const std::string& user);

private:
    data::Redis& redis_;
    base::Log log_;
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
