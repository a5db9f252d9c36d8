// Starts the threads one after the other, each once the one before has allocated.
#include "common/base/early_threads.h"

#include <memory>
#include <utility>

namespace base {

EarlyThreads::EarlyThreads(std::size_t count) : threads_(count) {
    for (Early& early : threads_) {
        std::promise<std::unique_ptr<int>> first;
        std::future<std::unique_ptr<int>> allocated = first.get_future();
        early.thread = std::thread([work = early.work.get_future(), allocates = std::move(first)]() mutable {
            allocates.set_value(std::make_unique<int>());
            if (const std::function<void()> told = work.get()) told();
        });
        allocated.wait();
    }
}

EarlyThreads::~EarlyThreads() {
    for (Early& early : threads_) {
        if (early.told || !early.thread.joinable()) continue;
        early.work.set_value({});
        early.thread.join();
    }
}

void EarlyThreads::run(std::size_t index, std::function<void()> work) {
    threads_[index].work.set_value(std::move(work));
    threads_[index].told = true;
}

void EarlyThreads::join() {
    for (Early& early : threads_) {
        if (!std::exchange(early.told, true)) early.work.set_value({});
        early.thread.join();
    }
}

}  // namespace base
