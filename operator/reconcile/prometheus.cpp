#include "reconcile/prometheus.h"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <set>
#include <stdexcept>

#include "api/components.h"
#include "api/names.h"
#include "client/url.h"
#include "quality/prometheus_answer.h"
#include "quality/traffic.h"
#include "reconcile/plain_get.h"

namespace reconcile {

namespace {

using boost::asio::awaitable;

constexpr std::uint64_t kMostAnswer = 64 << 10;  // A few numbers, or an error in words.
constexpr std::uint64_t kMostRules = 4 << 20;    // Of a whole cluster, where it knows no filter; half a kilobyte each.

// An error of its own comes with another status, too, and in its words.
awaitable<std::string> answer_to(std::string url, std::string target, std::uint64_t most_bytes) {
    const client::ServerUrl server = client::parse_url(url);
    const auto port = static_cast<std::uint16_t>(std::stoi(server.port));
    PlainAnswer answer = co_await plain_get(server.host, port, target, most_bytes);
    if (answer.status != 200 && !answer.body.starts_with('{')) {
        throw std::runtime_error("HTTP status " + std::to_string(answer.status));
    }
    co_return std::move(answer.body);
}

awaitable<std::string> answer_to_query(std::string url, std::string expression) {
    const std::string target = client::Target("/api/v1/query").query("query", expression).text();
    co_return co_await answer_to(url, target, kMostAnswer);
}

}  // namespace

std::string in_words(const std::exception& error) {
    const auto* const of_system = dynamic_cast<const boost::system::system_error*>(&error);
    return of_system ? of_system->code().message() : error.what();
}

awaitable<quality::Measured> ask_for_requests(std::string url, resources::Ratios ratios, api::Objectives objectives) {
    std::string problem;
    try {
        const std::optional<double> failed = quality::number_from(co_await answer_to_query(url, ratios.failed));
        const std::optional<double> slow = quality::number_from(co_await answer_to_query(url, ratios.slow));
        if (failed && slow) co_return quality::measured_from(*failed, *slow, objectives);
        problem = "it has none of the last 5 minutes";
    } catch (const std::exception& error) {
        problem = in_words(error);
    }
    co_return quality::Measured{.problem = problem};
}

awaitable<std::optional<bool>> ask_for_spans(std::string url, resources::Spans spans) {
    try {
        const std::optional<double> lost = quality::number_from(co_await answer_to_query(url, spans.lost));
        const std::optional<double> taken = quality::number_from(co_await answer_to_query(url, spans.taken));
        if (lost.value_or(0) > 0) co_return false;
        if (taken.value_or(0) > 0) co_return true;
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the other questions say what is wrong.
    }
    co_return std::nullopt;
}

awaitable<quality::Scraping> ask_for_scraping(std::string url, ToBeRead wanted) {
    std::string problem;
    try {
        const std::set<std::string> read = quality::values_from(co_await answer_to_query(url, wanted.expression), "service");
        const std::string target = client::Target("/api/v1/rules").query("type", "alert").query("exclude_alerts", "true").text();
        const std::vector<std::string> loaded =
            quality::alerts_from(co_await answer_to(url, target, kMostRules), wanted.platform);
        quality::Scraping scraping;
        scraping.alerts = std::ranges::includes(loaded, wanted.alerts);
        for (const api::Service& service : api::kServices) {
            const bool is_read = read.contains(api::child_name(wanted.platform.name, service.key));
            if (!is_read) scraping.unread.emplace_back(service.key);
        }
        co_return scraping;
    } catch (const std::exception& error) {
        problem = in_words(error);
    }
    co_return quality::Scraping{.problem = problem};
}

}  // namespace reconcile
