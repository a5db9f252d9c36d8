#include "common/data/redis_connection.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

namespace data {

namespace {

constexpr base::Duration kForever{24 * 3600 * 1000};  // Where there is no deadline.

std::string error_text(int number) {
    return std::generic_category().message(number);
}

timeval time_value(base::Duration duration) {
    const base::Duration bounded = std::clamp(duration, base::Duration{1}, kForever);
    return {static_cast<time_t>(bounded.count() / 1000), static_cast<suseconds_t>(bounded.count() % 1000 * 1000)};
}

// hiredis gives up where the first address of a name refuses, so it gets one address at a time.
std::vector<std::string> addresses_of(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int result = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (result != 0) throw RedisConnectionError(host + ": " + gai_strerror(result), false);
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    std::vector<std::string> addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
            addresses.emplace_back(text);
        }
    }
    return addresses;
}

Redis::Reply reply_of(const redisReply& from) {
    using ReplyKind = Redis::Reply::Kind;
    Redis::Reply reply;
    switch (from.type) {
        case REDIS_REPLY_INTEGER:
            reply.kind = ReplyKind::Integer;
            reply.integer = from.integer;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            reply.kind = ReplyKind::Text;
            reply.text.assign(from.str, from.len);
            break;
        case REDIS_REPLY_ERROR:
            reply.kind = ReplyKind::Error;
            reply.text.assign(from.str, from.len);
            break;
        case REDIS_REPLY_ARRAY:
            reply.kind = ReplyKind::List;
            for (std::size_t i = 0; i < from.elements; ++i) reply.list.push_back(reply_of(*from.element[i]));
            break;
        default:
            break;  // Nil
    }
    return reply;
}

}  // namespace

void RedisConnection::Close::operator()(redisContext* context) const {
    redisFree(context);
}

RedisConnection::RedisConnection(const RedisNode& node, const RedisUrl& credentials, const base::Deadline& deadline) {
    std::string failure = "no address";
    for (const std::string& address : addresses_of(node.host)) {
        if (deadline.passed()) {
            failure = "not connected in time";
            break;
        }
        context_.reset(redisConnectWithTimeout(address.c_str(), node.port, time_value(deadline.left())));
        if (context_ && context_->err == 0) break;
        failure = context_ ? context_->errstr : "no memory";
        context_.reset();
    }
    if (!context_) throw RedisConnectionError(to_string(node) + ": " + failure, false);
    const timeval limit = time_value(std::chrono::seconds{1});  // A write blocks only where megabytes wait for the server.
    setsockopt(context_->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (credentials.password.empty()) return;

    std::vector<std::string> login = {"AUTH"};
    if (!credentials.user.empty()) login.push_back(credentials.user);
    login.push_back(credentials.password);
    Redis::Reply reply;
    try {
        reply = call(login, deadline);
    } catch (const RedisConnectionError& error) {
        throw RedisConnectionError(to_string(node) + ": login: " + error.what(), false);
    }
    if (reply.kind == Redis::Reply::Kind::Error) {
        throw RedisConnectionError(to_string(node) + ": login: " + reply.text, false);
    }
}

Redis::Reply RedisConnection::call(const std::vector<std::string>& command, const base::Deadline& deadline) {
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const std::string& word : command) {
        words.push_back(word.data());
        sizes.push_back(word.size());
    }
    redisContext* const context = context_.get();
    int done = 0;
    if (redisAppendCommandArgv(context, static_cast<int>(words.size()), words.data(), sizes.data()) != REDIS_OK) {
        throw RedisConnectionError(context->errstr, false);
    }
    while (done == 0) {
        if (redisBufferWrite(context, &done) != REDIS_OK) throw RedisConnectionError(context->errstr, true);
        if (done == 0 && deadline.passed()) throw RedisConnectionError("not written in time", true);
    }
    for (;;) {
        void* reply = nullptr;
        if (redisGetReplyFromReader(context, &reply) != REDIS_OK) throw RedisConnectionError(context->errstr, true);
        if (reply != nullptr) {
            const std::unique_ptr<void, decltype(&freeReplyObject)> owner(reply, &freeReplyObject);
            return reply_of(*static_cast<const redisReply*>(reply));
        }
        pollfd ready{context->fd, POLLIN, 0};
        const int found = poll(&ready, 1, static_cast<int>(std::min(deadline.left(), kForever).count()));
        if (found == 0) throw RedisConnectionError("no reply in time", true);
        if (found < 0 && errno != EINTR) throw RedisConnectionError(error_text(errno), true);
        if (found > 0 && redisBufferRead(context) != REDIS_OK) throw RedisConnectionError(context->errstr, true);
    }
}

bool RedisConnection::usable() const {
    pollfd ready{context_->fd, POLLIN, 0};
    return context_->err == 0 && poll(&ready, 1, 0) == 0;
}

}  // namespace data
