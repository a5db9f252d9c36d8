// AMQP 0-9-1 by rabbitmq-c.
#include "common/data/amqp_connection.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

namespace data {

namespace {

constexpr amqp_channel_t kChannel = 1;
constexpr int kFrameSize = 131'072;          // What RabbitMQ proposes.
constexpr int kHeartbeatSeconds = 20;        // Silence of twice that ends the connection, on either side; a handler has 30 s.
constexpr int kUnsentMilliseconds = 20'000;  // As long for bytes that the peer doesn't take.
constexpr timeval kPatience{5, 0};           // For connecting, and for the broker's answer to a command.
constexpr std::uint8_t kPersistent = 2;      // AMQP's delivery-mode.

amqp_bytes_t bytes(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};
}

std::string text(amqp_bytes_t bytes) {
    return bytes.len == 0 ? std::string() : std::string(static_cast<char*>(bytes.bytes), bytes.len);
}

amqp_table_entry_t entry(std::string_view key, std::string_view value) {
    amqp_table_entry_t made{};
    made.key = bytes(key);
    made.value.kind = AMQP_FIELD_KIND_UTF8;
    made.value.value.bytes = bytes(value);
    return made;
}

amqp_table_entry_t entry(std::string_view key, int value) {
    amqp_table_entry_t made{};
    made.key = bytes(key);
    made.value.kind = AMQP_FIELD_KIND_I32;
    made.value.value.i32 = value;
    return made;
}

amqp_table_t table(std::vector<amqp_table_entry_t>& entries) {
    return {static_cast<int>(entries.size()), entries.data()};
}

timeval timeval_of(base::Duration duration) {
    const auto milliseconds = std::max<base::Duration::rep>(0, duration.count());
    return {milliseconds / 1000, (milliseconds % 1000) * 1000};
}

std::string reason_of(const amqp_method_t& method) {
    if (method.id == AMQP_CONNECTION_CLOSE_METHOD) return text(static_cast<amqp_connection_close_t*>(method.decoded)->reply_text);
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) return text(static_cast<amqp_channel_close_t*>(method.decoded)->reply_text);
    const char* name = amqp_method_name(method.id);
    return name == nullptr ? "an unknown method" : name;
}

[[noreturn]] void fail(const std::string& what, int status) {
    throw AmqpError(what + ": " + amqp_error_string2(status));
}

void check_status(int status, const std::string& what) {
    if (status != AMQP_STATUS_OK) fail(what, status);
}

std::string header(const amqp_basic_properties_t& properties, std::string_view name) {
    if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return {};
    for (int i = 0; i < properties.headers.num_entries; ++i) {
        const amqp_table_entry_t& found = properties.headers.entries[i];
        const bool is_text = found.value.kind == AMQP_FIELD_KIND_UTF8 || found.value.kind == AMQP_FIELD_KIND_BYTES;
        if (is_text && text(found.key) == name) return text(found.value.value.bytes);
    }
    return {};
}

AmqpMessage message_of(const amqp_message_t& message) {
    const amqp_basic_properties_t& properties = message.properties;
    AmqpMessage result;
    if ((properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) result.id = text(properties.message_id);
    if ((properties._flags & AMQP_BASIC_TYPE_FLAG) != 0) result.type = text(properties.type);
    result.traceparent = header(properties, "traceparent");
    result.body = text(message.body);
    return result;
}

}  // namespace

AmqpConnection::AmqpConnection(const std::string& url, const std::string& name) : state_(amqp_new_connection()) {
    if (state_ == nullptr) throw AmqpError("no memory for a connection to RabbitMQ");
    try {
        open(url, name);
    } catch (...) {
        amqp_destroy_connection(state_);
        if (socket_ >= 0) ::close(socket_);
        throw;
    }
}

AmqpConnection::~AmqpConnection() {
    amqp_destroy_connection(state_);
    if (socket_ >= 0) ::close(socket_);
}

