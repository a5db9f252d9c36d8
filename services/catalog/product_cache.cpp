// The three levels of the cache.
#include "catalog/product_cache.h"

#include <prometheus/registry.h>

#include <algorithm>
#include <utility>

namespace catalog {

namespace {

using Steady = std::chrono::steady_clock;

constexpr base::Duration kRedisTime{100};  // A cache that is slower than that is none.

// Never replaces a newer version: whoever loaded an older one may be late.
constexpr std::string_view kPut =
    "local old = redis.call('GET', KEYS[1])\n"
    "if old then\n"
    "  local version = tonumber(string.match(old, '^[^\\n]*\\n(%d+)\\n'))\n"
    "  if version and version > tonumber(ARGV[2]) then return 0 end\n"
    "end\n"
    "redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])\n"
    "return 1";
constexpr std::string_view kDrop =
    "local old = redis.call('GET', KEYS[1])\n"
    "if not old then return 0 end\n"
    "local version = tonumber(string.match(old, '^[^\\n]*\\n(%d+)\\n'))\n"
    "if version and version >= tonumber(ARGV[1]) then return 0 end\n"
    "return redis.call('DEL', KEYS[1])";

std::string key_of(const std::string& id) {
    return "catalog:product:" + id;
}

prometheus::Counter& lookups(prometheus::Registry& registry, const char* from) {
    return prometheus::BuildCounter()
        .Name("catalog_product_reads_total")
        .Help("Products that were asked for, by what had them.")
        .Register(registry)
        .Add({{"from", from}});
}

}  // namespace

ProductCache::ProductCache(data::Redis& redis, Load load, prometheus::Registry& registry)
    : redis_(redis),
      load_(std::move(load)),
      local_(lookups(registry, "process")),
      shared_(lookups(registry, "redis")),
      database_(lookups(registry, "database")) {}

std::optional<ProductCache::Found> ProductCache::find(const std::string& id, Time now) {
    Found found;
    {
        const std::lock_guard lock(mutex_);
        const auto at = slots_.find(id);
        if (at == slots_.end() || at->second.hard <= now) return {};
        Slot& slot = at->second;
        found.entry = slot.entry;
        if (slot.soft <= now && !slot.refreshing) found.refresh = slot.refreshing = true;
    }
    local_.Increment();
    return found;
}

// More than for one, so that it is looked for seldom.
void ProductCache::make_room(Time now) {
    if (slots_.size() < kMost) return;
    std::erase_if(slots_, [now](const auto& slot) { return slot.second.hard <= now && slot.second.at_least == 0; });
    while (slots_.size() > kMost / 8 * 7) slots_.erase(slots_.begin());
}

void ProductCache::keep(const std::string& id, const Entry& entry) {
    const Time now = Steady::now();
    const std::lock_guard lock(mutex_);
    if (!slots_.contains(id)) make_room(now);
    Slot& slot = slots_[id];
    slot.refreshing = false;
    if (slot.at_least > (entry ? entry->version : 0)) return;
    slot.entry = entry;
    slot.soft = now + (entry ? kSoft : kMissing);
    slot.hard = now + (entry ? kHard : kMissing);
}

std::int64_t ProductCache::at_least(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto at = slots_.find(id);
    return at == slots_.end() ? 0 : at->second.at_least;
}

std::optional<Cached> ProductCache::from_redis(const std::string& id, const base::Deadline& deadline) {
    try {
        const std::optional<std::string> text = redis_.get(deadline.at_most(kRedisTime), key_of(id));
        std::optional<Cached> cached = text ? cached_from(*text) : std::nullopt;
        if (cached && cached->version >= at_least(id)) return cached;
    } catch (const data::RedisUnavailable&) {  // Its metrics say so.
    }
    return {};
}

void ProductCache::into_redis(const std::string& id, const Cached& cached) {
    try {
        redis_.script(base::Deadline::in(kRedisTime), kPut, {key_of(id)},
                      {to_text(cached), std::to_string(cached.version), std::to_string(kShared.count())});
    } catch (const data::RedisUnavailable&) {
    }
}

ProductCache::Entry ProductCache::ask(const std::string& id, const base::Deadline& deadline) {
    if (std::optional<Cached> cached = from_redis(id, deadline)) {
        shared_.Increment();
        return std::make_shared<const Cached>(std::move(*cached));
    }
    std::optional<Cached> loaded = load_(id, deadline);
    database_.Increment();
    if (!loaded) return {};
    into_redis(id, *loaded);
    return std::make_shared<const Cached>(std::move(*loaded));
}

ProductCache::Entry ProductCache::load(const std::string& id, const base::Deadline& deadline) {
    std::promise<Entry> promise;
    std::shared_future<Entry> other;
    {
        const std::lock_guard lock(mutex_);
        // Another may have loaded it since the caller looked.
        const auto known = slots_.find(id);
        if (known != slots_.end() && known->second.soft > Steady::now()) return known->second.entry;
        const auto [at, mine] = loading_.try_emplace(id);
        if (mine) {
            at->second = promise.get_future().share();
        } else {
            other = at->second;
        }
    }
    if (other.valid()) {
        // Whoever asks has a deadline of its own; where that is the longer one, what is left is enough to ask again.
        const base::Duration patience = std::min(deadline.left(), base::Duration{60'000});
        if (other.wait_for(patience) == std::future_status::ready) return other.get();
        return ask(id, deadline);
    }
    const auto finish = [&] {
        const std::lock_guard lock(mutex_);
        loading_.erase(id);
        if (const auto at = slots_.find(id); at != slots_.end()) at->second.refreshing = false;
    };
    try {
        Entry entry = ask(id, deadline);
        keep(id, entry);
        finish();
        promise.set_value(entry);
        return entry;
    } catch (...) {
        finish();
        promise.set_exception(std::current_exception());
        throw;
    }
}

void ProductCache::changed(const std::string& id, std::int64_t version) {
    {
        const Time now = Steady::now();
        const std::lock_guard lock(mutex_);
        if (!slots_.contains(id)) make_room(now);
        Slot& slot = slots_[id];
        slot.at_least = std::max(slot.at_least, version);
        if (!slot.entry || slot.entry->version < version) slot.soft = slot.hard = {};
    }
    try {
        redis_.script(base::Deadline::in(kRedisTime), kDrop, {key_of(id)}, {std::to_string(version)});
    } catch (const data::RedisUnavailable&) {
    }
}

void ProductCache::put(const std::string& id, const Cached& cached) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = slots_.find(id); at != slots_.end())
            at->second.at_least = std::max(at->second.at_least, cached.version);
    }
    keep(id, std::make_shared<const Cached>(cached));
    into_redis(id, cached);
}

}  // namespace catalog
