#include "common/service/periodic.h"

#include <exception>

namespace service {

void Periodics::start() {
    for (const Periodic& work : works_) threads_.emplace_back([this, &work] { run(work); });
}

void Periodics::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void Periodics::run(const Periodic& work) {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        lock.unlock();
        try {
            work.work();
        } catch (const std::exception& error) {
            log_.warn("periodic work failed", {{"work", work.name}, {"error", error.what()}});
        }
        lock.lock();
        changed_.wait_for(lock, work.interval, [this] { return stopping_; });
    }
}

}  // namespace service
