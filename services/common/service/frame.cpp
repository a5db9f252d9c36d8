#include "common/service/frame.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace service {

namespace {

// As many as the worker pool has threads: a further connection would only wait. The operator counts on it
// (operator/api/components.h).
constexpr std::size_t kDatabaseConnections = 16;

std::function<std::string()> url_by(const Environment& environment, std::string_view variable) {
    const std::string first = secret_from(environment, variable);  // A mistake is told at the start.
    return [&environment, variable = std::string(variable)] { return secret_from(environment, variable); };
}

// "payment_provider" makes "PAYMENT_PROVIDER_URL".
std::string url_variable(std::string_view name) {
    std::string variable(name);
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    return variable + "_URL";
}

template <typename Store>
Health::Check check_of(Store& store) {
    return [&store]() -> std::optional<std::string> {
        return store.reachable() ? std::nullopt : std::optional<std::string>("does not answer");
    };
}

void once(bool made, std::string_view what) {
    if (made) throw std::logic_error(std::string(what) + " was asked for twice");
}

}  // namespace

std::size_t database_connections(const Settings& settings) {
    return std::min(kDatabaseConnections, settings.max_connections);
}

data::Database& Frame::database(std::vector<data::Statement> statements) {
    once(impl.database != nullptr, "the database");
    data::Database::Options options;
    options.url = url_by(environment, "DATABASE_URL_FILE");
    options.connections = database_connections(settings());
    options.statements = std::move(statements);
    impl.database = std::make_unique<data::Database>(std::move(options), log, registry);
    return *impl.database;
}

data::Redis& Frame::redis() {
    once(impl.redis != nullptr, "redis");
    data::Redis::Options options;
    options.url = url_by(environment, "REDIS_URL_FILE");
    impl.redis = std::make_unique<data::Redis>(std::move(options), log, registry);
    return *impl.redis;
}

data::Messages& Frame::messages(data::Messages::Options options) {
    once(impl.messages != nullptr, "the message broker");
    if (!impl.database) throw std::logic_error("messages need the database, with outbox and inbox, first");
    options.service = impl.description.name;
    options.url = url_by(environment, "AMQP_URL_FILE");
    impl.messages = std::make_unique<data::Messages>(std::move(options), *impl.database, tracer, log, registry);
    return *impl.messages;
}

rest::Client& Frame::client(std::string_view name, rest::Client::Options options) {
    std::unique_ptr<rest::Client>& client = impl.clients[std::string(name)];
    once(client != nullptr, name);
    options.name = name;
    options.base_url = environment.get(url_variable(name));
    client = std::make_unique<rest::Client>(std::move(options), tracer, log, registry);
    return *client;
}

std::vector<std::pair<std::string, Health::Check>> Frame::Impl::required(Service& service) const {
    std::vector<std::pair<std::string, Health::Check>> checks;
    if (database && !service.outlives_database()) checks.emplace_back("database", check_of(*database));
    if (database && !description.migrations.empty()) {
        // The schema only moves forward while a process lives, so it is asked about until it is there.
        checks.emplace_back("schema", [this, current = false]() mutable -> std::optional<std::string> {
            current = current || data::is_current(*database, description.migrations);
            return current ? std::nullopt : std::optional<std::string>("migrations are not applied yet");
        });
    }
    checks.emplace_back("service", [&service] { return service.unready(); });
    return checks;
}

std::vector<std::pair<std::string, Health::Check>> Frame::Impl::optional(const Service& service) const {
    std::vector<std::pair<std::string, Health::Check>> checks;
    if (database && service.outlives_database()) checks.emplace_back("database", check_of(*database));
    if (redis) checks.emplace_back("redis", check_of(*redis));
    if (messages) {
        checks.emplace_back("rabbitmq", [this]() -> std::optional<std::string> {
            return messages->connected() ? std::nullopt : std::optional<std::string>("not connected");
        });
    }
    return checks;
}

}  // namespace service
