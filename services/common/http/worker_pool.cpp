// Threads that take work from a bounded queue; each starts when there is work that no idle one can take. Of idle ones the one
// that worked last is woken, whose stack and memory are still in the caches; the others sleep on.
#include "common/http/worker_pool.h"

#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/http/problem.h"

namespace http {
namespace {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;
using Done = std::function<void(std::exception_ptr, Response)>;

// From a tenth of a millisecond, below which waiting costs nothing, to where clients have long given up.
const prometheus::Histogram::BucketBoundaries kWaitBuckets{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5};

struct Job {
    std::function<Response()> work;
    Done done;
    Steady::time_point since;
};

std::exception_ptr overload() {
    return std::make_exception_ptr(too_many("Too many requests wait already.", base::Duration{1'000}));
}

prometheus::Labels labels(const WorkerPool::Limits& limits) {
    return limits.name.empty() ? prometheus::Labels{} : prometheus::Labels{{"pool", limits.name}};
}

}  // namespace

struct WorkerPool::Impl {
    Impl(const Limits& given, prometheus::Registry& registry)
        : limits(given),
          busy(prometheus::BuildGauge()
                   .Name("worker_pool_busy")
                   .Help("Workers that run something.")
                   .Register(registry)
                   .Add(labels(given))),
          length(prometheus::BuildGauge()
                     .Name("worker_pool_queue_length")
                     .Help("Work that waits.")
                     .Register(registry)
                     .Add(labels(given))),
          waited(prometheus::BuildHistogram()
                     .Name("worker_pool_queue_seconds")
                     .Help("How long work waited for a worker.")
                     .Register(registry)
                     .Add(labels(given), kWaitBuckets)) {
        workers.reserve(limits.threads);
        idle.reserve(limits.threads);
    }

    struct Worker {
        std::condition_variable wake;
        bool is_called = false;  // And no longer among the idle.
        std::thread thread;
    };

    // False: the queue is full, and the job untouched.
    bool add(Job& job) {
        Worker* called = nullptr;
        {
            const std::lock_guard lock{mutex};
            if (stopping || queue.size() >= limits.queue) return false;
            if (!idle.empty()) {
                called = idle.back();
                idle.pop_back();
                called->is_called = true;
            } else if (workers.size() < limits.threads && !add_worker()) {
                return false;
            }
            queue.push_back(std::move(job));
            length.Set(static_cast<double>(queue.size()));
        }
        if (called != nullptr) called->wake.notify_one();  // Not with the mutex, which is the first thing that it takes.
        return true;
    }

    // False: there is none at all, as the system has no thread left to give.
    bool add_worker() {
        auto worker = std::make_unique<Worker>();
        try {
            worker->thread = std::thread([this, self = worker.get()] { serve(*self); });
            workers.push_back(std::move(worker));
        } catch (const std::system_error&) {
        }
        return !workers.empty();
    }

    void serve(Worker& self) {
        std::unique_lock lock{mutex};
        while (true) {
            // Another one may have been quicker to take what this one was called for.
            while (queue.empty() && !stopping) {
                idle.push_back(&self);
                self.is_called = false;
                self.wake.wait(lock, [&] { return self.is_called || stopping; });
            }
            if (queue.empty()) return;
            Job job = std::move(queue.front());
            queue.pop_front();
            length.Set(static_cast<double>(queue.size()));
            lock.unlock();
            run(job);
            job = {};  // Outside the lock: what it holds may be large.
            lock.lock();
        }
    }

    void run(Job& job) {
        waited.Observe(std::chrono::duration<double>(Steady::now() - job.since).count());
        busy.Increment();
        Response response;
        std::exception_ptr failure;
        try {
            response = job.work();
        } catch (...) {
            failure = std::current_exception();
        }
        job.work = nullptr;
        busy.Decrement();
        job.done(failure, std::move(response));
    }

    void stop() {
        std::deque<Job> dropped;
        {
            const std::lock_guard lock{mutex};
            stopping = true;
            dropped.swap(queue);
            length.Set(0);
        }
        for (const auto& worker : workers) worker->wake.notify_one();
        for (const auto& worker : workers) worker->thread.join();
        for (Job& job : dropped) {
            job.done(std::make_exception_ptr(unavailable("The service is stopping.")), {});
        }
    }

    const Limits limits;
    prometheus::Gauge& busy;
    prometheus::Gauge& length;
    prometheus::Histogram& waited;
    std::mutex mutex;
    std::deque<Job> queue;
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<Worker*> idle;  // The last one has worked last.
    bool stopping = false;
};

WorkerPool::WorkerPool(const Limits& limits, prometheus::Registry& registry) : impl_(std::make_shared<Impl>(limits, registry)) {}

WorkerPool::~WorkerPool() {
    impl_->stop();
}

asio::awaitable<Response> WorkerPool::run(std::function<Response()> work) {
    auto start = [impl = impl_, work = std::move(work)](auto&& handler) mutable {
        using Waiting = std::decay_t<decltype(handler)>;
        const auto executor = asio::get_associated_executor(handler);
        // The guard keeps the loop running while the work does. The handler goes back to its loop to be called and destroyed.
        Done done = [guard = asio::make_work_guard(executor),
                     waiting = std::make_shared<Waiting>(std::forward<decltype(handler)>(handler))](std::exception_ptr failure,
                                                                                                    Response response) mutable {
            asio::post(guard.get_executor(),
                       [waiting = std::move(waiting), failure = std::move(failure), response = std::move(response)]() mutable {
                           Waiting resume = std::move(*waiting);
                           resume(failure, std::move(response));
                       });
        };
        Job job{std::move(work), std::move(done), Steady::now()};
        if (!impl->add(job)) job.done(overload(), {});
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, Response)>(std::move(start),
                                                                                                   asio::use_awaitable);
}

}  // namespace http
