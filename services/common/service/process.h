// The frame that every service is: commands, API and admin port, health, metrics, logs, signals, drain.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/log.h"
#include "common/base/trace.h"
#include "common/data/messages.h"
#include "common/data/migrations.h"
#include "common/data/postgres.h"
#include "common/data/redis.h"
#include "common/http/router.h"
#include "common/http/worker_pool.h"
#include "common/rest/rest_client.h"
#include "common/service/configuration.h"

namespace boost::asio {
class io_context;
}

namespace prometheus {
class Registry;
}

namespace service {

// What the frame made, for a service's wiring to use. Outlives the service.
struct Frame {
    const Environment& environment;
    std::function<Settings()> settings;  // As they are now; safe from several threads.
    base::Log log;
    prometheus::Registry& registry;
    std::shared_ptr<base::Tracer> tracer;
    http::WorkerPool& workers;
    std::vector<boost::asio::io_context*> loops;  // One a core.

    // By the contract's variables (DATABASE_URL_FILE, REDIS_URL_FILE, AMQP_URL_FILE, INVENTORY_URL …). Each may be called once a
    // name; what they make lives in the frame.
    data::Database& database(std::vector<data::Statement> statements);
    data::Redis& redis();
    data::Messages& messages(data::Messages::Options options);  // `service` and `url` are filled in. Started by the frame.
    rest::Client& client(std::string_view name, rest::Client::Options options = {});  // "inventory": of INVENTORY_URL.

    struct Impl;
    Impl& impl;
};

// Called regularly on a thread of its own, once the service has been ready: a saga's timers, an expiry. What it throws is logged.
struct Periodic {
    std::string name;
    base::Duration interval;
    std::function<void()> work;
};

// What a service is, for the frame to run.
struct Service {
    virtual ~Service() = default;
    virtual void add_routes(http::Router& router) = 0;
    virtual std::vector<Periodic> periodic() { return {}; }
    // Nothing, or why it can't serve yet. The database, where there is one, is the frame's to check.
    virtual std::optional<std::string> unready() { return std::nullopt; }
    // Whether, once it has been ready, it is without its database degraded and not unready: some of what it does needs none.
    virtual bool outlives_database() const { return false; }
    virtual void settings_changed(const Settings&) {}
    virtual void stop() {}  // After the last request.
};

struct Description {
    std::string name;  // "order": the component; the binary is order-service.
    std::string version;
    std::string_view openapi;  // JSON text, served at /openapi.json.
    std::vector<data::Migration> migrations;
    std::function<std::unique_ptr<Service>(Frame&)> make;
    // Looks whether what this service belongs to works, and throws what is wrong. Empty: the service has no such command.
    std::function<void(const Environment&, const base::Log&)> verify = {};
};

// `serve` (the default), `migrate` or `verify`; returns the exit status: 0 after SIGTERM and drain, 1 after a failure, 2 for a
// wrong command line or environment. The admin port serves /livez, /readyz, /startupz, /metrics, GET and PUT /loglevel, and with
// FAULT_INJECTION=true GET and PUT /faults ({"delay_ms":…, "error_share":…, "lost_share":…, …} for the API port).
int run(int argc, const char* const* argv, const Description& description);

}  // namespace service
