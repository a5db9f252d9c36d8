// The data stores of the tests, and each test's own part of them.
//
// Tests run side by side on one set of stores, so each takes a Sandbox:
//   PostgreSQL  a copy of each database that it asks for, made from the one of that name (its roles and default rights come with
//   it) RabbitMQ    a virtual host of its own, with the same users and rights Redis       a server of its own, which it may also
//   stop; the cluster of three is everybody's: use keys that are random
// Whoever wants to cut or slow a connection puts a support::Forwarder between.
#pragma once

#include <cstdint>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <vector>

#include "support/http_client.h"
#include "support/process.h"

namespace services {

// What `hack/stores env` prints: of this process's environment where that has it, else of the set `test`. Throws
// std::runtime_error where there is none: a test without its stores has failed.
class Stores {
public:
    static const Stores& get();
    std::string variable(const std::string& name) const;  // "ECP_REDIS_CLUSTER_URL"

private:
    Stores();
    std::string printed_;
};

struct Url {
    std::string user, password, host;
    std::uint16_t port = 0;
    std::string rest;  // From the "/" on.

    static Url of(const std::string& text);  // "amqp://user:password@host:port/rest"
    std::string text(const std::string& scheme) const;
};

class Sandbox {
public:
    Sandbox();
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    const std::string& name() const { return name_; }      // "t4711_1"
    const std::string& folder() const { return folder_; }  // Goes with the sandbox, unless the test has failed.

    // Of one of users, catalog, inventory, orders, payments; made when first asked for, without any table.
    std::string database_url(const std::string& database);        // The serving role.
    std::string database_owner_url(const std::string& database);  // Who migrates.
    std::string database_admin_url(const std::string& database);  // The superuser, for a test to look and to meddle.
    // Rows of a query by the superuser.
    pqxx::result query(const std::string& database, const std::string& sql);

    // Of one of catalog, inventory, order, payment, or "" for the administrator.
    std::string amqp_url(const std::string& service = "");
    const std::string& vhost();

    std::string redis_url();  // Everybody may do everything there.
    std::uint16_t redis_port();
    void stop_redis();   // As a crash does; the data are gone.
    void start_redis();  // On the same port again.

private:
    std::string database(const std::string& name);

    std::string name_;
    std::string folder_;
    std::vector<std::string> databases_;
    std::string vhost_;
    std::uint16_t redis_port_ = 0;
    std::unique_ptr<support::Background> redis_;
};

}  // namespace services
