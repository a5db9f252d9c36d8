#include "api/off_hours.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace api {

namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::weekday;

constexpr days kWeek{7};

struct Stretch {
    sys_seconds begin;
    sys_seconds end;  // The first moment that is not off any more.
};

// Those that begin on one of the days from `first` to `last`.
std::vector<Stretch> stretches(const OffHours& hours, sys_days first, sys_days last) {
    std::vector<Stretch> all;
    for (sys_days day = first; day <= last; day += days{1}) {
        for (const OffHours::Window& window : hours.windows) {
            if (!window.days.contains(weekday(day).iso_encoding())) continue;
            // One that ends when it begins or before does so on the next day.
            const days over{window.to <= window.from ? 1 : 0};
            all.push_back({day + window.from, day + over + window.to});
        }
    }
    return all;
}

bool contain(const std::vector<Stretch>& all, sys_seconds moment) {
    return std::ranges::any_of(all, [&](const Stretch& each) { return each.begin <= moment && moment < each.end; });
}

}  // namespace

bool are_off(const OffHours& hours, sys_seconds now) {
    const sys_days today = std::chrono::floor<days>(now);
    return contain(stretches(hours, today - days{1}, today), now);
}

std::optional<sys_seconds> next_change(const OffHours& hours, sys_seconds now) {
    const sys_days today = std::chrono::floor<days>(now);
    const std::vector<Stretch> all = stretches(hours, today - days{1}, today + kWeek + days{1});
    const bool is_off = contain(all, now);
    std::set<sys_seconds> edges;
    for (const Stretch& each : all) {
        edges.insert(each.begin);
        edges.insert(each.end);
    }
    for (auto edge = edges.upper_bound(now); edge != edges.end() && *edge <= now + kWeek; ++edge) {
        if (contain(all, *edge) != is_off) return *edge;
    }
    return std::nullopt;
}

double share_of_a_week(const OffHours& hours) {
    const sys_days monday{days{4}};  // 1970-01-05
    const std::vector<Stretch> all = stretches(hours, monday - days{1}, monday + kWeek);
    std::int64_t off = 0;
    const std::int64_t whole = minutes(kWeek).count();
    for (std::int64_t minute = 0; minute < whole; ++minute) off += contain(all, monday + minutes{minute}) ? 1 : 0;
    return static_cast<double>(off) / static_cast<double>(whole);
}

Replicas fewer(Replicas replicas, bool autoscaling, const OffHours& hours) {
    replicas.min = std::min(replicas.min, hours.replicas);
    if (autoscaling) return replicas;
    replicas.count = std::min(replicas.count, hours.replicas);
    replicas.max = std::min(replicas.max, hours.replicas);
    return replicas;
}

Spec at_rest(Spec spec) {
    if (spec.rests) return spec;
    for (auto& [name, settings] : spec.services) std::swap(settings.replicas, settings.otherwise);
    spec.rests = true;
    return spec;
}

Spec awake(Spec spec) {
    if (!spec.rests) return spec;
    for (auto& [name, settings] : spec.services) std::swap(settings.replicas, settings.otherwise);
    spec.rests = false;
    return spec;
}

}  // namespace api
