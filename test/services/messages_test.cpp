// Events between two services over a real broker that is away, cut, or delivers twice.
#include "common/data/messages.h"

#include <gmock/gmock.h>
#include <prometheus/registry.h>

#include <future>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>

#include "common/data/amqp_connection.h"
#include "harness.h"

namespace services {
namespace {

using base::Deadline;
using data::AmqpConnection;
using data::Database;
using data::Event;
using data::Messages;
using Work = Database::Work;

// A UUID for each number.
std::string id_of(int number) {
    const std::string digits = std::to_string(number);
    return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

Event event_of(int number, const std::string& type = "order.cancelled") {
    return {id_of(number), type, {{"number", number}}, ""};
}

// A process of a service: its database, its messages, and a wire to the broker that can be cut.
class Participant {
public:
    Participant(Sandbox& sandbox, const std::string& service, const std::string& database)
        : sandbox_(sandbox),
          service_(service),
          name_(database),
          url_(sandbox.database_url(database)),
          broker_(Url::of(sandbox.amqp_url(service))),
          wire(broker_.port),
          db(Database::Options{.url = [this] { return url_; }, .connections = 4, .statements = {}}, log_, registry_) {
        broker_.port = wire.port();
        options.poll = 50ms;
    }

    // Of a database that has the tables already, where there are several processes of a service.
    void make_tables() {
        pqxx::connection owner(sandbox_.database_owner_url(name_));
        pqxx::work work(owner);
        work.exec(data::kMessagesSchema);
        work.exec("CREATE TABLE seen (position bigserial, number int NOT NULL)");
        work.commit();
    }

    void start(bool with_broker = true) {
        if (with_broker) wire.open();
        options.service = service_;
        options.url = [this] { return broker_.text("amqp"); };
        messages_ = std::make_unique<Messages>(options, db, tracer, log_, registry_);
        messages_->start();
        if (with_broker && !eventually([&] { return messages_->connected(); }))
            throw std::runtime_error("no connection to RabbitMQ");
    }
    void stop(std::chrono::milliseconds patience = 5s) { messages_->stop(patience); }

    // Notes the event's number in the handler's transaction.
    static void see(Work& work, const Event& event) {
        work.exec_params("INSERT INTO seen (number) VALUES ($1)", event.payload.at("number").get<int>());
    }
    void subscribe(const std::string& event, Messages::Handler handler = see) {
        options.subscriptions.push_back({event, std::move(handler)});
    }

    void put(const Event& event) {
        db.transact(Deadline::in(30s), [&](Work& work) { data::put(work, event); });
    }
    void put_and_ring(const Event& event) {
        put(event);
        messages_->ring();
    }

    std::size_t waiting() { return sandbox_.query(name_, "SELECT 1 FROM outbox").size(); }
    std::vector<int> seen() {
        std::vector<int> numbers;
        for (const pqxx::row& row : sandbox_.query(name_, "SELECT number FROM seen ORDER BY position"))
            numbers.push_back(row[0].as<int>());
        return numbers;
    }
    Messages& messages() { return *messages_; }

private:
    Sandbox& sandbox_;
    std::string service_, name_, url_;
    Url broker_;
    base::Log log_{std::clog, base::Level::Error};
    prometheus::Registry registry_;

public:
    support::Forwarder wire;
    Messages::Options options;
    std::shared_ptr<base::Tracer> tracer;
    Database db;

private:
    std::unique_ptr<Messages> messages_;
};

class Events : public testing::Test {
protected:
    Events() {
        order_.make_tables();
        inventory_.make_tables();
    }

    std::vector<std::string> dead_letters(const std::string& queue) {
        AmqpConnection admin(sandbox_.amqp_url(), "test");
        admin.consume(queue + ".dead", 100, true);
        std::vector<std::string> ids;
        while (const auto delivery = admin.next(500ms)) ids.push_back(delivery->message.id);
        return ids;
    }
    void publish(const data::AmqpMessage& message) {
        AmqpConnection admin(sandbox_.amqp_url(), "test");
        admin.confirm_publishing();
        admin.publish(std::string(data::kExchange), message);
        EXPECT_THAT(admin.answers(5s), testing::ElementsAre(AmqpConnection::Answer::Taken));
    }
    bool sees(const std::vector<int>& numbers) {
        return eventually([&] { return inventory_.seen() == numbers; });
    }

    Sandbox sandbox_;
    Participant order_{sandbox_, "order", "orders"};
    Participant inventory_{sandbox_, "inventory", "inventory"};
};

TEST_F(Events, ReachTheConsumerAndLeaveTheOutbox) {
    inventory_.subscribe("order.cancelled");
    inventory_.start();
    order_.start();
    order_.put_and_ring(event_of(1));
    EXPECT_TRUE(sees({1}));
    EXPECT_TRUE(eventually([&] { return order_.waiting() == 0; }));
    order_.put(event_of(2));  // Nobody rings: the relay looks by itself.
    EXPECT_TRUE(sees({1, 2}));
}

TEST_F(Events, PutTwiceByARepeatedTransactionAreOne) {
    inventory_.subscribe("order.cancelled");
    inventory_.start();
    order_.put(event_of(1));
    order_.put(event_of(1));
    EXPECT_EQ(order_.waiting(), 1u);
    order_.start();
    EXPECT_TRUE(eventually([&] { return order_.waiting() == 0; }));
    order_.put_and_ring(event_of(1));  // After it was published already.
    order_.put_and_ring(event_of(2));
    EXPECT_TRUE(sees({1, 2}));
}

TEST_F(Events, CarryTheirTraceFromWhoPutsThemToWhoTakesThem) {
    const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    order_.tracer = inventory_.tracer = base::Tracer::create({});
    std::promise<std::string> taken;
    inventory_.subscribe("order.cancelled", [&](Work&, const Event& event) { taken.set_value(event.traceparent); });
    inventory_.start();
    order_.start();
    Event event = event_of(1);
    event.traceparent = parent;
    order_.put_and_ring(event);
    const std::string arrived = taken.get_future().get();
    EXPECT_EQ(base::trace_context_from(arrived).trace_id, base::trace_context_from(parent).trace_id);
    EXPECT_NE(base::trace_context_from(arrived).span_id, base::trace_context_from(parent).span_id);
}

TEST_F(Events, DeliveredTwiceAreActedOnOnce) {
    inventory_.subscribe("order.cancelled");
    inventory_.start();
    for (int i = 0; i < 3; ++i) publish({id_of(1), "order.cancelled", "", R"({"number":1})"});
    publish({id_of(2), "order.cancelled", "", R"({"number":2})"});
    EXPECT_TRUE(sees({1, 2}));
}

TEST_F(Events, AreNeitherLostNorActedOnTwiceWhileConnectionsAreCut) {
    constexpr int kEvents = 400;
    inventory_.options.batch = 20;
    inventory_.subscribe("order.cancelled");
    inventory_.start();
    order_.options.batch = 20;
    order_.start();
    {
        const std::jthread cutter([&](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                std::this_thread::sleep_for(60ms);
                order_.wire.drop();
                std::this_thread::sleep_for(40ms);
                inventory_.wire.drop();
            }
        });
        for (int i = 0; i < kEvents; ++i) {
            order_.put_and_ring(event_of(i));
            if (i % 10 == 0) std::this_thread::sleep_for(20ms);
        }
    }
    EXPECT_TRUE(eventually([&] { return order_.waiting() == 0; }));
    EXPECT_TRUE(eventually([&] { return inventory_.seen().size() >= kEvents; }));
    inventory_.stop();
    const std::vector<int> seen = inventory_.seen();
    EXPECT_EQ(seen.size(), std::size_t{kEvents});
    EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), std::size_t{kEvents});
    EXPECT_THAT(dead_letters("inventory.order.cancelled"), testing::IsEmpty());
}

