#include "api/off_hours.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace api {

namespace {

using std::chrono::days;
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

Spec turned(Spec spec, bool rests) {
    if (spec.rests == rests) return spec;
    for (auto& [name, settings] : spec.services) std::swap(settings.replicas, settings.otherwise);
    spec.rests = rests;
    return spec;
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
    const sys_seconds begin = sys_days{days{4}};  // 1970-01-05, a Monday.
    const sys_seconds end = begin + kWeek;
    std::chrono::seconds off{0};
    for (sys_seconds now = begin; now < end;) {
        const sys_seconds next = std::min(next_change(hours, now).value_or(end), end);
        if (are_off(hours, now)) off += next - now;
        now = next;
    }
    return static_cast<double>(off.count()) / static_cast<double>((end - begin).count());
}

Replicas fewer(Replicas replicas, bool autoscaling, const OffHours& hours) {
    replicas.min = std::min(replicas.min, hours.replicas);
    if (autoscaling) return replicas;
    replicas.count = std::min(replicas.count, hours.replicas);
    replicas.max = std::min(replicas.max, hours.replicas);
    return replicas;
}

Spec at_rest(Spec spec) {
    return turned(std::move(spec), true);
}

Spec awake(Spec spec) {
    return turned(std::move(spec), false);
}

}  // namespace api
