// The services as processes: started as the operator starts them, on free ports, with everything they need from a Sandbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stores.h"
#include "support/eventually.h"
#include "support/forwarder.h"
#include "support/http_client.h"
#include "support/process.h"

namespace services {

using support::eventually;
using support::HttpClient;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using Json = nlohmann::json;

// One of user, catalog, inventory, order, payment, gateway, simulator. The program is that of this build, or of the folder
// ECP_TEST_BINARIES. The thread that starts it must live as long as it shall: the kernel ends it with that thread, so that a test
// that crashes leaves nothing behind.
class ServiceProcess {
public:
    // Gives it ports, its secrets as files (of its database, RabbitMQ user, Redis, token keys) and nothing to call: see set().
    ServiceProcess(Sandbox& sandbox, std::string service);
    // Killed, or with ECP_TEST_ENDS_IN_ORDER in the environment stopped, which must succeed. The test fails where a sanitizer has
    // found something. Its log's end is shown where the test has failed.
    ~ServiceProcess();

    // Before start(); a variable of the environment, such as {"CATALOG_URL", catalog.url()}. Empty: none.
    void set(const std::string& variable, const std::string& value);
    // Writes a file and sets the variable to its path. A running process sees the new content when it reads again.
    void set_file(const std::string& variable, const std::string& content);
    void set_config(const std::string& yaml) { set_file("CONFIG_FILE", yaml); }

    support::Finished migrate();  // As the database's owner.
    support::Finished run(const std::string& verb) const { return support::run(command(verb)); }
    // Migrates when there is a database that it has not migrated yet, starts, and waits until /readyz says yes. Throws with the
    // log.
    void start();
    void launch();       // Starts without waiting.
    void await_ready();  // Throws with the log's end after 30 s, or as soon as the process has ended.
    int stop();          // SIGTERM; its exit status.
    void kill();         // SIGKILL.
    void signal(int number) { process_->signal(number); }
    bool running() { return process_ && process_->running(); }
    pid_t pid() const { return process_->pid(); }

    std::uint16_t port() const { return port_; }
    std::uint16_t admin_port() const { return admin_port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    HttpClient client() const { return HttpClient(port_); }
    HttpClient admin() const { return HttpClient(admin_port_); }
    // The value of a line of /metrics such as "http_requests_total{method=\"GET\"…}", 0 where there is none. Adds up all lines
    // that begin so.
    double metric(const std::string& beginning) const;
    std::string log() const;

private:
    std::vector<std::string> command(const std::string& verb) const;

    Sandbox& sandbox_;
    std::string service_;
    std::string program_;
    std::string database_;  // Empty: none.
    std::string folder_;
    std::map<std::string, std::string> environment_;
    std::uint16_t port_;
    std::uint16_t admin_port_;
    bool migrated_ = false;
    std::unique_ptr<support::Background> process_;
};

// What the catalog takes for a new product, where the test minds its SKU and price alone.
Json any_product(const std::string& sku, std::int64_t cents);

// All of them, wired to each other, behind one gateway.
class Shop {
public:
    Shop();
    void start();  // All that don't run.

    Sandbox sandbox;
    ServiceProcess simulator, user, catalog, inventory, payment, order, gateway;

    // A product with that much stock, by the internal endpoints; its SKU.
    std::string add_product(const std::string& sku, std::int64_t cents, int on_hand);
    // A new customer: a client of the gateway that sends its token.
    HttpClient sign_up(const std::string& email);
};

}  // namespace services