void AmqpConnection::open(const std::string& url, const std::string& name) {
    std::string parsed = url;  // amqp_parse_url() writes into it and points to it.
    amqp_connection_info address{};
    check_status(amqp_parse_url(parsed.data(), &address), "read the URL of RabbitMQ");
    if (address.ssl != 0) throw AmqpError("amqps is not supported: use amqp within the cluster's own network");
    const std::string where = std::string("RabbitMQ at ") + address.host + ":" + std::to_string(address.port);

    amqp_set_handshake_timeout(state_, &kPatience);
    amqp_set_rpc_timeout(state_, &kPatience);
    amqp_socket_t* const socket = amqp_tcp_socket_new(state_);  // Belongs to state_.
    if (socket == nullptr) throw AmqpError("no memory for a connection to RabbitMQ");
    check_status(amqp_socket_open_noblock(socket, address.host, address.port, &kPatience), "connect to " + where);
    socket_ = ::fcntl(amqp_get_sockfd(state_), F_DUPFD_CLOEXEC, 0);
    ::setsockopt(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnsentMilliseconds, sizeof kUnsentMilliseconds);

    std::vector<amqp_table_entry_t> properties{entry("connection_name", name)};
    const amqp_table_t client = table(properties);
    check(amqp_login_with_properties(state_, address.vhost, AMQP_DEFAULT_MAX_CHANNELS, kFrameSize, kHeartbeatSeconds, &client,
                                     AMQP_SASL_METHOD_PLAIN, address.user, address.password),
          "log in to " + where);
    amqp_channel_open(state_, kChannel);
    check_last("open a channel");
}

void AmqpConnection::check(const amqp_rpc_reply_t& reply, const std::string& what) const {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) throw AmqpError(what + ": " + reason_of(reply.reply));
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) fail(what, reply.library_error);
    throw AmqpError(what + ": no answer");
}

void AmqpConnection::check_last(const std::string& what) const {
    check(amqp_get_rpc_reply(state_), what);
}

void AmqpConnection::declare_exchange(const std::string& name, const std::string& type) {
    amqp_exchange_declare(state_, kChannel, bytes(name), bytes(type), 0, 1, 0, 0, amqp_empty_table);
    check_last("declare the exchange " + name);
}

void AmqpConnection::declare_queue(const std::string& name, Lifetime lifetime, const Arguments& arguments) {
    std::vector<amqp_table_entry_t> entries;
    for (const auto& [key, value] : arguments) {
        entries.push_back(std::visit([&k = key](const auto& v) { return entry(k, v); }, value));
    }
    const int is_durable = lifetime == Lifetime::Durable ? 1 : 0;
    const int is_private = 1 - is_durable;
    amqp_queue_declare(state_, kChannel, bytes(name), 0, is_durable, is_private, is_private, table(entries));
    check_last("declare the queue " + name);
}

void AmqpConnection::bind(const std::string& queue, const std::string& exchange, const std::string& key) {
    amqp_queue_bind(state_, kChannel, bytes(queue), bytes(exchange), bytes(key), amqp_empty_table);
    check_last("bind the queue " + queue);
}

void AmqpConnection::confirm_publishing() {
    amqp_confirm_select(state_, kChannel);
    check_last("ask for publisher confirms");
}

void AmqpConnection::publish(const std::string& exchange, const AmqpMessage& message) {
    std::vector<amqp_table_entry_t> headers;
    if (!message.traceparent.empty()) headers.push_back(entry("traceparent", message.traceparent));
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                        AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG;
    properties.delivery_mode = kPersistent;
    properties.content_type = bytes("application/json");
    properties.message_id = bytes(message.id);
    properties.type = bytes(message.type);
    properties.headers = table(headers);
    check_status(
        amqp_basic_publish(state_, kChannel, bytes(exchange), bytes(message.type), 1, 0, &properties, bytes(message.body)),
        "publish " + message.type);
    published_.push_back({message.id});
    ++unanswered_;
}

std::vector<AmqpConnection::Answer> AmqpConnection::answers(base::Duration patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (unanswered_ > 0) {
        const auto left = std::chrono::ceil<base::Duration>(until - std::chrono::steady_clock::now());
        if (left <= base::Duration{0}) throw AmqpError("the broker doesn't confirm what was published");
        read_frame(left);
    }
    std::vector<Answer> result;
    for (const Published& one : published_) result.push_back(one.answer);
    first_tag_ += published_.size();
    published_.clear();
    return result;
}

