#include "reconcile/measurements.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <tuple>

#include "reconcile/plain_get.h"
#include "reconcile/prometheus.h"
#include "resources/objectives.h"
#include "runtime/bell.h"

namespace reconcile {

namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;

constexpr std::uint64_t kMostMetrics = 4 << 20;  // Measured: 6 KB, and 2 KB more for each route that was asked for.
constexpr std::size_t kMostAtOnce = 16;          // Connections and their buffers.

// Until a Prometheus reads a new pod and has taken up what it is told: half a minute until the platform's own asks the DNS again,
// or a minute in which the kubelet carries what an operator changed into the pod of another (its sync period), half a minute
// until it reads next, and as long again.
constexpr std::chrono::minutes kUntilRead{2};

awaitable<std::string> metrics_of(MetricsOf pod) {
    const std::string target = "/metrics";
    PlainAnswer answer = co_await plain_get(pod.address, static_cast<std::uint16_t>(pod.port), target, kMostMetrics);
    if (answer.status != 200) throw std::runtime_error("HTTP status " + std::to_string(answer.status));
    co_return std::move(answer.body);
}

bool are_same(const api::Objectives& a, const api::Objectives& b) {
    return std::tie(a.latency_p99, a.error_rate_percent) == std::tie(b.latency_p99, b.error_rate_percent);
}

}  // namespace

Measurements::Measurements(boost::asio::io_context& io, const Platforms& platforms, PodsOf pods_of, IsAvailable is_available,
                           const base::Clock& clock, Changed changed)
    : io_(io),
      platforms_(platforms),
      pods_of_(std::move(pods_of)),
      is_available_(std::move(is_available)),
      clock_(clock),
      changed_(std::move(changed)) {}

bool Measurements::measures(const KnownPlatform& known) const {
    return known.problems.empty() && (pods_of_ || !known.platform.spec.prometheus_url.empty());
}

std::optional<quality::Measured> Measurements::of(const api::Platform& platform) const {
    if (!pods_of_ && platform.spec.prometheus_url.empty()) return std::nullopt;
    const auto found = known_.find(platform.key);
    if (found == known_.end()) return quality::Measured{};
    quality::Measured measured = found->second.measured;
    if (!are_same(found->second.objectives, platform.spec.objectives)) measured.begun = false;
    return measured;
}

awaitable<void> Measurements::look() {
    std::vector<kube::Key> platforms;
    platforms_.for_each([&](const kube::Key& key, const KnownPlatform& known) {
        if (measures(known)) platforms.push_back(key);
    });
    std::erase_if(known_, [&](const auto& each) {
        const KnownPlatform* known = platforms_.find(each.first);
        return !known || !measures(*known);
    });
    std::size_t next = 0;
    std::size_t running = std::min(kMostAtOnce, platforms.size());
    runtime::Bell done(io_.get_executor());
    for (std::size_t index = running; index > 0; --index) {
        const auto work = [&]() -> awaitable<void> {
            while (next < platforms.size()) co_await look_at(platforms[next++]);
        };
        boost::asio::co_spawn(io_, work, [&](const std::exception_ptr&) {
            --running;
            done.ring();
        });
    }
    co_await done.until([&] { return running == 0; });
}

// A service that is not available yet can't be read, and what a Prometheus lacked before it began anew does not count.
void Measurements::have_patience(const kube::Key& platform, quality::Scraping& scraping) {
    std::map<std::string, base::SteadyTime>& before = known_[platform].lacks;
    std::map<std::string, base::SteadyTime> lacks;
    const base::SteadyTime now = clock_.now();
    const auto is_new = [&](const std::string& what) {
        const auto known = before.find(what);
        const base::SteadyTime since = known == before.end() ? now : known->second;
        lacks[what] = since;
        return now - since < kUntilRead;
    };
    if (scraping.problem.empty()) {
        std::vector<std::string>& unread = scraping.unread;
        const auto new_ones = std::stable_partition(unread.begin(), unread.end(), [&](const std::string& service) {
            return is_available_(platform, service) && !is_new(service);
        });
        scraping.awaited.assign(new_ones, unread.end());
        unread.erase(new_ones, unread.end());
        scraping.alerts_awaited = !scraping.alerts && is_new("");
    }
    before = std::move(lacks);
}

awaitable<void> Measurements::look_at(kube::Key platform) {
    const KnownPlatform* known = platforms_.find(platform);
    if (!known || !measures(*known)) co_return;
    const std::string url = api::prometheus_url(known->platform);
    const api::Objectives objectives = known->platform.spec.objectives;
    quality::Measured measured;
    if (url.empty()) {
        measured = co_await count(platform, objectives);
    } else {
        const api::Platform& shop = known->platform;
        const bool is_to_read = shop.spec.prometheus || shop.spec.metrics == api::Metrics::ServiceMonitor;
        const ToBeRead wanted{platform, resources::services_read(shop), resources::alerts(shop)};
        const resources::Ratios ratios = resources::ratios(shop);
        const resources::Spans spans = resources::spans(shop);
        const bool traces = !shop.spec.tracing.endpoint.empty();
        measured = co_await ask_for_requests(url, ratios, objectives);
        if (is_to_read) {
            measured.scraping = co_await ask_for_scraping(url, wanted);
            have_patience(platform, *measured.scraping);
        }
        if (traces) measured.spans_taken = co_await ask_for_spans(url, spans);
        // While none are sent, what was said of the last stands.
        if (traces && !measured.spans_taken) measured.spans_taken = known_[platform].measured.spans_taken;
    }
    known = platforms_.find(platform);
    if (!known || !measures(*known)) co_return;
    const std::optional<quality::Measured> said = of(known->platform);
    Known& entry = known_[platform];
    entry.measured = std::move(measured);
    entry.objectives = objectives;
    if (of(known->platform) != said) changed_(platform);
}

awaitable<quality::Measured> Measurements::count(kube::Key platform, api::Objectives objectives) {
    const std::vector<MetricsOf> pods = pods_of_(platform);
    std::string problem = pods.empty() ? "no pod of it is seen to run" : "";
    std::map<std::string, std::string> texts;
    for (const MetricsOf& pod : pods) {
        try {
            texts[pod.pod] = co_await metrics_of(pod);
        } catch (const std::exception& error) {
            problem = in_words(error);
        }
    }
    if (!platforms_.find(platform)) co_return quality::Measured{};
    Known& entry = known_[platform];
    bool any = false;
    for (const auto& [pod, text] : texts) {
        try {
            entry.traffic.add(pod, quality::requests_from(text), clock_.now());
            any = true;
        } catch (const std::invalid_argument& error) {
            problem = error.what();
        }
    }
    entry.traffic.keep_pods([&](const std::string& name) {
        return std::ranges::any_of(pods, [&](const MetricsOf& pod) { return pod.pod == name; });
    });
    // What some pods say is enough to judge by: one that starts or stops is no news.
    if (any) {
        quality::Measured measured = quality::measured_from(entry.traffic.of_window(clock_.now()), objectives);
        measured.spans_taken = entry.traffic.spans_taken();
        co_return measured;
    }
    co_return quality::Measured{.problem = problem};
}

awaitable<void> Measurements::run() {
    while (!stopping_) {
        co_await look();
        pause_.expires_after(kPause);
        boost::system::error_code woken;
        if (!stopping_) co_await pause_.async_wait(boost::asio::redirect_error(use_awaitable, woken));
    }
}

void Measurements::stop() {
    stopping_ = true;
    pause_.cancel();
}

}  // namespace reconcile
