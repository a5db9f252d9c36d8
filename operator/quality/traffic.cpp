#include "quality/traffic.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "kube/quantity.h"

namespace quality {

namespace {

constexpr std::string_view kRequests = "http_requests_total";
constexpr std::string_view kBuckets = "http_request_duration_seconds_bucket";
constexpr std::string_view kSpans = "otel_sdk_exporter_span_exported_total";
constexpr std::string_view kTimed = "http_request_duration_seconds_count";

// One line, "name{label="value",…} 12".
class Sample {
public:
    explicit Sample(std::string_view line) : line_(line), rest_(line) { name_ = take(rest_.find_first_of("{ ")); }

    std::string_view name() const { return name_; }

    // The value; `hear` gets each label on the way.
    template <class Hear>
    double read(Hear hear) {
        if (rest_.starts_with('{')) {
            rest_.remove_prefix(1);
            while (!rest_.starts_with('}')) read_label(hear);
            rest_.remove_prefix(1);
        }
        if (!rest_.starts_with(' ')) fail();
        rest_.remove_prefix(1);
        return number(take(std::min(rest_.find(' '), rest_.size())));  // A timestamp may follow.
    }

    double number(std::string_view text) const {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) || value < 0) fail();
        return value;
    }

private:
    template <class Hear>
    void read_label(Hear hear) {
        const std::string_view name = take(rest_.find('='));
        if (!rest_.starts_with("=\"")) fail();
        rest_.remove_prefix(2);
        std::size_t end = 0;
        while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
        hear(name, take(end));
        if (!rest_.starts_with('"')) fail();
        rest_.remove_prefix(1);
        if (rest_.starts_with(',')) rest_.remove_prefix(1);
    }

    std::string_view take(std::size_t count) {
        if (count > rest_.size()) fail();
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

    [[noreturn]] void fail() const {
        constexpr std::size_t kMostQuoted = 200;
        throw std::invalid_argument("no metrics of Prometheus: " + std::string(line_.substr(0, kMostQuoted)));
    }

    std::string_view line_;
    std::string_view rest_;
    std::string_view name_;
};

constexpr double kMostSlow = 0.01;  // latencyP99 is about 99 of 100.

double most_failed(const api::Objectives& objectives) {
    return std::stod(objectives.error_rate_percent) / 100;
}

// Of those whose duration is known. Throws std::invalid_argument where latencyP99 is none of kLatencies.
double quick(const Requests& requests, const api::Objectives& objectives) {
    const std::optional<std::int64_t> millis = kube::duration_millis(objectives.latency_p99);
    const auto* bound = std::ranges::find(kLatencies, static_cast<double>(millis.value_or(0)) / 1000);
    if (bound == kLatencies.end()) throw std::invalid_argument("latencyP99 can't be " + objectives.latency_p99);
    return requests.within[static_cast<std::size_t>(bound - kLatencies.begin())];
}

// Since then; all of it where the process began anew.
Requests since(const Requests& before, Requests now) {
    if (now.all < before.all || now.timed < before.timed) return now;
    return now -= before;
}

}  // namespace

Requests& Requests::operator+=(const Requests& other) {
    all += other.all;
    failed += other.failed;
    timed += other.timed;
    for (std::size_t i = 0; i < within.size(); ++i) within[i] += other.within[i];
    spans += other.spans;
    lost += other.lost;
    return *this;
}

Requests& Requests::operator-=(const Requests& other) {
    all -= other.all;
    failed -= other.failed;
    timed -= other.timed;
    for (std::size_t i = 0; i < within.size(); ++i) within[i] -= other.within[i];
    spans -= other.spans;
    lost -= other.lost;
    return *this;
}

Requests requests_from(std::string_view metrics) {
    Requests sum;
    while (!metrics.empty()) {
        const std::size_t end = std::min(metrics.find('\n'), metrics.size());
        const std::string_view line = metrics.substr(0, end);
        metrics.remove_prefix(std::min(end + 1, metrics.size()));
        if (line.empty() || line.starts_with('#')) continue;
        Sample sample(line);
        if (sample.name() == kRequests) {
            bool failed = false;
            const double count = sample.read([&](std::string_view label, std::string_view value) {
                if (label == "status") failed = value.starts_with('5');
            });
            sum.all += count;
            if (failed) sum.failed += count;
        } else if (sample.name() == kBuckets) {
            const auto* bound = kLatencies.end();
            const double count = sample.read([&](std::string_view label, std::string_view value) {
                if (label == "le" && value != "+Inf") bound = std::ranges::find(kLatencies, sample.number(value));
            });
            if (bound != kLatencies.end()) sum.within[static_cast<std::size_t>(bound - kLatencies.begin())] += count;
        } else if (sample.name() == kTimed) {
            sum.timed += sample.read([](std::string_view, std::string_view) {});
        } else if (sample.name() == kSpans) {
            bool lost = false;
            const double count =
                sample.read([&](std::string_view label, std::string_view) { lost = lost || label == "error_type"; });
            (lost ? sum.lost : sum.spans) += count;
        }
    }
    return sum;
}

void Traffic::add(const std::string& pod, const Requests& counted, Time now) {
    const auto [found, is_new] = pods_.try_emplace(pod, Pod{counted, std::nullopt});
    if (is_new) return;
    Pod& known = found->second;
    const Requests news = since(known.counted, counted);
    begun_ = true;
    if (news.all > 0 || news.timed > 0) slices_.push_back({now, news});
    known.counted = counted;
    if (news.spans > 0 || news.lost > 0) known.spans_taken = news.lost <= 0;
}

std::optional<bool> Traffic::spans_taken() const {
    std::optional<bool> taken;
    for (const auto& [name, pod] : pods_) {
        if (pod.spans_taken) taken = taken.value_or(true) && *pod.spans_taken;
    }
    return taken;
}

std::optional<Requests> Traffic::of_window(Time now) {
    if (!begun_) return std::nullopt;
    while (!slices_.empty() && slices_.front().time <= now - kWindow) slices_.pop_front();
    Requests sum;
    for (const Slice& slice : slices_) sum += slice.requests;
    return sum;
}

Measured measured_from(const std::optional<Requests>& requests, const api::Objectives& objectives) {
    if (!requests) return {};
    return {.problem = "",
            .begun = true,
            .any = requests->all > 0,
            .few_fail = requests->failed <= most_failed(objectives) * requests->all,
            .few_are_slow = requests->timed - quick(*requests, objectives) <= kMostSlow * requests->timed};
}

Measured measured_from(double failed, double slow, const api::Objectives& objectives) {
    if (std::isnan(failed) || std::isnan(slow)) return {.problem = "", .begun = true};
    return {.problem = "",
            .begun = true,
            .any = true,
            .few_fail = failed <= most_failed(objectives),
            .few_are_slow = slow <= kMostSlow};
}

}  // namespace quality
