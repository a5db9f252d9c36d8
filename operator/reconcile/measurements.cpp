#include "reconcile/measurements.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <stdexcept>

#include "runtime/bell.h"

namespace reconcile {

namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
namespace beast = boost::beast;

constexpr std::chrono::seconds kPatience{2};   // A gateway's metrics take milliseconds.
constexpr std::uint64_t kMostBytes = 4 << 20;  // Measured: 6 KB, and 2 KB more for each route that was asked for.
constexpr std::size_t kMostAtOnce = 16;        // Connections and their buffers.

awaitable<std::string> metrics_of(MetricsOf pod) {
    beast::tcp_stream stream(co_await boost::asio::this_coro::executor);
    stream.expires_after(kPatience);
    const tcp::endpoint endpoint(boost::asio::ip::make_address(pod.address), static_cast<std::uint16_t>(pod.port));
    co_await stream.async_connect(endpoint, use_awaitable);
    beast::http::request<beast::http::empty_body> request(beast::http::verb::get, "/metrics", 11);
    request.set(beast::http::field::host, pod.address);
    request.keep_alive(false);
    co_await beast::http::async_write(stream, request, use_awaitable);
    beast::flat_buffer buffer;
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(kMostBytes);
    co_await beast::http::async_read(stream, buffer, parser, use_awaitable);
    if (parser.get().result_int() != 200) throw std::runtime_error("HTTP status " + std::to_string(parser.get().result_int()));
    co_return std::move(parser.get().body());
}

}  // namespace

Measurements::Measurements(boost::asio::io_context& io, const Platforms& platforms, PodsOf pods_of, const base::Clock& clock,
                           Changed changed)
    : io_(io), platforms_(platforms), pods_of_(std::move(pods_of)), clock_(clock), changed_(std::move(changed)) {}

quality::Measured Measurements::of(const kube::Key& platform) const {
    const auto found = known_.find(platform);
    return found == known_.end() ? quality::Measured{} : found->second.measured;
}

awaitable<void> Measurements::look() {
    std::vector<kube::Key> platforms;
    platforms_.for_each([&](const kube::Key& key, const KnownPlatform& known) {
        if (known.problems.empty()) platforms.push_back(key);
    });
    std::erase_if(known_, [&](const auto& each) {
        const KnownPlatform* known = platforms_.find(each.first);
        return !known || !known->problems.empty();
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

awaitable<void> Measurements::look_at(kube::Key platform) {
    const std::vector<MetricsOf> pods = pods_of_(platform);
    std::string problem = pods.empty() ? "no pod of it runs" : "";
    std::map<std::string, std::string> texts;
    for (const MetricsOf& pod : pods) {
        try {
            texts[pod.pod] = co_await metrics_of(pod);
        } catch (const boost::system::system_error& error) {
            problem = error.code().message();
        } catch (const std::exception& error) {
            problem = error.what();
        }
    }
    const KnownPlatform* known = platforms_.find(platform);
    if (!known || !known->problems.empty()) co_return;
    const api::Objectives& objectives = known->platform.spec.objectives;
    Known& entry = known_[platform];
    if (entry.latency != objectives.latency_p99) entry = {objectives.latency_p99, {}, std::move(entry.measured)};
    bool any = false;
    for (const auto& [pod, text] : texts) {
        try {
            entry.traffic.add(pod, quality::requests_from(text, quality::latency_seconds(objectives)), clock_.now());
            any = true;
        } catch (const std::invalid_argument& error) {
            problem = error.what();
        }
    }
    entry.traffic.keep_pods([&](const std::string& name) {
        return std::ranges::any_of(pods, [&](const MetricsOf& pod) { return pod.pod == name; });
    });
    // What some pods say is enough to judge by: one that starts or stops is no news.
    quality::Measured measured{.problem = problem};
    if (any) measured = quality::measured_from(entry.traffic.of_window(clock_.now()), objectives);
    if (entry.measured == measured) co_return;
    entry.measured = std::move(measured);
    changed_(platform);
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
