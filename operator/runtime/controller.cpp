#include "runtime/controller.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "common/base/metrics.h"

namespace runtime {

namespace asio = boost::asio;

namespace {

double seconds(base::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

struct Controller::Metrics {
    Metrics(prometheus::Registry& registry, const std::string& name)
        : reconciles(prometheus::BuildCounter()
                         .Name("controller_runtime_reconcile_total")
                         .Help("Reconciles by outcome.")
                         .Register(registry)),
          succeeded(reconciles.Add({{"controller", name}, {"result", "success"}})),
          requeued(reconciles.Add({{"controller", name}, {"result", "requeue_after"}})),
          failed(reconciles.Add({{"controller", name}, {"result", "error"}})),
          errors(counter(registry, "controller_runtime_reconcile_errors_total", "Reconciles that failed.", "controller", name)),
          time(histogram(registry, "controller_runtime_reconcile_time_seconds", "Time that a reconcile takes.", "controller",
                         name, base::reconcile_buckets())),
          workers(gauge(registry, "controller_runtime_max_concurrent_reconciles", "Workers.", "controller", name)),
          active(gauge(registry, "controller_runtime_active_workers", "Workers that reconcile now.", "controller", name)),
          depth(gauge(registry, "workqueue_depth", "Keys that wait.", "name", name)),
          adds(counter(registry, "workqueue_adds_total", "Keys added.", "name", name)),
          retries(counter(registry, "workqueue_retries_total", "Keys added again after a failure.", "name", name)),
          waited(histogram(registry, "workqueue_queue_duration_seconds", "Time from due to taken.", "name", name,
                           base::workqueue_buckets())),
          worked(histogram(registry, "workqueue_work_duration_seconds", "Time from taken to done.", "name", name,
                           base::workqueue_buckets())) {}

    static prometheus::Counter& counter(prometheus::Registry& registry, const char* metric, const char* help, const char* label,
                                        const std::string& name) {
        return prometheus::BuildCounter().Name(metric).Help(help).Register(registry).Add({{label, name}});
    }
    static prometheus::Gauge& gauge(prometheus::Registry& registry, const char* metric, const char* help, const char* label,
                                    const std::string& name) {
        return prometheus::BuildGauge().Name(metric).Help(help).Register(registry).Add({{label, name}});
    }
    static prometheus::Histogram& histogram(prometheus::Registry& registry, const char* metric, const char* help,
                                            const char* label, const std::string& name,
                                            const prometheus::Histogram::BucketBoundaries& buckets) {
        return prometheus::BuildHistogram().Name(metric).Help(help).Register(registry).Add({{label, name}}, buckets);
    }

    prometheus::Family<prometheus::Counter>& reconciles;
    prometheus::Counter& succeeded;
    prometheus::Counter& requeued;
    prometheus::Counter& failed;
    prometheus::Counter& errors;
    prometheus::Histogram& time;
    prometheus::Gauge& workers;
    prometheus::Gauge& active;
    prometheus::Gauge& depth;
    prometheus::Counter& adds;
    prometheus::Counter& retries;
    prometheus::Histogram& waited;
    prometheus::Histogram& worked;
};

Controller::Controller(asio::io_context& io, const base::Clock& clock, const base::Log& log, prometheus::Registry& registry,
                       std::string name, Reconcile reconcile)
    : io_(io),
      clock_(clock),
      log_(log.with({{"controller", name}})),
      name_(std::move(name)),
      reconcile_(std::move(reconcile)),
      queue_(io, clock),
      backoff_({}, base::system_random()),
      metrics_(std::make_unique<Metrics>(registry, name_)),
      idle_(io.get_executor()) {}

Controller::~Controller() = default;

void Controller::enqueue(const kube::Key& key, base::Duration delay) {
    queue_.add(key, delay);
    const auto [due, first] = due_.emplace(key, clock_.now() + delay);
    if (!first) due->second = std::min(due->second, clock_.now() + delay);
    metrics_->adds.Increment();
    metrics_->depth.Set(static_cast<double>(queue_.depth()));
}

void Controller::start(int workers) {
    metrics_->workers.Set(workers);
    for (int worker = 0; worker < workers; ++worker) asio::co_spawn(io_, work(), asio::detached);
}

asio::awaitable<void> Controller::stop() {
    queue_.close();
    co_await idle_.until([this] { return working_ == 0; });
}

asio::awaitable<void> Controller::work() {
    while (true) {
        const std::optional<kube::Key> key = co_await queue_.take();
        if (!key) co_return;
        ++working_;
        co_await handle(*key);
        queue_.done(*key);
        if (--working_ == 0) idle_.ring();
    }
}

asio::awaitable<void> Controller::handle(kube::Key key) {
    const base::SteadyTime started = clock_.now();
    if (const auto due = due_.extract(key); !due.empty()) metrics_->waited.Observe(seconds(started - due.mapped()));
    metrics_->depth.Set(static_cast<double>(queue_.depth()));
    metrics_->active.Increment();

    Action action;
    try {
        action = co_await reconcile_(key);
    } catch (const std::exception& failure) {
        action = Action::back_off(failure.what());
    }

    metrics_->active.Decrement();
    const double took = seconds(clock_.now() - started);
    metrics_->time.Observe(took);
    metrics_->worked.Observe(took);
    if (action.next == Action::Next::BackOff) {
        const base::Duration delay = backoff_.next(key);
        metrics_->failed.Increment();
        metrics_->errors.Increment();
        metrics_->retries.Increment();
        log_.error("reconcile failed",
                   {{"platform", kube::to_string(key)}, {"error", action.reason}, {"retry_ms", delay.count()}});
        enqueue(key, delay);
        co_return;
    }
    backoff_.forget(key);
    const bool again = action.next == Action::Next::After;
    (again ? metrics_->requeued : metrics_->succeeded).Increment();
    if (again) enqueue(key, action.delay);
}

}  // namespace runtime
