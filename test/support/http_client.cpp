#include "support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace support {

namespace {

constexpr std::string_view kSpace = " \t";

std::string trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return "";
    return std::string(text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
}

[[noreturn]] void fail(const std::string& what) {
    throw NoAnswer(what + ": " + std::strerror(errno));
}

}  // namespace

std::optional<std::string> Answer::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
    }
    return std::nullopt;
}

nlohmann::json Answer::json() const {
    nlohmann::json value = nlohmann::json::parse(body, nullptr, false);
    if (value.is_discarded()) throw NoAnswer("status " + std::to_string(status) + ", and this is no JSON: " + body);
    return value;
}

Wire::Wire(std::uint16_t port, std::chrono::milliseconds patience) : patience_(patience) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int why = errno;
        ::close(socket_);
        errno = why;
        fail("connect to port " + std::to_string(port));
    }
}

Wire::~Wire() {
    if (socket_ >= 0) ::close(socket_);
}

Wire::Wire(Wire&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), patience_(other.patience_), buffer_(std::move(other.buffer_)) {}

Wire& Wire::operator=(Wire&& other) noexcept {
    std::swap(socket_, other.socket_);
    patience_ = other.patience_;
    buffer_ = std::move(other.buffer_);
    return *this;
}

void Wire::send(std::string_view bytes) {
    while (!bytes.empty()) {
        pollfd ready{socket_, POLLOUT, 0};
        if (::poll(&ready, 1, static_cast<int>(patience_.count())) <= 0) throw NoAnswer("the server takes nothing more");
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Wire::finish_sending() {
    ::shutdown(socket_, SHUT_WR);
}

bool Wire::fill() {
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(patience_.count())) <= 0)
        throw NoAnswer("nothing came for " + std::to_string(patience_.count()) + " ms");
    std::array<char, 16384> chunk;
    const ssize_t size = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (size < 0 && errno != ECONNRESET) fail("receive");
    if (size <= 0) return false;
    buffer_.append(chunk.data(), static_cast<std::size_t>(size));
    return true;
}

std::string Wire::line() {
    std::size_t end;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) throw NoAnswer("the connection ended before an answer");
    }
    std::string text = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return text;
}

std::string Wire::bytes(std::size_t count) {
    while (buffer_.size() < count) {
        if (!fill()) throw NoAnswer("the connection ended within an answer");
    }
    std::string text = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return text;
}

Answer Wire::receive(bool head) {
    Answer answer;
    do {
        const std::string first = line();
        if (!first.starts_with("HTTP/1.") || first.size() < 12) throw NoAnswer("this begins no answer: " + first);
        answer = {};
        answer.status = std::atoi(first.c_str() + 9);
        for (std::string field = line(); !field.empty(); field = line()) {
            const std::size_t colon = field.find(':');
            if (colon == std::string::npos) throw NoAnswer("this is no header: " + field);
            answer.headers.emplace_back(field.substr(0, colon), trimmed(std::string_view(field).substr(colon + 1)));
        }
    } while (answer.status / 100 == 1);
    if (head || answer.status == 204 || answer.status == 304) return answer;
    if (answer.header("Transfer-Encoding").value_or("") == "chunked") {
        while (const std::size_t size = std::stoul(line(), nullptr, 16)) {
            answer.body += bytes(size);
            line();
        }
        while (!line().empty()) {
        }
    } else if (const auto length = answer.header("Content-Length")) {
        answer.body = bytes(std::stoul(*length));
    } else {
        answer.body = drain();
    }
    return answer;
}

std::string Wire::drain() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
}

bool Wire::hung_up() {
    try {
        return buffer_.empty() && !fill();
    } catch (const NoAnswer&) {
        return false;
    }
}

bool Wire::quiet() const {
    pollfd ready{socket_, POLLIN, 0};
    return buffer_.empty() && ::poll(&ready, 1, 0) == 0;
}

HttpClient::HttpClient(std::uint16_t port, std::chrono::milliseconds patience) : port_(port), patience_(patience) {}

void HttpClient::set_header(const std::string& name, const std::string& value) {
    std::erase_if(always_, [&](const auto& header) { return header.first == name; });
    always_.emplace_back(name, value);
}

Answer HttpClient::request(const std::string& method, const std::string& target, const std::string& body,
                           const Headers& headers) {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n";
    for (const Headers* some : std::initializer_list<const Headers*>{&always_, &headers}) {
        for (const auto& [name, value] : *some) text.append(name).append(": ").append(value).append("\r\n");
    }
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text += "\r\n" + body;
    std::optional<Wire> wire = std::exchange(wire_, std::nullopt);
    if (!wire || !wire->quiet()) wire.emplace(port_, patience_);
    wire->send(text);
    Answer answer = wire->receive(method == "HEAD");
    if (answer.header("Connection").value_or("") != "close") wire_ = std::move(wire);
    return answer;
}

Answer HttpClient::get(const std::string& target, const Headers& headers) {
    return request("GET", target, "", headers);
}

Answer HttpClient::remove(const std::string& target, const Headers& headers) {
    return request("DELETE", target, "", headers);
}

namespace {

Headers with_type(Headers headers) {
    headers.emplace_back("Content-Type", "application/json");
    return headers;
}

}  // namespace

Answer HttpClient::post(const std::string& target, const nlohmann::json& body, const Headers& headers) {
    return request("POST", target, body.dump(), with_type(headers));
}

Answer HttpClient::put(const std::string& target, const nlohmann::json& body, const Headers& headers) {
    return request("PUT", target, body.dump(), with_type(headers));
}

Answer HttpClient::patch(const std::string& target, const nlohmann::json& body, const Headers& headers) {
    return request("PATCH", target, body.dump(), with_type(headers));
}

}  // namespace support
