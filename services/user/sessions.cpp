// Sessions and counters in Redis.
#include "user/sessions.h"

#include <prometheus/registry.h>

#include <charconv>

#include "common/http/problem.h"
#include "common/identity/session.h"
#include "user/account_rules.h"

namespace user {
namespace {

// Sets the time with the first count, so that a counter always ends.
constexpr std::string_view kCountUp = R"(
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count)";

prometheus::Family<prometheus::Counter>& checks(prometheus::Registry& registry) {
    return prometheus::BuildCounter()
        .Name("session_checks_total")
        .Help("Sessions looked up; unknown: Redis could not be asked, and the token's signature alone counted.")
        .Register(registry);
}

}  // namespace

Sessions::Sessions(data::Redis& redis, base::Log log, prometheus::Registry& registry)
    : redis_(redis),
      log_(std::move(log)),
      remembered_(checks(registry).Add({{"outcome", "remembered"}})),
      present_(checks(registry).Add({{"outcome", "present"}})),
      absent_(checks(registry).Add({{"outcome", "absent"}})),
      unknown_(checks(registry).Add({{"outcome", "unknown"}})) {}

void Sessions::begin(const base::Deadline& deadline, const std::string& session, const std::string& user) {
    try {
        redis_.set(deadline, identity::session_key(session), user, identity::kSessionLife);
    } catch (const data::RedisUnavailable& error) {
        log_.warn("a session is not kept: when Redis is back its user must refresh",
                  {{"session", session}, {"error", error.what()}});
    }
}

void Sessions::end(const base::Deadline& deadline, const std::string& session) {
    try {
        redis_.remove(deadline, identity::session_key(session));
    } catch (const data::RedisUnavailable& error) {
        log_.warn("an ended session's access token stays good until it expires", {{"session", session}, {"error", error.what()}});
    }
    const std::lock_guard lock(mutex_);
    ++endings_;
    seen_.erase(session);
}

bool Sessions::lasts(const base::Deadline& deadline, const std::string& session, const std::string& user) {
    if (is_remembered(session, user)) {
        remembered_.Increment();
        return true;
    }
    try {
        const std::uint64_t endings_before = endings();
        const bool found = redis_.get(deadline, identity::session_key(session)) == user;
        (found ? present_ : absent_).Increment();
        if (found) remember(session, user, endings_before);
        return found;
    } catch (const data::RedisUnavailable&) {
        unknown_.Increment();
        return true;
    }
}

bool Sessions::is_remembered(const std::string& session, const std::string& user) {
    const Time now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    const auto seen = seen_.find(session);
    return seen != seen_.end() && now < seen->second.until && seen->second.user == user;
}

std::uint64_t Sessions::endings() {
    const std::lock_guard lock(mutex_);
    return endings_;
}

// Not where one was ended since Redis was asked: it may be this.
void Sessions::remember(const std::string& session, const std::string& user, std::uint64_t endings_before) {
    const Time now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    if (endings_ != endings_before) return;
    if (seen_.size() >= kMost) std::erase_if(seen_, [now](const auto& entry) { return entry.second.until <= now; });
    if (seen_.size() >= kMost) seen_.clear();
    seen_.insert_or_assign(session, Seen{user, now + kFresh});
}

std::int64_t Attempts::count(const base::Deadline& deadline, const std::string& key) {
    const std::string text = redis_.get(deadline, key).value_or("0");
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void Attempts::check(const base::Deadline& deadline, const std::string& email, const std::string& address) {
    bool refused = false;
    try {
        refused = count(deadline, attempts_key_of_account(email)) >= kAttemptsOfAccount ||
                  count(deadline, attempts_key_of_address(address)) >= kAttemptsOfAddress;
    } catch (const data::RedisUnavailable&) {
    }
    if (refused) throw http::too_many("Too many logins have failed. Try again later.", kAttemptsTime);
}

void Attempts::failed(const base::Deadline& deadline, const std::string& email, const std::string& address) {
    const std::string seconds = std::to_string(std::chrono::seconds(kAttemptsTime).count());
    try {
        redis_.script(deadline, kCountUp, {attempts_key_of_account(email)}, {seconds});
        redis_.script(deadline, kCountUp, {attempts_key_of_address(address)}, {seconds});
    } catch (const data::RedisUnavailable&) {
    }
}

void Attempts::succeeded(const base::Deadline& deadline, const std::string& email) {
    try {
        redis_.remove(deadline, attempts_key_of_account(email));
    } catch (const data::RedisUnavailable&) {
    }
}

}  // namespace user
