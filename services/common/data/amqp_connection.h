// One connection to RabbitMQ with one channel: what the outbox and the consumers need of AMQP 0-9-1, and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/clock.h"

struct amqp_connection_state_t_;
struct amqp_rpc_reply_t_;

namespace data {

// The broker is away, refused something, or hung up. The connection is of no use any more.
class AmqpError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct AmqpMessage {
    std::string id;
    std::string type;
    std::string traceparent;  // Empty: none.
    std::string body;
};

// For one thread at a time, but for cut(). Every call may throw AmqpError. Must be used within 30 s each time, as heartbeats are
// sent and watched by its calls alone.
class AmqpConnection {
public:
    struct Delivery {
        std::uint64_t tag = 0;
        bool redelivered = false;
        AmqpMessage message;
    };

    // What the broker says of a published message: it is in a queue; there is no queue for it; it can't take it now.
    enum class Answer { Taken, Unroutable, Refused };

    using Arguments = std::vector<std::pair<std::string, std::variant<std::string, int>>>;

    enum class Lifetime { Durable, Connection };  // Connection: exclusive, and gone with it.

    // `name` is what the broker's overview shows.
    AmqpConnection(const std::string& url, const std::string& name);
    ~AmqpConnection();  // Hangs up.
    AmqpConnection(const AmqpConnection&) = delete;
    AmqpConnection& operator=(const AmqpConnection&) = delete;

    void declare_exchange(const std::string& name, const std::string& type);
    void declare_queue(const std::string& name, Lifetime lifetime, const Arguments& arguments);
    void bind(const std::string& queue, const std::string& exchange, const std::string& key);

    void confirm_publishing();
    void publish(const std::string& exchange, const AmqpMessage& message);  // Persistent and mandatory; the key is its type.
    // One answer for each publish() since the last call, in their order.
    std::vector<Answer> answers(base::Duration patience);

    void consume(const std::string& queue, std::uint16_t prefetch, bool with_acknowledgement);
    std::optional<Delivery> next(base::Duration wait);
    void acknowledge(const Delivery& delivery);
    void reject(const Delivery& delivery);  // To the queue's dead letters.

    // Sends a heartbeat when one is due, and notices that the broker hung up. Not where something is consumed: next() does it.
    void keep_alive();

    void close();  // In order.
    void cut();    // From any thread: ends what the connection's thread waits for, with AmqpError.

private:
    void open(const std::string& url, const std::string& name);
    void check(const amqp_rpc_reply_t_& reply, const std::string& what) const;
    void check_last(const std::string& what) const;
    bool read_frame(base::Duration wait);
    void settle(std::uint64_t tag, bool multiple, Answer answer);
    void read_returned();
    AmqpMessage read_message();

    amqp_connection_state_t_* state_;
    int socket_ = -1;  // A descriptor of our own, for cut().

    struct Published {
        std::string id;
        Answer answer = Answer::Refused;
        bool is_answered = false;
    };
    std::vector<Published> published_;
    std::uint64_t first_tag_ = 1;  // Of published_.
    std::size_t unanswered_ = 0;
};

}  // namespace data
