// Runs pieces of work again and again, each on a thread of its own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/log.h"
#include "common/service/process.h"

namespace service {

class Periodics {
public:
    Periodics(std::vector<Periodic> works, base::Log log) : works_(std::move(works)), log_(std::move(log)) {}
    ~Periodics() { stop(); }

    void start();
    void stop();  // Waits for what runs.

private:
    void run(const Periodic& work);

    const std::vector<Periodic> works_;
    const base::Log log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace service
