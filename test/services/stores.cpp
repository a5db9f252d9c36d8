#include "stores.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "support/eventually.h"
#include "support/forwarder.h"
#include "support/paths.h"

namespace services {

namespace {

// RabbitMQ's management, as its administrator.
class Management {
public:
    Management() : url_(Url::of(Stores::get().variable("ECP_RABBITMQ_API"))), client_(url_.port) {
        const std::string plain = url_.user + ":" + url_.password;
        std::string coded(4 * ((plain.size() + 2) / 3) + 1, '\0');
        const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                                         reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
        client_.set_header("Authorization", "Basic " + coded.substr(0, static_cast<std::size_t>(size)));
    }

    support::Answer ask(const std::string& method, const std::string& path, const std::string& body = "") {
        support::Answer answer = client_.request(method, "/api" + path, body);
        if (answer.status / 100 != 2)
            throw std::runtime_error("RabbitMQ: " + method + " " + path + ": " + std::to_string(answer.status) + " " +
                                     answer.body);
        return answer;
    }

private:
    Url url_;
    support::HttpClient client_;
};

// The same users and rights as in the virtual host `ecommerce`.
void make_vhost(const std::string& name) {
    Management management;
    management.ask("PUT", "/vhosts/" + name);
    for (const nlohmann::json& permission : management.ask("GET", "/vhosts/ecommerce/permissions").json()) {
        const nlohmann::json rights{
            {"configure", permission["configure"]}, {"write", permission["write"]}, {"read", permission["read"]}};
        management.ask("PUT", "/permissions/" + name + "/" + permission["user"].get<std::string>(), rights.dump());
    }
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

void as_admin(const std::string& sql) {
    pqxx::connection connection(Stores::get().variable("ECP_DATABASE_ADMIN_URL"));
    pqxx::nontransaction(connection).exec(sql);
}

std::string with_database(const std::string& url, const std::string& database) {
    return url.substr(0, url.rfind('/') + 1) + database;
}

}  // namespace

const Stores& Stores::get() {
    static const Stores stores;
    return stores;
}

Stores::Stores() {
    if (std::getenv("ECP_STORES") != nullptr) return;
    const support::Finished env = support::run({support::in_checkout("hack/stores"), "env", "--name", "test"});
    if (env.status != 0) throw std::runtime_error("hack/stores env: " + env.output);
    printed_ = env.output;
}

std::string Stores::variable(const std::string& name) const {
    std::string value;
    if (printed_.empty()) {
        const char* found = std::getenv(name.c_str());
        value = found != nullptr ? found : "";
    } else {
        value = support::run({"bash", "-c", "eval \"$1\"; printf %s \"${!2}\"", "bash", printed_, name}).output;
    }
    if (value.empty()) throw std::runtime_error("hack/stores env prints no " + name);
    return value;
}

Url Url::of(const std::string& text) {
    const std::size_t begin = text.find("://") + 3;
    const std::size_t colon = text.find(':', begin);
    const std::size_t at = text.find('@', colon);
    const std::size_t port = text.find(':', at);
    const std::size_t slash = std::min(text.find('/', port), text.size());
    return {text.substr(begin, colon - begin), text.substr(colon + 1, at - colon - 1), text.substr(at + 1, port - at - 1),
            static_cast<std::uint16_t>(std::stoi(text.substr(port + 1, slash - port - 1))), text.substr(slash)};
}

std::string Url::text(const std::string& scheme) const {
    return scheme + "://" + user + ":" + password + "@" + host + ":" + std::to_string(port) + rest;
}

Sandbox::Sandbox() {
    static std::atomic<int> count{0};
    name_ = "t" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    folder_ = support::in_build("services-tests/" + name_);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
}

Sandbox::~Sandbox() {
    try {
        redis_.reset();
        for (const std::string& database : databases_) as_admin("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)");
        if (!vhost_.empty()) Management().ask("DELETE", "/vhosts/" + vhost_);
        if (!testing::Test::HasFailure()) std::filesystem::remove_all(folder_);
    } catch (const std::exception& error) {
        std::cerr << "Cleaning up after a test: " << error.what() << '\n';
    }
}

std::string Sandbox::database(const std::string& name) {
    std::string own = name + "_" + name_;
    if (std::find(databases_.begin(), databases_.end(), own) == databases_.end()) {
        as_admin("CREATE DATABASE " + own + " TEMPLATE " + name + " OWNER " + name + "_owner");
        databases_.push_back(own);
        // What was granted on the database itself is not copied.
        as_admin("REVOKE ALL ON DATABASE " + own + " FROM PUBLIC");
        as_admin("GRANT CONNECT ON DATABASE " + own + " TO " + name);
    }
    return own;
}

std::string Sandbox::database_url(const std::string& name) {
    return with_database(Stores::get().variable("ECP_DATABASE_URL_" + upper(name)), database(name));
}

std::string Sandbox::database_owner_url(const std::string& name) {
    return with_database(Stores::get().variable("ECP_DATABASE_OWNER_URL_" + upper(name)), database(name));
}

std::string Sandbox::database_admin_url(const std::string& name) {
    return with_database(Stores::get().variable("ECP_DATABASE_ADMIN_URL"), database(name));
}

pqxx::result Sandbox::query(const std::string& name, const std::string& sql) {
    pqxx::connection connection(database_admin_url(name));
    pqxx::work work(connection);
    pqxx::result rows = work.exec(sql);
    work.commit();
    return rows;
}

const std::string& Sandbox::vhost() {
    if (vhost_.empty()) {
        make_vhost(name_);
        vhost_ = name_;
    }
    return vhost_;
}

std::string Sandbox::amqp_url(const std::string& service) {
    Url url = Url::of(Stores::get().variable("ECP_AMQP_URL" + (service.empty() ? "" : "_" + upper(service))));
    url.rest = "/" + vhost();
    return url.text("amqp");
}

std::uint16_t Sandbox::redis_port() {
    if (redis_port_ == 0) {
        redis_port_ = support::free_port();
        start_redis();
    }
    return redis_port_;
}

std::string Sandbox::redis_url() {
    return "redis://default:any@127.0.0.1:" + std::to_string(redis_port()) + "/";
}

void Sandbox::start_redis() {
    redis_ = std::make_unique<support::Background>(
        std::vector<std::string>{"redis-server", "--bind", "127.0.0.1", "--port", std::to_string(redis_port_), "--save", "",
                                 "--dir", folder_, "--user", "default", "on", ">any", "~*", "&*", "+@all"},
        folder_ + "/redis.log");
    const bool answers = support::eventually([this] {
        if (!redis_->running()) return true;
        try {
            support::Wire wire(redis_port_);
            wire.send("QUIT\r\n");
            return !wire.drain().empty();
        } catch (const support::NoAnswer&) {
            return false;
        }
    });
    if (!answers || !redis_->running())
        throw std::runtime_error("redis-server does not answer: " + support::read_file(folder_ + "/redis.log"));
}

void Sandbox::stop_redis() {
    redis_.reset();
}

}  // namespace services
