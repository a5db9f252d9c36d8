// One GET over plain HTTP on a connection of its own, of what is small and near: metrics, and the questions that a Prometheus
// answers.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>

namespace reconcile {

struct PlainAnswer {
    int status = 0;
    std::string body;
};

// `host` is a name or an address. Throws an exception whose words say why there is no answer: also where it is longer than
// `most_bytes`, and where any step takes longer than two seconds.
boost::asio::awaitable<PlainAnswer> plain_get(std::string host, std::uint16_t port, std::string target, std::uint64_t most_bytes);

}  // namespace reconcile