TEST_F(Events, KeepTheirOrderWhenSeveralReplicasPublish) {
    constexpr int kEvents = 200;
    inventory_.subscribe("order.cancelled");
    inventory_.start();
    Participant replica(sandbox_, "order", "orders");
    order_.options.batch = replica.options.batch = 7;
    order_.start();
    replica.start();
    std::vector<int> expected;
    for (int i = 0; i < kEvents; ++i) {
        (i % 2 == 0 ? order_ : replica).put_and_ring(event_of(i));
        expected.push_back(i);
    }
    EXPECT_TRUE(sees(expected));
    EXPECT_TRUE(eventually([&] { return order_.waiting() == 0; }));
}

TEST_F(Events, OfAConsumerWithSeveralReplicasGoToOneOfThem) {
    Participant replica(sandbox_, "inventory", "inventory");
    for (Participant* peer : {&inventory_, &replica}) {
        peer->subscribe("order.cancelled");
        peer->start();
    }
    order_.start();
    for (int i = 0; i < 50; ++i) order_.put_and_ring(event_of(i));
    EXPECT_TRUE(eventually([&] { return inventory_.seen().size() >= 50; }));
    EXPECT_TRUE(eventually([&] { return order_.waiting() == 0; }));
    EXPECT_EQ(inventory_.seen().size(), 50u);
}

TEST_F(Events, FailedHandlerIsRolledBackAndTriedAgain) {
    std::atomic<int> runs = 0;
    inventory_.subscribe("order.cancelled", [&](Work& work, const Event& event) {
        Participant::see(work, event);
        if (++runs < 3) throw std::runtime_error("not yet");
    });
    inventory_.start();
    order_.start();
    order_.put_and_ring(event_of(1));
    EXPECT_TRUE(sees({1}));
    EXPECT_EQ(runs, 3);
}

