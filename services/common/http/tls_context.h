// A server's certificate and key, which may be replaced while it runs. Internal to the server.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>

#include "common/base/log.h"
#include "common/http/server.h"

namespace http {

// Of one loop.
class TlsContext {
public:
    // Throws std::runtime_error that names the file and says what is wrong.
    TlsContext(Tls files, base::Log log);

    // For the next connection. Looks at the files from time to time; new ones that can't be used are logged, and the old stay.
    std::shared_ptr<boost::asio::ssl::context> current();

private:
    using Stamp = std::pair<std::filesystem::file_time_type, std::filesystem::file_time_type>;
    Stamp stamp() const;

    Tls files_;
    base::Log log_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    Stamp read_;
    std::chrono::steady_clock::time_point looked_;
};

}  // namespace http
