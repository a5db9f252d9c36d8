// Everything by RabbitMQ's management interface.
#include "broker.h"

#include <gtest/gtest.h>

#include "common/http/input.h"

namespace services {

namespace {

constexpr auto kExchange = "ecommerce.events";
constexpr auto kQueue = "heard.by.the.test";

}  // namespace

Broker::Broker(Sandbox& sandbox) : api_(Url::of(Stores::get().variable("ECP_RABBITMQ_API"))), vhost_(sandbox.vhost()) {}

support::Finished Broker::call(const std::string& method, const std::string& path, const Json& body) const {
    return support::run({"curl", "-sS", "--fail", "-X", method, "-u", api_.user + ":" + api_.password, "-H",
                         "Content-Type: application/json", "-d", body.dump(),
                         "http://" + api_.host + ":" + std::to_string(api_.port) + "/api/" + path});
}

void Broker::publish(const std::string& type, const Json& payload) {
    const Json message = {{"properties", {{"message_id", http::new_uuid()}, {"type", type}, {"delivery_mode", 2}}},
                          {"routing_key", type},
                          {"payload", payload.dump()},
                          {"payload_encoding", "string"}};
    // A service that is ready has its queues soon, and not sooner than it is connected.
    support::Finished sent;
    EXPECT_TRUE(eventually([&] {
        sent = call("POST", "exchanges/" + vhost_ + "/" + kExchange + "/publish", message);
        return sent.status == 0 && Json::parse(sent.output).value("routed", false);
    })) << type
        << " goes nowhere: " << sent.output;
}

void Broker::listen() {
    const support::Finished made = call("PUT", "queues/" + vhost_ + "/" + kQueue, {{"durable", true}});
    ASSERT_EQ(made.status, 0) << made.output;
    support::Finished bound;
    EXPECT_TRUE(eventually([&] {
        bound = call("POST", "bindings/" + vhost_ + "/e/" + kExchange + "/q/" + kQueue, {{"routing_key", "#"}});
        return bound.status == 0;
    })) << bound.output;
}

std::optional<Json> Broker::next(const std::string& type) {
    std::optional<Json> payload;
    eventually([&] {
        const support::Finished got = call("POST", "queues/" + vhost_ + "/" + kQueue + "/get",
                                           {{"count", 1}, {"ackmode", "ack_requeue_false"}, {"encoding", "auto"}});
        const Json messages = got.status == 0 ? Json::parse(got.output) : Json::array();
        if (!messages.empty() && messages[0].at("routing_key") == type) {
            payload = Json::parse(messages[0].at("payload").get<std::string>());
        }
        return payload.has_value();
    });
    return payload;
}

}  // namespace services