TEST_F(Events, PoisonGoesToTheDeadLettersAndHoldsUpNobody) {
    std::atomic<int> runs = 0;
    inventory_.options.attempts = 3;
    inventory_.subscribe("order.cancelled", [&](Work& work, const Event& event) {
        if (event.payload.at("number") == 1) {
            ++runs;
            throw std::runtime_error("never");
        }
        Participant::see(work, event);
    });
    inventory_.start();
    order_.start();
    order_.put_and_ring(event_of(1));
    order_.put_and_ring(event_of(2));
    EXPECT_TRUE(sees({2}));
    EXPECT_TRUE(eventually([&] { return runs == 3; }));
    std::vector<std::string> dead;
    EXPECT_TRUE(eventually([&] { return !(dead = dead_letters("inventory.order.cancelled")).empty(); }));
    EXPECT_THAT(dead, testing::ElementsAre(id_of(1)));
    EXPECT_EQ(runs, 3);
}

TEST_F(Events, AttemptsAreCountedOverLostConnections) {
    std::atomic<int> runs = 0;
    inventory_.options.attempts = 3;
    inventory_.subscribe("order.cancelled", [&](Work&, const Event&) {
        ++runs;
        inventory_.wire.drop();
        throw std::runtime_error("never");
    });
    inventory_.start();
    order_.start();
    order_.put_and_ring(event_of(1));
    EXPECT_TRUE(eventually([&] { return !dead_letters("inventory.order.cancelled").empty(); }));
    EXPECT_EQ(runs, 3);
}

TEST_F(Events, MalformedOnesGoToTheDeadLettersUnread) {
    inventory_.subscribe("order.cancelled");
    inventory_.start();
    publish({"no-uuid", "order.cancelled", "", "{}"});
    publish({id_of(1), "order.cancelled", "", "{"});
    publish({id_of(2), "order.cancelled", "", R"({"number":2})"});
    EXPECT_TRUE(sees({2}));
    std::set<std::string> dead;
    EXPECT_TRUE(eventually([&] {
        for (const std::string& id : dead_letters("inventory.order.cancelled")) dead.insert(id);
        return dead.size() == 2;
    }));
    EXPECT_THAT(dead, testing::ElementsAre(id_of(1), "no-uuid"));
}

TEST_F(Events, WithoutAQueueWaitInTheOutboxAndHoldUpNoOthers) {
    order_.options.may_go_unheard = {"order.printed"};
    order_.start();
    order_.put_and_ring(event_of(1));
    order_.put_and_ring(event_of(2, "order.printed"));
    EXPECT_TRUE(eventually([&] { return order_.waiting() == 1; }));
    inventory_.subscribe("order.cancelled");
    inventory_.start();
    order_.put_and_ring(event_of(3));
    EXPECT_TRUE(sees({1, 3}));
    EXPECT_TRUE(eventually([&] { return order_.waiting() == 0; }));
}

TEST_F(Events, BroadcastReachesEveryProcessOfAService) {
    std::mutex mutex;
    std::vector<int> heard[2];
    Participant replica(sandbox_, "inventory", "inventory");
    Participant* peers[] = {&inventory_, &replica};
    for (std::size_t i = 0; i < 2; ++i) {
        peers[i]->options.broadcasts.push_back({"order.cancelled", [&, i](const Event& event) {
                                                    const std::lock_guard lock(mutex);
                                                    heard[i].push_back(event.payload.at("number"));
                                                }});
        peers[i]->start();
    }
    order_.start();
    order_.put_and_ring(event_of(1));
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return heard[0] == std::vector{1} && heard[1] == std::vector{1};
    }));
}

TEST_F(Events, BrokerThatIsAwayAtTheStartHoldsUpNobody) {
    inventory_.subscribe("order.cancelled");
    inventory_.start(false);
    order_.start(false);
    order_.put_and_ring(event_of(1));
    EXPECT_FALSE(order_.messages().connected());
    inventory_.wire.open();
    order_.wire.open();
    EXPECT_TRUE(sees({1}));
    EXPECT_TRUE(order_.messages().connected());
}

TEST_F(Events, StopPublishesWhatIsLeft) {
    inventory_.subscribe("order.cancelled");
    inventory_.start();
    order_.options.poll = 60s;
    order_.start();
    std::vector<int> expected;
    for (int i = 0; i < 250; ++i) {
        order_.put(event_of(i));
        expected.push_back(i);
    }
    order_.stop(20s);
    EXPECT_EQ(order_.waiting(), 0u);
    EXPECT_TRUE(sees(expected));
}

TEST_F(Events, StopDoesNotWaitForABrokerThatIsSilent) {
    order_.start();
    order_.wire.stall();
    order_.put_and_ring(event_of(1));
    const auto began = std::chrono::steady_clock::now();
    order_.stop(1s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    EXPECT_EQ(order_.waiting(), 1u);
}

TEST_F(Events, StopLetsTheRunningHandlerEnd) {
    std::atomic<bool> is_running = false;
    inventory_.subscribe("order.cancelled", [&](Work& work, const Event& event) {
        is_running = true;
        std::this_thread::sleep_for(300ms);
        Participant::see(work, event);
    });
    inventory_.start();
    order_.start();
    order_.put_and_ring(event_of(1));
    ASSERT_TRUE(eventually([&] { return is_running.load(); }));
    inventory_.stop();
    EXPECT_EQ(inventory_.seen(), std::vector{1});
}

}  // namespace
}  // namespace services
