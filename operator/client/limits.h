// How long and how large anything between us and the API server may get.
#pragma once

#include <chrono>
#include <cstddef>

namespace client {

struct Limits {
    std::chrono::milliseconds connect{10'000};
    std::chrono::milliseconds handshake{10'000};
    std::chrono::milliseconds request{
        30'000};                             // From the call to the last byte of the answer, the wait for a connection included.
    std::chrono::milliseconds idle{60'000};  // An unused connection is closed after it; API servers do so after 90 s and more.
    std::chrono::milliseconds exec{60'000};  // A credential plugin may ask another service.
    std::chrono::seconds watch{290};  // Asked of the server; below the 5 min at which many proxies cut. Plus up to a tenth.
    std::chrono::milliseconds watch_grace{15'000};  // A stream still open so long after the server should have ended it is dead.
    std::chrono::milliseconds watch_silence{
        150'000};                 // Longer than twice the minute after which API servers send a bookmark: dead.
    std::size_t connections = 8;  // For requests; a watch has one of its own.
    std::size_t body = 8u << 20;
    std::size_t list_body = 64u << 20;
    std::size_t event = 16u << 20;  // etcd keeps objects below 1.5 MiB; JSON and managed fields may add to it.
};

}  // namespace client
