// Who we are to the API server, kept fresh: fixed values, a token's file that is read again, or a plugin that is run again.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "client/awaitable.h"
#include "client/config.h"
#include "common/base/clock.h"

namespace client {

struct Identity {
    std::string token;
    std::string client_cert_pem;
    std::string client_key_pem;

    friend bool operator==(const Identity&, const Identity&) = default;
};
using IdentityPtr = std::shared_ptr<const Identity>;

// Lives on the loop; only the plugin runs on a thread of its own.
class Credentials : public std::enable_shared_from_this<Credentials> {
public:
    Credentials(boost::asio::io_context& io, const Config& config, std::chrono::milliseconds exec_limit,
                const base::Clock& clock);
    ~Credentials();

    // Equal identities are the same pointer. Throws std::runtime_error where the file can't be read or the plugin fails.
    awaitable<IdentityPtr> current();

    // The API server did not take it (401): the next current() looks for a newer one.
    void refuse(const IdentityPtr& identity);

    // Kills a running plugin; current() throws from now on.
    void close();

private:
    struct Run;
    bool fresh() const;
    void accept(Identity identity);
    void read_token_file();
    void start_plugin();
    void take_result(const Run& run);

    boost::asio::io_context& io_;
    Config config_;
    std::chrono::milliseconds exec_limit_;
    const base::Clock& clock_;
    IdentityPtr identity_;
    std::optional<base::SteadyTime> stale_at_;  // Nothing: never.
    std::shared_ptr<Run> run_;                  // While the plugin runs; all who wait share it.
    std::jthread thread_;
    bool closed_ = false;
};

}  // namespace client
