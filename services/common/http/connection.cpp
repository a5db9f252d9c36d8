// Reads requests, calls the handler, writes responses.
#include "common/http/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>
#include <optional>

namespace http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using beast::error_code;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t kReadSize = 4096;
constexpr std::size_t kLingerBytes = std::size_t{256} * 1024;
constexpr base::Duration kLingerTime{1000};

// What came in: a request, or the status that refuses it, or neither when the client went away or was too slow.
struct Received {
    std::optional<Request> request;
    int refusal = 0;
    bool keep_alive = false;
    bool http_1_0 = false;
};

std::string_view text(beast::string_view view) {
    return {view.data(), view.size()};
}

int refusal_for(const error_code& error) {
    namespace h = beast::http;
    if (error == h::error::body_limit) return 413;
    if (error == h::error::header_limit || error == h::error::buffer_overflow) return 431;
    // end_of_stream is an orderly end; partial_message is an end in the middle of a request: nobody is there to be told.
    if (error == h::error::end_of_stream || error == h::error::partial_message) return 0;
    return error.category() == h::make_error_code(h::error::bad_field).category() ? 400 : 0;
}

// The rules of RFC 9112 that Beast leaves to its user, where a proxy in front could read another request than we do; 0: fine.
int objection(const Parser::value_type& head) {
    using beast::http::field;
    const bool http_1_0 = head.version() == 10;
    const std::size_t hosts = head.count(field::host);
    if (hosts > 1 || (hosts == 0 && !http_1_0)) return 400;
    if (const std::size_t codings = head.count(field::transfer_encoding); codings > 0) {
        if (codings > 1 || http_1_0) return 400;
        if (!beast::iequals(head[field::transfer_encoding], "chunked")) return 501;
    }
    if (head.count(field::expect) > 0 && !beast::iequals(head[field::expect], "100-continue")) return 417;
    return 0;
}

Request request_of(const Parser::value_type& head, const std::string& peer) {
    Request request;
    request.method = text(head.method_string());
    std::string_view target = text(head.target());
    if (target.starts_with("http://") || target.starts_with("https://")) {  // As sent to a proxy: without scheme and host.
        const std::size_t path = target.find('/', target.find("//") + 2);
        target = path == target.npos ? std::string_view{"/"} : target.substr(path);
    }
    const std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != target.npos) request.query = target.substr(mark + 1);
    for (const auto& field : head) request.headers.emplace_back(text(field.name_string()), text(field.value()));
    request.peer = peer;
    return request;
}

Response refused(int status) {
    const auto reason = beast::http::obsolete_reason(beast::http::int_to_status(static_cast<unsigned>(status)));
    return {.status = status, .body = std::string(text(reason)), .headers = {}};
}

class ServedConnection final : public Connection {
public:
    ServedConnection(std::shared_ptr<Service> service, asio::ip::tcp::socket socket)
        : service_(std::move(service)), stream_(std::move(socket)), buffer_(service_->limits.header_bytes + 2 * kReadSize) {
        error_code error;
        stream_.socket().set_option(asio::ip::tcp::no_delay{true}, error);
        const auto peer = stream_.socket().remote_endpoint(error);
        if (!error) peer_ = peer.address().to_string();
        service_->open.insert(this);
    }
    ~ServedConnection() override {
        service_->open.erase(this);
        if (service_->open.empty() && service_->on_drained) service_->on_drained();
    }
    ServedConnection(const ServedConnection&) = delete;
    ServedConnection& operator=(const ServedConnection&) = delete;

    awaitable<void> run() {
        while (co_await wait_for_request()) {
            Received received = co_await receive();
            if (!received.request && received.refusal == 0) break;
            const Response response = answer(received);
            if (response.hang_up) break;
            const bool head_only = received.request && received.request->method == "HEAD";
            const bool keep_alive = received.request && received.keep_alive && !service_->draining;
            const std::string head = response_head(response, keep_alive, received.http_1_0);
            const bool has_body = !head_only && response.status != 204 && response.status != 304;
            const bool sent = co_await send(head, has_body ? response.body : std::string_view{});
            if (!sent) break;
            if (!keep_alive) {
                co_await linger();
                break;
            }
        }
        abort();
    }

    void close_if_idle() override {
        if (idle_) abort();
    }

