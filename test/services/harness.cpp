#include "harness.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "support/paths.h"

namespace services {

namespace {

struct Needs {
    const char* service;
    const char* program;
    const char* database;
    bool amqp;
    bool redis;
};

constexpr Needs kNeeds[] = {
    {"user", "user-service", "users", false, true},
    {"catalog", "catalog-service", "catalog", true, true},
    {"inventory", "inventory-service", "inventory", true, false},
    {"order", "order-service", "orders", true, false},
    {"payment", "payment-service", "payments", true, false},
    {"gateway", "api-gateway", "", false, true},
    {"simulator", "payment-provider-simulator", "", false, false},
};

const Needs& needs_of(const std::string& service) {
    for (const Needs& needs : kNeeds) {
        if (service == needs.service) return needs;
    }
    throw std::runtime_error("no such service: " + service);
}

std::string program_of(const Needs& needs) {
    const char* folder = std::getenv("ECP_TEST_BINARIES");
    return (folder != nullptr ? folder : support::in_build("bin")) + "/" + needs.program;
}

std::string tail(const std::string& text, std::size_t size = 6000) {
    return text.size() <= size ? text : "…" + text.substr(text.size() - size);
}

void write_secret(const std::string& path, const std::string& content) {
    const std::string fresh = path + ".new";  // Renamed, as a mounted Secret's file is: no reader sees half of it.
    support::write_file(fresh, content);
    ::chmod(fresh.c_str(), 0600);
    std::filesystem::rename(fresh, path);
}

}  // namespace

ServiceProcess::ServiceProcess(Sandbox& sandbox, std::string service)
    : sandbox_(sandbox), service_(std::move(service)), port_(support::free_port()), admin_port_(support::free_port()) {
    const Needs& needs = needs_of(service_);
    program_ = program_of(needs);
    database_ = needs.database;
    folder_ = sandbox_.folder() + "/" + service_ + "-" + std::to_string(port_);
    std::filesystem::create_directories(folder_);
    set("PORT", std::to_string(port_));
    set("ADMIN_PORT", std::to_string(admin_port_));
    set("FAULT_INJECTION", "true");
    if (!database_.empty()) set_file("DATABASE_URL_FILE", sandbox_.database_url(database_));
    if (needs.amqp) set_file("AMQP_URL_FILE", sandbox_.amqp_url(service_));
    if (needs.redis) set_file("REDIS_URL_FILE", sandbox_.redis_url());
    if (service_ == "user") {
        std::filesystem::create_directories(folder_ + "/keys");
        const support::Finished made =
            support::run({"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder_ + "/keys/ed25519.pem"});
        if (made.status != 0) throw std::runtime_error("openssl genpkey: " + made.output);
        set("TOKEN_KEYS_DIR", folder_ + "/keys");
    }
    if (service_ == "simulator") set("JOURNAL", folder_ + "/journal");
}

ServiceProcess::~ServiceProcess() {
    // A program with a sanitizer looks for leaks at its end.
    if (std::getenv("ECP_TEST_ENDS_IN_ORDER") != nullptr && running()) {
        process_->signal(SIGCONT);
        EXPECT_EQ(stop(), 0) << service_;
    }
    kill();
    for (const char* finding : {"Sanitizer: ", "runtime error: "}) {
        EXPECT_EQ(log().find(finding), std::string::npos) << service_;
    }
    if (testing::Test::HasFailure()) std::cerr << "--- the log of " << service_ << ":\n" << tail(log()) << '\n';
}

void ServiceProcess::set(const std::string& variable, const std::string& value) {
    environment_[variable] = value;
}

void ServiceProcess::set_file(const std::string& variable, const std::string& content) {
    const std::string path = folder_ + "/" + variable;
    write_secret(path, content);
    set(variable, path);
}

// Nothing of the test's own environment but what programs need to run.
std::vector<std::string> ServiceProcess::command(const std::string& verb) const {
    std::vector<std::string> words{"env", "-i"};
    for (const char* kept : {"PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TZ"}) {
        if (const char* value = std::getenv(kept)) words.push_back(std::string(kept) + "=" + value);
    }
    for (const auto& [name, value] : environment_) {
        if (!value.empty()) words.push_back(name + "=" + value);
    }
    words.insert(words.end(), {program_, verb});
    return words;
}

support::Finished ServiceProcess::migrate() {
    write_secret(folder_ + "/owner", sandbox_.database_owner_url(database_));
    std::vector<std::string> words = command("migrate");
    words.insert(words.end() - 2, "DATABASE_OWNER_URL_FILE=" + folder_ + "/owner");
    return support::run(words);
}

void ServiceProcess::start() {
    if (!database_.empty() && !migrated_) {
        const support::Finished done = migrate();
        if (done.status != 0) throw std::runtime_error(service_ + " migrate: " + done.output);
        migrated_ = true;
    }
    launch();
    await_ready();
}

void ServiceProcess::launch() {
    process_ = std::make_unique<support::Background>(command("serve"), folder_ + "/log");
}

void ServiceProcess::await_ready() {
    const bool ready = eventually([this] {
        if (!running()) return true;
        try {
            return HttpClient(admin_port_, 2s).get("/readyz").status == 200;
        } catch (const support::NoAnswer&) {
            return false;
        }
    });
    if (!running()) throw std::runtime_error(service_ + " has ended by itself: " + tail(log()));
    if (!ready) throw std::runtime_error(service_ + " is not ready after 30 s: " + tail(log()));
}

int ServiceProcess::stop() {
    process_->signal(SIGTERM);
    return process_->wait();
}

void ServiceProcess::kill() {
    process_.reset();
}

std::string ServiceProcess::log() const {
    const std::string path = folder_ + "/log";
    return std::filesystem::exists(path) ? support::read_file(path) : "";
}

double ServiceProcess::metric(const std::string& beginning) const {
    std::istringstream lines(admin().get("/metrics").body);
    double sum = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(beginning)) sum += std::stod(line.substr(line.rfind(' ') + 1));
    }
    return sum;
}

Shop::Shop()
    : simulator(sandbox, "simulator"),
      user(sandbox, "user"),
      catalog(sandbox, "catalog"),
      inventory(sandbox, "inventory"),
      payment(sandbox, "payment"),
      order(sandbox, "order"),
      gateway(sandbox, "gateway") {
    catalog.set("USER_URL", user.url());
    payment.set("PAYMENT_PROVIDER_URL", simulator.url());
    for (ServiceProcess* caller : {&order, &gateway}) {
        caller->set("CATALOG_URL", catalog.url());
        caller->set("INVENTORY_URL", inventory.url());
        caller->set("PAYMENT_URL", payment.url());
    }
    gateway.set("USER_URL", user.url());
    gateway.set("ORDER_URL", order.url());
}

void Shop::start() {
    for (ServiceProcess* process : {&simulator, &user, &catalog, &inventory, &payment, &order, &gateway}) {
        if (!process->running()) process->start();
    }
}

Json any_product(const std::string& sku, std::int64_t cents) {
    return {{"sku", sku},
            {"name", "The product " + sku},
            {"description", "Made by a test"},
            {"category", "tests"},
            {"price", {{"amount", cents}, {"currency", "EUR"}}}};
}

std::string Shop::add_product(const std::string& sku, std::int64_t cents, int on_hand) {
    const support::Answer made = catalog.client().post("/internal/v1/products", any_product(sku, cents));
    if (made.status != 201) throw std::runtime_error("adding a product: " + std::to_string(made.status) + " " + made.body);
    const support::Answer put = inventory.client().put("/internal/v1/stock/" + sku, Json{{"on_hand", on_hand}});
    if (put.status != 200) throw std::runtime_error("adding stock: " + std::to_string(put.status) + " " + put.body);
    return sku;
}

HttpClient Shop::sign_up(const std::string& email) {
    HttpClient client = gateway.client();
    const support::Answer made = client.post(
        "/api/v1/register", Json{{"email", email}, {"password", "correct horse 1"}, {"first_name", "Ada"}, {"last_name", "L"}});
    if (made.status != 201) throw std::runtime_error("registering: " + std::to_string(made.status) + " " + made.body);
    client.set_header("Authorization", "Bearer " + made.json()["token"].get<std::string>());
    return client;
}

}  // namespace services