// Reads one frame that is no delivery, if one comes. False: none came.
bool AmqpConnection::read_frame(base::Duration wait) {
    amqp_maybe_release_buffers(state_);
    const timeval timeout = timeval_of(wait);
    amqp_frame_t frame{};
    const int status = amqp_simple_wait_frame_noblock(state_, &frame, &timeout);
    if (status == AMQP_STATUS_TIMEOUT) return false;
    check_status(status, "listen to the broker");
    if (frame.frame_type != AMQP_FRAME_METHOD) return true;
    const amqp_method_t& method = frame.payload.method;
    switch (method.id) {
        case AMQP_BASIC_ACK_METHOD: {
            const auto& ack = *static_cast<amqp_basic_ack_t*>(method.decoded);
            settle(ack.delivery_tag, ack.multiple != 0, Answer::Taken);
            return true;
        }
        case AMQP_BASIC_NACK_METHOD: {
            const auto& nack = *static_cast<amqp_basic_nack_t*>(method.decoded);
            settle(nack.delivery_tag, nack.multiple != 0, Answer::Refused);
            return true;
        }
        case AMQP_BASIC_RETURN_METHOD:
            read_returned();
            return true;
        default:  // connection.close, channel.close, basic.cancel: the queue is gone or its node is.
            throw AmqpError("the broker ended it: " + reason_of(method));
    }
}

// An unroutable message comes back before it is confirmed, and then stays what it is.
void AmqpConnection::settle(std::uint64_t tag, bool multiple, Answer answer) {
    for (std::size_t i = 0; i < published_.size(); ++i) {
        const std::uint64_t own = first_tag_ + i;
        if (own > tag) break;
        if (published_[i].is_answered || (own < tag && !multiple)) continue;
        published_[i].is_answered = true;
        if (published_[i].answer != Answer::Unroutable) published_[i].answer = answer;
        --unanswered_;
    }
}

void AmqpConnection::read_returned() {
    amqp_message_t message{};
    check(amqp_read_message(state_, kChannel, &message, 0), "read a message that came back");
    const std::string id = message_of(message).id;
    amqp_destroy_message(&message);
    const auto found = std::find_if(published_.begin(), published_.end(), [&](const Published& one) { return one.id == id; });
    if (found != published_.end()) found->answer = Answer::Unroutable;
}

void AmqpConnection::consume(const std::string& queue, std::uint16_t prefetch, bool with_acknowledgement) {
    amqp_basic_qos(state_, kChannel, 0, prefetch, 0);
    check_last("limit what is delivered at once");
    amqp_basic_consume(state_, kChannel, bytes(queue), amqp_empty_bytes, 0, with_acknowledgement ? 0 : 1, 0, amqp_empty_table);
    check_last("consume " + queue);
}

std::optional<AmqpConnection::Delivery> AmqpConnection::next(base::Duration wait) {
    amqp_maybe_release_buffers(state_);
    const timeval timeout = timeval_of(wait);
    amqp_envelope_t envelope{};
    const amqp_rpc_reply_t reply = amqp_consume_message(state_, &envelope, &timeout, 0);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        Delivery delivery{envelope.delivery_tag, envelope.redelivered != 0, message_of(envelope.message)};
        amqp_destroy_envelope(&envelope);
        return delivery;
    }
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        if (reply.library_error == AMQP_STATUS_TIMEOUT) return std::nullopt;
        if (reply.library_error == AMQP_STATUS_UNEXPECTED_STATE) {  // Another frame than a delivery is next.
            read_frame(base::Duration{0});
            return std::nullopt;
        }
    }
    check(reply, "wait for a message");
    return std::nullopt;
}

void AmqpConnection::acknowledge(const Delivery& delivery) {
    check_status(amqp_basic_ack(state_, kChannel, delivery.tag, 0), "acknowledge a message");
}

void AmqpConnection::reject(const Delivery& delivery) {
    check_status(amqp_basic_reject(state_, kChannel, delivery.tag, 0), "reject a message");
}

void AmqpConnection::keep_alive() {
    while (read_frame(base::Duration{0})) {
    }
}

void AmqpConnection::close() {
    constexpr timeval kShort{1, 0};
    amqp_set_rpc_timeout(state_, &kShort);
    amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
}

void AmqpConnection::cut() {
    ::shutdown(socket_, SHUT_RDWR);
}

}  // namespace data
