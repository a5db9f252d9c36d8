#include "common/service/health.h"

#include <utility>

namespace service {

namespace {

// While a process starts, so that it is ready as soon as what it needs is.
constexpr base::Duration kImpatient{20};

}  // namespace

Health::Health(std::vector<std::pair<std::string, Check>> required, std::vector<std::pair<std::string, Check>> optional,
               std::function<void()> each_time, base::Duration interval)
    : required_(std::move(required)), optional_(std::move(optional)), each_time_(std::move(each_time)), interval_(interval) {}

Health::~Health() {
    stop();
}

void Health::start() {
    thread_ = std::thread([this] { run(); });
}

void Health::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Health::drain() {
    const std::lock_guard lock(mutex_);
    draining_ = true;
}

Health::State Health::state() const {
    const std::lock_guard lock(mutex_);
    State state = state_;
    if (draining_) {
        state.ready = false;
        state.problems.insert(state.problems.begin(), "shutting down");
    }
    return state;
}

Health::State Health::look() const {
    State state;
    state.ready = true;
    for (const auto& [name, check] : required_) {
        const std::optional<std::string> problem = check();
        if (!problem) continue;
        state.ready = false;
        state.problems.push_back(name + ": " + *problem);
    }
    for (const auto& [name, check] : optional_) {
        const std::optional<std::string> problem = check();
        if (problem) state.problems.push_back("degraded, " + name + ": " + *problem);
    }
    return state;
}

void Health::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        lock.unlock();
        State seen = look();
        lock.lock();
        seen.started = state_.started || seen.ready;
        state_ = std::move(seen);
        lock.unlock();
        each_time_();
        lock.lock();
        changed_.wait_for(lock, state_.started ? interval_ : kImpatient, [this] { return stopping_; });
    }
}

}  // namespace service
