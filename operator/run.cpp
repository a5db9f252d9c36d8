#include "run.h"

#include <malloc.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "api/components.h"
#include "api/names.h"
#include "client/client.h"
#include "common/base/metrics.h"
#include "common/base/resident.h"
#include "common/base/signals.h"
#include "common/http/server.h"
#include "reconcile/attribute_metrics.h"
#include "reconcile/children.h"
#include "reconcile/known_platform.h"
#include "reconcile/measurements.h"
#include "reconcile/reconciler.h"
#include "reconcile/references.h"
#include "reconcile/surroundings.h"
#include "runtime/bell.h"
#include "runtime/controller.h"
#include "runtime/endpoints.h"
#include "runtime/events.h"
#include "runtime/lease.h"
#include "runtime/watcher.h"

namespace {

using boost::asio::awaitable;

// Much less than the 30 s that Kubernetes gives a pod to stop.
constexpr std::chrono::seconds kPatience{5};

// A renewal that hangs must leave time for another within the lease's deadline of 10 s: half of it, as client-go has it.
client::Limits lease_limits() {
    client::Limits limits;
    limits.connect = limits.handshake = limits.request = base::Duration{5'000};
    return limits;
}

client::Selection platforms_of(const std::string& ns) {
    client::Selection selection;
    selection.ns = ns;
    return selection;
}

client::Selection names_alone() {
    client::Selection selection;
    selection.part = client::Part::Metadata;
    return selection;
}

// Everything that the process is made of, wired up once.
class Process {
public:
    Process(boost::asio::io_context& io, const RunOptions& options, const base::Log& log)
        : io_(io),
          options_(options),
          log_(log),
          client_(io, options.config, &registry_),
          lease_client_(io, options.config, nullptr, lease_limits()),
          identity_(runtime::lease_identity()),
          events_(io, client_, identity_, clock_, log),
          lease_(io, lease_client_, lease_key(options), identity_, clock_, log, &registry_),
          writes_(prometheus::BuildCounter()
                      .Name("ecommerceplatform_object_writes_total")
                      .Help("Objects created, updated and deleted, by kind.")
                      .Register(registry_)),
          children_(io, client_, log, options.watch_namespace, [this](const kube::Key& key) { enqueue(key); }),
          references_(io, client_, log, [this](const kube::Key& key) { enqueue(key); }),
          surroundings_(io, client_, log, options.watch_namespace, [this](const kube::Key& key) { enqueue_where(key); }),
          platforms_(reconcile::known_platform_from,
                     [this](const kube::Key& key, const auto* before, const auto* now) {
                         enqueue(key);
                         if (!before || !now) enqueue_neighbours(key);
                     }),
          platform_watcher_(io, client_, log, kube::kPlatform, platforms_of(options.watch_namespace), platforms_),
          definitions_([](const kube::Json&) { return true; },
                       [this](const kube::Key& key, const bool*, const bool* now) { set_served(key.name, now != nullptr); }),
          definition_watcher_(io, client_, log, kube::kCustomResourceDefinition, names_alone(), definitions_),
          measurements_(io, platforms_, pods_of_gateway(), has_available(), clock_,
                        [this](const kube::Key& key) { enqueue(key); }),
          reconciler_({client_, platforms_, children_, references_, surroundings_, measurements_, capabilities_, clock_, log,
                       [this](const api::Platform& platform, const reconcile::Notice& notice) { publish(platform, notice); },
                       [this](std::string_view verb, const kube::Kind& kind) {
                           writes_.Add({{"verb", std::string(verb)}, {"kind", std::string(kind.name)}}).Increment();
                       }}),
          controller_(io, clock_, log, registry_, "ecommerceplatform",
                      [this](kube::Key key) {
                          busy_ = true;
                          return reconciler_.reconcile(std::move(key));
                      }),
          server_(io, http::address_from(options.listen), endpoints(), log),
          signals_(io, [this](int signal) { stop_by(signal); }) {
        client_.set_warning_handler([this](const std::string& text) { log_.warn("the API server warns", {{"warning", text}}); });
        platform_watcher_.on_settled([this] { begin_once_synced(); });
        definition_watcher_.on_settled([this] { begin_once_synced(); });
        const auto begin_and_look_again = [this] {
            begin_once_synced();
            enqueue_where({});
        };
        children_.on_settled(begin_and_look_again);
        surroundings_.on_settled(begin_and_look_again);
    }

    // A failure that nothing below caught ends the process with a reason, rather than leaving half of it running.
    awaitable<void> live() {
        std::string failure;
        try {
            if (co_await lead()) co_await follow_orders();
        } catch (const std::exception& error) {
            failure = error.what();
        }
        if (!failure.empty()) {
            log_.error("stopping", {{"error", failure}});
            exit_status_ = 1;
            client_.close();  // Another may lead already: what is under way must not go on.
        }
        co_await shut_down();
    }

    int exit_status() const { return exit_status_; }

private:
    static kube::Key lease_key(const RunOptions& options) {
        return {options.lease_namespace.empty() ? options.config.default_namespace : options.lease_namespace, options.lease_name};
    }

    // Pods can be reached from within the cluster.
    reconcile::Measurements::PodsOf pods_of_gateway() {
        if (!options_.config.in_cluster) return nullptr;
        return [this](const kube::Key& key) { return surroundings_.metrics_of(key, api::kGateway.key); };
    }

    reconcile::Measurements::IsAvailable has_available() {
        return [this](const kube::Key& key, std::string_view service) {
            const reconcile::Child* found = children_.find(kube::kDeployment, {key.ns, api::child_name(key.name, service)});
            return found && found->workload.available > 0;
        };
    }

    awaitable<bool> lead() {
        if (!options_.leader_elect) co_return true;
        co_return co_await lease_.acquire();
    }

    awaitable<void> follow_orders() {
        log_.info("leading", {{"namespace", options_.watch_namespace.empty() ? "(all)" : options_.watch_namespace}});
        leading_ = true;
        children_.start();
        surroundings_.start();
        events_sent_ = false;
        boost::asio::co_spawn(io_, events_.run(), [this](const std::exception_ptr&) {
            events_sent_ = true;
            changed_.ring();
        });
        boost::asio::co_spawn(io_, platform_watcher_.run(), boost::asio::detached);
        boost::asio::co_spawn(io_, definition_watcher_.run(), boost::asio::detached);
        if (options_.leader_elect) {
            co_await lease_.hold();
        } else {
            co_await changed_.until([this] { return stopping_; });
        }
    }

    void begin_once_synced() {
        if (begun_ || !synced()) return;
        begun_ = true;
        shrink();  // What the first lists took is not needed again, nor what loading did.
        boost::asio::co_spawn(io_, give_memory_back(), boost::asio::detached);
        controller_.start(options_.workers);
        boost::asio::co_spawn(io_, measurements_.run(), boost::asio::detached);
        log_.info("ready", {{"workers", options_.workers}});
    }

    bool synced() const {
        return platform_watcher_.synced() && definition_watcher_.synced() && children_.settled() && surroundings_.settled();
    }

    void enqueue(const kube::Key& platform) { controller_.enqueue(platform); }

    // One platform, all of a namespace, or all: see Surroundings::Changed.
    void enqueue_where(const kube::Key& key) {
        if (!key.name.empty()) return enqueue(key);
        platforms_.for_each([&](const kube::Key& each, const reconcile::KnownPlatform& known) {
            if (key.ns.empty() || each.ns == key.ns || known.platform.spec.logging.ns == key.ns) enqueue(each);
        });
    }

    // Only the first platform of a namespace counts, so who comes or goes matters to the others.
    void enqueue_neighbours(const kube::Key& key) {
        platforms_.for_each([&](const kube::Key& other, const auto&) {
            if (other.ns == key.ns && other != key) enqueue(other);
        });
    }

    void set_served(const std::string& definition, bool served) {
        for (const kube::Kind& kind : kube::child_kinds()) {
            if (!kind.optional || kind.resource() != definition) continue;
            if (served) {
                capabilities_.insert(definition);
                children_.serve(kind);
            } else {
                capabilities_.erase(definition);
            }
            surroundings_.set_served(kind, served);
            platforms_.for_each([this](const kube::Key& key, const auto&) { enqueue(key); });
        }
    }

    void publish(const api::Platform& platform, const reconcile::Notice& notice) {
        events_.publish({kube::kPlatform.api_version(), std::string(kube::kPlatform.name), platform.key, platform.uid},
                        notice.warning ? runtime::EventType::Warning : runtime::EventType::Normal, notice.reason, notice.action,
                        notice.note);
    }

    runtime::Endpoints endpoints() {
        const runtime::Check not_synced = [this]() -> std::optional<std::string> {
            if (!leading_) return std::nullopt;  // One that waits to lead is as ready as it can be.
            if (!synced()) return "the watches are still filling";
            const std::vector<std::string> hidden = children_.hidden();
            if (hidden.empty()) return std::nullopt;
            return "the API server does not show " + hidden.front();
        };
        return {{&registry_, &process_metrics_, &attribute_metrics_},
                {{"ping", [] { return std::nullopt; }}},
                {{"watches", not_synced}}};
    }

    void stop_by(int signal) {
        log_.info("stopping", {{"signal", signal}});
        stopping_ = true;
        changed_.ring();
        lease_.stop();
    }

    static void shrink() {
        malloc_trim(0);
        base::forget_read_pages();
    }

    // What reconciles took and freed stays with the allocator, in holes, and their code is in memory. Once it is quiet after some
    // of them, the system gets both.
    awaitable<void> give_memory_back() {
        bool owed = false;
        while (!stopping_) {
            quiet_.expires_after(std::chrono::seconds(5));
            boost::system::error_code woken;
            co_await quiet_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
            if (owed && !busy_) shrink();
            owed = busy_;
            busy_ = false;
        }
    }

    // Lets what is under way finish, but not for longer than a request to an API server that does not answer is worth.
    awaitable<void> shut_down() {
        stopping_ = true;
        quiet_.cancel();
        patience_.expires_after(kPatience);
        patience_.async_wait([this](const boost::system::error_code& cancelled) {
            if (cancelled) return;
            client_.close();
            lease_client_.close();
        });
        co_await controller_.stop();
        platform_watcher_.stop();
        definition_watcher_.stop();
        references_.stop();
        children_.stop();
        surroundings_.stop();
        measurements_.stop();
        events_.stop();
        co_await changed_.until([this] { return events_sent_; });
        if (options_.leader_elect) co_await lease_.release();
        patience_.cancel();
        server_.stop();
        signals_.close();
        client_.close();
        lease_client_.close();
        log_.info("stopped");
    }

    boost::asio::io_context& io_;
    const RunOptions& options_;
    base::Log log_;
    base::SystemClock clock_;
    prometheus::Registry registry_;
    base::ProcessMetrics process_metrics_;
    client::Client client_;
    client::Client lease_client_;  // A renewal never waits for another request.
    std::string identity_;
    runtime::EventRecorder events_;
    runtime::Lease lease_;
    prometheus::Family<prometheus::Counter>& writes_;
    resources::Capabilities capabilities_;
    reconcile::Children children_;
    reconcile::References references_;
    reconcile::Surroundings surroundings_;
    reconcile::Platforms platforms_;
    reconcile::AttributeMetrics attribute_metrics_{platforms_};
    runtime::Watcher platform_watcher_;
    runtime::Store<bool> definitions_;
    runtime::Watcher definition_watcher_;
    reconcile::Measurements measurements_;
    reconcile::PlatformReconciler reconciler_;
    runtime::Controller controller_;
    http::Server server_;
    base::StopSignals signals_;
    runtime::Bell changed_{io_.get_executor()};  // Rung when stopping_ or events_sent_ has turned.
    boost::asio::steady_timer patience_{io_};
    boost::asio::steady_timer quiet_{io_};
    bool busy_ = false;  // A reconcile began since the last look.
    bool leading_ = false;
    bool begun_ = false;
    bool stopping_ = false;
    bool events_sent_ = true;  // Nothing is under way.
    int exit_status_ = 0;
};

}  // namespace

int run(const RunOptions& options, const base::Log& log) {
    boost::asio::io_context io(1);
    Process process(io, options, log);
    boost::asio::co_spawn(io, process.live(), boost::asio::detached);
    io.run();
    return process.exit_status();
}