    void abort() override { stream_.close(); }

private:
    // False: the connection is over. True at once where the next request is already in the buffer.
    awaitable<bool> wait_for_request() {
        if (buffer_.size() > 0) co_return true;
        if (service_->draining) co_return false;
        idle_ = true;
        stream_.expires_after(service_->limits.idle_time);
        error_code error;
        const auto space = buffer_.prepare(kReadSize);
        const std::size_t size = co_await stream_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
        buffer_.commit(size);
        idle_ = false;
        co_return !error;
    }

    awaitable<Received> receive() {
        Received received;
        Parser parser;
        parser.header_limit(static_cast<std::uint32_t>(service_->limits.header_bytes));
        parser.body_limit(service_->limits.body_bytes);

        error_code error;
        stream_.expires_after(service_->limits.header_time);
        co_await beast::http::async_read_header(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
        const Parser::value_type& head = parser.get();
        received.http_1_0 = parser.is_header_done() && head.version() == 10;
        received.refusal = error ? refusal_for(error) : objection(head);
        if (error || received.refusal != 0) co_return received;

        Request request = request_of(head, peer_);  // Before the body, as its trailers would be taken for headers.
        received.keep_alive = head.keep_alive();
        stream_.expires_after(service_->limits.body_time);
        if (!parser.is_done() && head.count(beast::http::field::expect) > 0) {
            const bool told = co_await send("HTTP/1.1 100 Continue\r\n\r\n", {});
            if (!told) co_return received;
            stream_.expires_after(service_->limits.body_time);
        }
        if (!parser.is_done()) {
            co_await beast::http::async_read(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
        }
        if (error) {
            received.refusal = refusal_for(error);
            co_return received;
        }
        request.body = std::move(parser.get().body());
        received.request = std::move(request);
        co_return received;
    }

    Response answer(const Received& received) const {
        return received.request ? handle(*received.request) : refused(received.refusal);
    }

    Response handle(const Request& request) const {
        try {
            Response response = service_->handler(request);
            const auto broken = [](std::string_view value) {
                return value.find_first_of(std::string_view{"\r\n\0", 3}) != value.npos;
            };
            bool unsafe = broken(response.content_type);
            for (const auto& [name, value] : response.headers) unsafe = unsafe || name.empty() || broken(name) || broken(value);
            if (!unsafe) return response;
            service_->log.error("a handler's header holds a line break", {{"method", request.method}, {"path", request.path}});
        } catch (const std::exception& failure) {
            service_->log.error("a handler failed",
                                {{"method", request.method}, {"path", request.path}, {"problem", failure.what()}});
        }
        return refused(500);
    }

    awaitable<bool> send(std::string_view head, std::string_view body) {
        const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
        error_code error;
        stream_.expires_after(service_->limits.write_time);
        co_await asio::async_write(stream_, parts, asio::redirect_error(asio::use_awaitable, error));
        co_return !error;
    }

    // Reads on for a moment after the last response: closing over unread bytes would reset the connection, and the response could
    // be lost on its way.
    awaitable<void> linger() {
        error_code error;
        stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
        stream_.expires_after(kLingerTime);
        idle_ = true;
        std::array<char, kReadSize> discarded;
        for (std::size_t total = 0; !error && total < kLingerBytes;) {
            total += co_await stream_.async_read_some(asio::buffer(discarded), asio::redirect_error(asio::use_awaitable, error));
        }
    }

    std::shared_ptr<Service> service_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::string peer_;
    bool idle_ = false;
};

awaitable<void> run(std::unique_ptr<ServedConnection> connection) {
    co_await connection->run();
}

}  // namespace

std::string response_head(const Response& response, bool keep_alive, bool http_1_0) {
    const auto status = static_cast<unsigned>(response.status);
    std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
    head += text(beast::http::obsolete_reason(beast::http::int_to_status(status)));
    head += "\r\n";
    if (response.status != 204) {
        if (!response.body.empty()) head += "Content-Type: " + response.content_type + "\r\n";
        head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
    }
    if (!keep_alive) head += "Connection: close\r\n";
    if (keep_alive && http_1_0) head += "Connection: keep-alive\r\n";
    for (const auto& [name, value] : response.headers) head.append(name).append(": ").append(value).append("\r\n");
    return head + "\r\n";
}

awaitable<void> serve(std::shared_ptr<Service> service, asio::ip::tcp::socket socket) {
    return run(std::make_unique<ServedConnection>(std::move(service), std::move(socket)));
}

}  // namespace http
