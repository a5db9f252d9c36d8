#include "common/service/process.h"

#include <prometheus/registry.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <iostream>
#include <optional>
#include <thread>
#include <utility>

#include "common/base/early_threads.h"
#include "common/base/log_file.h"
#include "common/base/metrics.h"
#include "common/base/processors.h"
#include "common/base/resident.h"
#include "common/base/signals.h"
#include "common/http/server.h"
#include "common/service/admin.h"
#include "common/service/faults.h"
#include "common/service/frame.h"
#include "common/service/health.h"
#include "common/service/live_settings.h"
#include "common/service/otlp.h"
#include "common/service/periodic.h"

namespace service {

namespace asio = boost::asio;

namespace {

// More than two event loops are of no use to a pod, whose limit is a core or less by the platform's defaults.
constexpr unsigned kLoops = 2;
constexpr base::Duration kDrainPoll{5};
constexpr base::Duration kLastWords{1'000};  // For spans and events that are left after the last request.

std::optional<http::Problem> problem_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const data::DatabaseUnavailable&) {
        return http::unavailable("the database can't be reached");
    } catch (const data::RedisUnavailable&) {
        return http::unavailable("the cache can't be reached");
    } catch (const rest::Unreachable&) {
        return http::unavailable("a service that this needs can't be reached");
    } catch (const data::DeadlineExceeded&) {
        return http::timed_out("it took longer than the deadline allows");
    } catch (...) {
        return std::nullopt;
    }
}

asio::awaitable<http::Response> document(std::string_view json) {
    http::Response response;
    response.body = json;
    response.content_type = "application/json";
    co_return response;
}

unsigned loop_count() {
    return std::clamp(std::thread::hardware_concurrency(), 1U, kLoops);
}

std::vector<std::unique_ptr<asio::io_context>> make_loops() {
    std::vector<std::unique_ptr<asio::io_context>> loops;
    for (unsigned i = 0; i < loop_count(); ++i) loops.push_back(std::make_unique<asio::io_context>(1));
    return loops;
}

// Everything that a serving process is made of. Members are destroyed from the last to the first, and nothing may be used by one
// that lives longer.
class Process {
public:
    Process(const Environment& environment, const Description& description, const base::Log& log)
        : description_(description),
          environment_(environment),
          log_(log),
          settings_(environment.get("CONFIG_FILE", ""), log),
          tracer_(tracer_from(environment, description.name, log, registry_)),
          loops_(make_loops()),
          workers_(std::make_unique<http::WorkerPool>(http::WorkerPool::Limits{}, registry_)),
          made_{description, nullptr, nullptr, nullptr, {}},
          frame_{environment, [this] { return settings_.now(); }, log, registry_, tracer_, *workers_, {}, made_} {
        for (const auto& loop : loops_) frame_.loops.push_back(loop.get());
        service_ = description.make(frame_);
        router_ = std::make_unique<http::Router>(router_options(), log, registry_);
        service_->add_routes(*router_);
        if (!description.openapi.empty()) {
            router_->on_loop("GET", "/openapi.json",
                             [text = description.openapi](const std::shared_ptr<const http::Call>&) { return document(text); });
        }
        periodics_ = std::make_unique<Periodics>(service_->periodic(), log);
        health_ = std::make_unique<Health>(made_.required(*service_), made_.optional(*service_), [this] { refresh(); });
        listen();
    }

    int run() {
        signals_ = std::make_unique<base::StopSignals>(*loops_.front(), [this](int signal) { stop_by(signal); });
        if (made_.messages) made_.messages->start();
        health_->start();
        log_.info("serving", {{"version", description_.version}, {"port", servers_.front()->address().port}});
        for (std::size_t i = 1; i < loops_.size(); ++i) threads_.run(i - 1, [this, i] { run_loop(i); });
        run_loop(0);  // Last of all: every other thread may run anywhere.
        threads_.join();
        shut_down();
        return 0;
    }

private:
    void run_loop(std::size_t i) {
        base::keep_to_share(i, loops_.size());
        loops_[i]->run();
    }

    http::Router::Options router_options() {
        http::Router::Options options;
        options.deadline = settings_.now().api_timeout;
        options.workers = workers_.get();
        options.tracer = tracer_;
        options.translate = problem_of;
        return options;
    }

    void listen() {
        const std::shared_ptr<Faults> faults =
            environment_.get("FAULT_INJECTION", "") == "true" ? std::make_shared<Faults>() : nullptr;
        http::AsyncHandler handler = [this](http::Request request) { return router_->route(std::move(request)); };
        if (faults) handler = with_faults(faults, std::move(handler));
        const std::string host = environment_.get("HOST", "");
        const http::Address address{host, environment_.port("PORT", 8080)};
        for (const auto& loop : loops_) {
            servers_.push_back(servers_.empty()
                                   ? std::make_unique<http::Server>(*loop, address, handler, log_, api_options())
                                   : std::make_unique<http::Server>(*loop, *servers_.front(), handler, log_, api_options()));
        }
        admin_ = std::make_unique<http::Server>(
            *loops_.front(), http::Address{host, environment_.port("ADMIN_PORT", 9090)},
            http::Handler(Admin{*health_, settings_, {&registry_, &process_metrics_}, faults}), log_);
    }

