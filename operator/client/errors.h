// What calls to the API server throw.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace client {

// An answer of the API server that says no (a Status with code >= 400). what() reads "VERB Kind ns/name: CODE message".
class ApiError : public std::runtime_error {
public:
    ApiError(const std::string& what, int code, std::string reason, std::string message,
             std::optional<std::chrono::seconds> retry_after = std::nullopt)
        : std::runtime_error(what),
          code_(code),
          reason_(std::move(reason)),
          message_(std::move(message)),
          retry_after_(retry_after) {}

    int code() const { return code_; }                       // HTTP status.
    const std::string& reason() const { return reason_; }    // Status.reason: "NotFound", "Conflict", "Invalid" …
    const std::string& message() const { return message_; }  // Status.message; names fields.
    // How long the API server asks us to leave it alone (429, 503); the caller decides.
    std::optional<std::chrono::seconds> retry_after() const { return retry_after_; }

private:
    int code_;
    std::string reason_;
    std::string message_;
    std::optional<std::chrono::seconds> retry_after_;
};

// No answer, or none that can be read.
class ConnectionError : public std::runtime_error {
public:
    enum class Cause {
        Broken,     // Not reached, refused by TLS, or broken off.
        Timeout,    // Silent for too long.
        Malformed,  // Larger than allowed, or not what the protocol says.
        Closed,     // By us: Client::close() or WatchStream::close().
    };
    ConnectionError(const std::string& what, Cause cause) : std::runtime_error(what), cause_(cause) {}
    Cause cause() const { return cause_; }

private:
    Cause cause_;
};

}  // namespace client
