// Whether a process should get traffic, as observed regularly by a thread of its own: probes must answer at once.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"

namespace service {

class Health {
public:
    // Nothing, or what is wrong. May block for as long as it takes to find out.
    using Check = std::function<std::optional<std::string>()>;

    // `required` decide about readiness; of `optional` ones that fail it is only said that the service is degraded. Both are
    // asked every `interval`, more often until they first all succeed. `each_time` runs after them, and sees the new state.
    Health(std::vector<std::pair<std::string, Check>> required, std::vector<std::pair<std::string, Check>> optional,
           std::function<void()> each_time, base::Duration interval = base::Duration{1'000});
    ~Health();

    void start();
    void stop();
    void drain();  // From now on: not ready.

    struct State {
        bool started = false;  // Was ready once.
        bool ready = false;
        std::vector<std::string> problems;  // "database: can't be reached", those of optional checks included.
    };
    State state() const;

private:
    void run();
    State look() const;

    const std::vector<std::pair<std::string, Check>> required_;
    const std::vector<std::pair<std::string, Check>> optional_;
    const std::function<void()> each_time_;
    const base::Duration interval_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    State state_;
    bool draining_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace service
