// Runs the rules of leader election against the API server.
#include "runtime/lease.h"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

namespace runtime {

namespace asio = boost::asio;
using asio::awaitable;
using base::Duration;
using kube::Json;

namespace {

// Candidates that began together drift apart. Less than client-go's 1.2, so that a release is seen in little more than `retry`.
constexpr double kJitter = 0.2;

prometheus::Gauge* status_gauge(prometheus::Registry* registry, const std::string& name) {
    if (registry == nullptr) return nullptr;
    auto& family =
        prometheus::BuildGauge()
            .Name("leader_election_master_status")
            .Help("Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.")
            .Register(*registry);
    return &family.Add({{"name", name}});
}

}  // namespace

Lease::Lease(asio::io_context& io, client::Client& client, kube::Key key, std::string identity, const base::Clock& clock,
             const base::Log& log, prometheus::Registry* registry, LeaseTimes times, base::Random random)
    : client_(client),
      key_(std::move(key)),
      identity_(std::move(identity)),
      clock_(clock),
      log_(log.with({{"lease", to_string(key_)}, {"identity", identity_}})),
      times_(times),
      random_(std::move(random)),
      state_(identity_, times, clock),
      timer_(io),
      deadline_(io),
      status_(status_gauge(registry, key_.name)) {}

awaitable<bool> Lease::acquire() {
    while (!stopped_) {
        const base::SteadyTime began = clock_.now();
        const std::string problem = co_await attempt();
        if (problem.empty() && state_.is_ours()) {
            renewed_at_ = began;
            set_leads(true);
            log_.info("became leader");
            co_return true;
        }
        report_waiting(problem);
        co_await pause(until_next_look());
    }
    co_return false;
}

awaitable<void> Lease::hold() {
    std::string problem;
    while (leads_ && !stopped_) {
        const base::SteadyTime lost_at = renewed_at_ + times_.renew_deadline;
        watch_deadline(lost_at);
        co_await pause(std::min(base::jittered(times_.retry, kJitter, random_), lost_at - clock_.now()));
        if (stopped_) break;
        if (clock_.now() >= lost_at) lose(problem);

        const base::SteadyTime began = clock_.now();
        problem = co_await attempt();
        if (known_ && !state_.is_ours()) lose("");
        if (problem.empty()) renewed_at_ = began;
        report(problem);
    }
    deadline_.cancel();
}

awaitable<void> Lease::release() {
    if (!leads_) co_return;
    set_leads(false);
    for (int tries = 0; tries < 2; ++tries) {
        try {
            if (!known_) co_await read();
            if (!state_.is_ours()) co_return;
            Json released = state_.released();
            co_await write(std::move(released));
            log_.info("released the lease");
            co_return;
        } catch (const std::exception& failure) {
            known_ = false;
            report(failure.what());
        }
    }
}

void Lease::stop() {
    stopped_ = true;
    timer_.cancel();
}

awaitable<std::string> Lease::attempt() {
    std::string problem;
    for (int tries = 0; tries < 2; ++tries) {
        try {
            if (!leads_ || !known_) co_await read();
            const bool taken = leads_ && !state_.is_ours() && !state_.holder().empty();
            if (taken || state_.step() == LeaseState::Step::Wait) co_return std::string{};
            Json next = state_.next();
            co_await write(std::move(next));
            co_return std::string{};
        } catch (const client::ApiError& refused) {
            known_ = false;
            problem = refused.what();
            // Beaten by another write, or deleted: read what it is now, and decide again at once.
            if (refused.code() != 409 && refused.code() != 404) co_return problem;
        } catch (const std::exception& failure) {
            known_ = false;
            co_return failure.what();
        }
    }
    co_return problem;
}

awaitable<void> Lease::read() {
    const std::optional<Json> found = co_await client_.get(kube::kLease, key_);
    state_.observe(found);
    known_ = true;
}

awaitable<Json> Lease::call_for(const Json& lease) {
    if (lease.contains("metadata")) return client_.replace(kube::kLease, lease);
    kube::Object object = kube::Object::make(kube::kLease, key_);
    object["spec"] = lease["spec"];
    return client_.create(kube::kLease, object.json);
}

awaitable<void> Lease::write(Json lease) {
    awaitable<Json> call = call_for(lease);
    const Json stored = co_await std::move(call);
    state_.observe(stored);
    known_ = true;
}

awaitable<void> Lease::pause(Duration time) {
    if (stopped_) co_return;
    timer_.expires_after(std::max(time, Duration{1}));
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Duration Lease::until_next_look() const {
    const Duration usual = base::jittered(times_.retry, kJitter, random_);
    if (!known_ || state_.step() != LeaseState::Step::Wait) return usual;
    return std::min(usual, state_.due() - clock_.now());
}

// A request that hangs must not hide that the lease ran out.
void Lease::watch_deadline(base::SteadyTime lost_at) {
    deadline_.expires_after(std::max(lost_at - clock_.now(), Duration{0}));
    deadline_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& cancelled) {
        if (!cancelled && !alive.expired()) client_.close();
    });
}

void Lease::set_leads(bool leads) {
    leads_ = leads;
    if (status_ != nullptr) status_->Set(leads ? 1 : 0);
}

void Lease::report_waiting(const std::string& problem) {
    report(problem.empty() ? "another process leads: " + state_.holder() : problem);
}

void Lease::report(const std::string& problem) {
    if (problem == reported_) return;
    reported_ = problem;
    if (problem.empty()) return;
    if (leads_) log_.warn("can't renew the lease", {{"problem", problem}});
    if (!leads_) log_.info("not leading", {{"reason", problem}});
}

void Lease::lose(const std::string& problem) {
    set_leads(false);
    deadline_.cancel();
    client_.close();
    std::string why = problem.empty() ? "no renewal in time" : "no renewal in time: " + problem;
    if (known_ && !state_.is_ours()) why = state_.holder() + " holds it now";
    throw LeaseLost("lost Lease " + to_string(key_) + ": " + why);
}

}  // namespace runtime
