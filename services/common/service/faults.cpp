#include "common/service/faults.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <vector>

#include "common/http/problem.h"

namespace service {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

constexpr std::int64_t kLongestDelay = 60'000;  // Milliseconds.

awaitable<void> wait_for(base::Duration delay) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    timer.expires_after(delay);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

awaitable<http::Response> handle_with(std::shared_ptr<Faults> faults, http::AsyncHandler next, http::Request request) {
    const Faults::Draw draw = faults->draw();
    if (draw.delay > base::Duration{0}) co_await wait_for(draw.delay);
    if (draw.error) {
        const http::Problem problem(500, "a fault was injected");
        co_return problem.response();
    }
    http::Response response = co_await next(std::move(request));
    response.hang_up = response.hang_up || draw.lost;
    co_return response;
}

}  // namespace

FaultPlan fault_plan_from(const http::Request& request) {
    const nlohmann::json body = nlohmann::json::parse(request.body, nullptr, false);
    if (!body.is_object()) throw http::Problem(400, "the body must be a JSON object");
    std::vector<http::FieldError> errors;
    FaultPlan plan;
    for (const auto& [name, value] : body.items()) {
        const auto share = [&, field = name, given = value](double& into) {
            if (given.is_number() && given >= 0 && given <= 1) {
                into = given;
            } else {
                errors.push_back({"/" + field, "must be between 0 and 1"});
            }
        };
        if (name == "delay_ms") {
            if (value.is_number_integer() && value >= 0 && value <= kLongestDelay) {
                plan.delay = base::Duration{value.get<std::int64_t>()};
            } else {
                errors.push_back({"/delay_ms", "must be a whole number between 0 and " + std::to_string(kLongestDelay)});
            }
        } else if (name == "seed") {
            if (value.is_number_unsigned()) {
                plan.seed = value;
            } else {
                errors.push_back({"/seed", "must be a whole number, at least 0"});
            }
        } else if (name == "delay_share") {
            share(plan.delay_share);
        } else if (name == "error_share") {
            share(plan.error_share);
        } else if (name == "lost_share") {
            share(plan.lost_share);
        } else {
            errors.push_back({"/" + name, "there is no such field"});
        }
    }
    if (!errors.empty()) throw http::invalid(std::move(errors));
    return plan;
}

nlohmann::json to_json(const FaultPlan& plan) {
    return {{"delay_ms", plan.delay.count()},
            {"delay_share", plan.delay_share},
            {"error_share", plan.error_share},
            {"lost_share", plan.lost_share},
            {"seed", plan.seed}};
}

void Faults::set(const FaultPlan& plan) {
    const std::lock_guard lock(mutex_);
    plan_ = plan;
    random_.seed(plan.seed);
}

FaultPlan Faults::plan() const {
    const std::lock_guard lock(mutex_);
    return plan_;
}

Faults::Draw Faults::draw() {
    const std::lock_guard lock(mutex_);
    std::uniform_real_distribution<double> uniform;
    Draw draw;
    if (uniform(random_) < plan_.delay_share) draw.delay = plan_.delay;
    draw.error = uniform(random_) < plan_.error_share;
    draw.lost = uniform(random_) < plan_.lost_share;
    return draw;
}

http::AsyncHandler with_faults(std::shared_ptr<Faults> faults, http::AsyncHandler next) {
    return [faults = std::move(faults), next = std::move(next)](http::Request request) {
        return handle_with(faults, next, std::move(request));
    };
}

}  // namespace service
