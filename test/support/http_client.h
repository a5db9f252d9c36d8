// A small blocking HTTP client for tests: it trusts what it talks to, and can also send bytes that are no HTTP.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

using Headers = std::vector<std::pair<std::string, std::string>>;

// No connection, or one that ended or fell silent before the answer was whole.
class NoAnswer : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct Answer {
    int status = 0;
    Headers headers;
    std::string body;

    std::optional<std::string> header(std::string_view name) const;  // The first of that name, in whatever case.
    nlohmann::json json() const;                                     // Throws NoAnswer that shows the body where it is no JSON.
};

// One TCP connection to 127.0.0.1, for attacks and for the order of things. Every call gives up after `patience`.
class Wire {
public:
    explicit Wire(std::uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds(10));
    ~Wire();
    Wire(Wire&& other) noexcept;
    Wire& operator=(Wire&& other) noexcept;

    void send(std::string_view bytes);  // Throws NoAnswer where the other side has hung up.
    Answer receive(bool head = false);  // The next response; `head`: of a HEAD request, so without a body.
    std::string drain();                // All that comes until the other side hangs up; throws NoAnswer where it doesn't.
    bool hung_up();                     // Whether the other side ends the connection without another byte.
    bool quiet() const;                 // Whether nothing has come: neither bytes nor the end.
    void finish_sending();              // Half-close.

private:
    bool fill();  // False at the end of the stream.
    std::string line();
    std::string bytes(std::size_t count);

    int socket_ = -1;
    std::chrono::milliseconds patience_;
    std::string buffer_;
};

// Keeps its connection; one that the server has ended meanwhile is made anew, but no request is sent twice. For one thread at a
// time.
class HttpClient {
public:
    explicit HttpClient(std::uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds(35));

    // Sent with every request from now on, such as Authorization.
    void set_header(const std::string& name, const std::string& value);

    Answer request(const std::string& method, const std::string& target, const std::string& body = "",
                   const Headers& headers = {});
    Answer get(const std::string& target, const Headers& headers = {});
    Answer remove(const std::string& target, const Headers& headers = {});
    Answer post(const std::string& target, const nlohmann::json& body, const Headers& headers = {});
    Answer put(const std::string& target, const nlohmann::json& body, const Headers& headers = {});
    Answer patch(const std::string& target, const nlohmann::json& body, const Headers& headers = {});

private:
    std::uint16_t port_;
    std::chrono::milliseconds patience_;
    Headers always_;
    std::optional<Wire> wire_;
};

}  // namespace support
