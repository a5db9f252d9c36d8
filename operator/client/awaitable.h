// Coroutines that the loop runs. Boost 1.74's header needs <utility> before it, which clang-format would sort behind.
#pragma once

// clang-format off
#include <utility>
#include <boost/asio/awaitable.hpp>
// clang-format on

namespace client {

using boost::asio::awaitable;

}  // namespace client
