// Token buckets by client.
#include "gateway/rate_limit.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace gateway {

namespace {

double seconds_of(Steady::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

Rate rate_from(std::string_view variable, std::string_view text) {
    const auto read = [&](std::string_view part) {
        unsigned number = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
        if (part.empty() || error != std::errc{} || end != part.data() + part.size() || number > 1'000'000) {
            throw std::invalid_argument(std::string(variable) + ": \"" + std::string(text) +
                                        "\" must be requests a second, or requests a second:burst");
        }
        return static_cast<double>(number);
    };
    const std::size_t colon = text.find(':');
    const double rate = read(text.substr(0, colon));
    return {rate, std::max(1.0, colon == text.npos ? 2 * rate : read(text.substr(colon + 1)))};
}

RateLimiter::RateLimiter(Rate rate, std::size_t keys) : rate_(rate), per_shard_(std::max<std::size_t>(2, keys / kShards)) {}

std::optional<base::Duration> RateLimiter::take(std::string_view key, Steady::time_point now) {
    if (rate_.per_second <= 0) return {};
    Shard& own = shard(key);
    const std::lock_guard lock(own.mutex);
    auto found = own.buckets.find(key);
    if (found == own.buckets.end()) {
        if (own.buckets.size() >= per_shard_) make_room(own.buckets, now);
        found = own.buckets.emplace(std::string(key), Bucket{rate_.burst, now, {}, 0}).first;
    }
    Bucket& bucket = found->second;
    bucket.tokens = std::min(rate_.burst, bucket.tokens + seconds_of(now - bucket.filled) * rate_.per_second);
    bucket.filled = now;
    if (now < bucket.held_until) return std::chrono::ceil<base::Duration>(bucket.held_until - now);
    if (bucket.tokens < 1) {
        const double wait = (1 - bucket.tokens) / rate_.per_second;
        return base::Duration{static_cast<base::Duration::rep>(std::ceil(wait * 1000))};
    }
    bucket.tokens -= 1;
    ++bucket.spent;
    return {};
}

// To half of what may be kept, so that it happens seldom.
void RateLimiter::make_room(Buckets& buckets, Steady::time_point now) const {
    std::erase_if(buckets, [&](const auto& entry) {
        const Bucket& bucket = entry.second;
        const bool full = bucket.tokens + seconds_of(now - bucket.filled) * rate_.per_second >= rate_.burst;
        return full && now >= bucket.held_until;
    });
    while (buckets.size() > per_shard_ / 2) buckets.erase(buckets.begin());
}

std::vector<RateLimiter::Spent> RateLimiter::spent(std::size_t most) {
    std::vector<Spent> result;
    const unsigned least = std::max(1U, static_cast<unsigned>(rate_.per_second / 10));
    for (Shard& each : shards_) {
        const std::lock_guard lock(each.mutex);
        for (auto& [key, bucket] : each.buckets) {
            if (bucket.spent >= least && result.size() < most) result.push_back({key, bucket.spent});
            if (bucket.spent >= least) bucket.spent = 0;
        }
    }
    return result;
}

void RateLimiter::learn(const std::string& key, double total, Steady::duration window, Steady::time_point until) {
    if (total <= rate_.per_second * seconds_of(window) + rate_.burst) return;
    Shard& own = shard(key);
    const std::lock_guard lock(own.mutex);
    if (const auto found = own.buckets.find(key); found != own.buckets.end()) found->second.held_until = until;
}

std::size_t RateLimiter::size() const {
    std::size_t sum = 0;
    for (const Shard& each : shards_) {
        const std::lock_guard lock(each.mutex);
        sum += each.buckets.size();
    }
    return sum;
}

}  // namespace gateway