    http::ServerOptions api_options() const {
        http::ServerOptions options;
        const std::optional<std::string> certificate = environment_.find("TLS_CERT_FILE");
        if (certificate) options.tls = http::Tls{*certificate, environment_.get("TLS_KEY_FILE")};
        return options;
    }

    void refresh() {
        if (!has_started_ && health_->state().started) {
            has_started_ = true;
            periodics_->start();  // Not sooner: its first turns need what the service waits for, and would hold it up.
            base::forget_read_pages();
        }
        settings_.refresh([this](const Settings& settings) {
            router_->set_deadline(settings.api_timeout);
            if (made_.database) made_.database->set_connections(database_connections(settings));
            service_->settings_changed(settings);
        });
    }

    // The first time: answers what has been accepted, for as long as the settings allow. The second time: at once.
    void stop_by(int signal) {
        const bool again = std::exchange(stopping_, true);
        log_.info("stopping", {{"signal", signal}});
        health_->drain();
        const base::Duration grace = again ? base::Duration{0} : settings_.now().drain_timeout;
        for (std::size_t i = 0; i < loops_.size(); ++i) {
            asio::dispatch(*loops_[i], [this, i, grace, again] {  // At once on the first, which gives to the others.
                servers_[i]->stop(grace);
                if (!again) asio::co_spawn(*loops_[i], end_when_drained(i), asio::detached);
            });
        }
    }

    asio::awaitable<void> end_when_drained(std::size_t i) {
        asio::steady_timer timer(*loops_[i]);
        boost::system::error_code ignored;
        while (!servers_[i]->stopped()) {
            timer.expires_after(kDrainPoll);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        ++drained_;
        // The first loop answers probes until the others are done too.
        while (i == 0 && drained_ < loops_.size()) {
            timer.expires_after(kDrainPoll);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        loops_[i]->stop();
    }

    void shut_down() {
        health_->stop();
        periodics_->stop();
        if (made_.messages) made_.messages->stop(kLastWords);
        workers_.reset();  // Handlers whose clients are gone may still run.
        service_->stop();
        tracer_->stop(kLastWords);
        log_.info("stopped");
    }

    const Description& description_;
    const Environment& environment_;
    const base::Log log_;
    base::EarlyThreads threads_{loop_count() - 1};  // Of the loops but the first.
    prometheus::Registry registry_;
    base::ProcessMetrics process_metrics_;
    LiveSettings settings_;
    std::shared_ptr<base::Tracer> tracer_;
    std::vector<std::unique_ptr<asio::io_context>> loops_;
    std::unique_ptr<http::WorkerPool> workers_;
    Frame::Impl made_;
    Frame frame_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<http::Router> router_;
    std::unique_ptr<Periodics> periodics_;
    std::unique_ptr<Health> health_;
    std::vector<std::unique_ptr<http::Server>> servers_;  // Of the API, one a loop.
    std::unique_ptr<http::Server> admin_;
    std::unique_ptr<base::StopSignals> signals_;
    std::atomic<std::size_t> drained_ = 0;  // Loops.
    bool stopping_ = false;
    bool has_started_ = false;  // For the thread that looks at the health.
};

int usage(const Description& description, std::ostream& out, int status) {
    out << description.name << " [serve|migrate|verify|version]\n\n"
        << "  serve    serve the API on PORT (8080) and probes and metrics on ADMIN_PORT (9090); the default\n"
        << "  migrate  bring the database of DATABASE_OWNER_URL_FILE, or else of DATABASE_URL_FILE, up to date\n"
        << "  verify   go through the shop of GATEWAY_URL as a customer does (of the gateway alone)\n"
        << "  version  print the version\n";
    return status;
}

// Who may migrate: the owner where one is given, else the role that serves.
std::string owner_url(const Environment& environment) {
    const std::optional<std::string> owner = environment.find("DATABASE_OWNER_URL_FILE");
    return secret_from(environment, owner && std::filesystem::exists(*owner) ? "DATABASE_OWNER_URL_FILE" : "DATABASE_URL_FILE");
}

}  // namespace

int run(int argc, const char* const* argv, const Description& description) {
    const std::string command = argc > 1 ? argv[1] : "serve";
    if (command == "--help" || command == "-h") return usage(description, std::cout, 0);
    if (argc > 2) return usage(description, std::cerr, 2);
    if (command == "version") {
        std::cout << description.version << "\n";
        return 0;
    }
    const bool migrates = command == "migrate" && !description.migrations.empty();
    const bool verifies = command == "verify" && description.verify;
    if (command != "serve" && !migrates && !verifies) return usage(description, std::cerr, 2);

    base::use_few_arenas();
    const Environment environment = Environment::of_process();
    std::optional<base::LogFile> copy;  // For an agent beside this process.
    if (const auto path = environment.find("LOG_FILE")) copy.emplace(std::cerr, *path);
    const base::Log log = base::Log(copy ? copy->stream() : std::cerr).with({{"service", description.name}});
    try {
        if (migrates) {
            data::migrate(owner_url(environment), description.migrations, log);
            return 0;
        }
        if (verifies) {
            description.verify(environment, log);
            log.info("verified");
            return 0;
        }
        Process process(environment, description, log);
        return process.run();
    } catch (const ConfigurationError& error) {
        log.error("the configuration can't be used", {{"error", error.what()}});
        return 2;
    } catch (const std::exception& error) {
        log.error("stopping", {{"error", error.what()}});
        return 1;
    }
}

}  // namespace service
