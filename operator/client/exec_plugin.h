// Credential plugins: a command that is told about the cluster and prints a token or a certificate.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "client/config.h"
#include "common/base/clock.h"

namespace client {

struct ExecCredential {
    std::string token;
    std::string client_cert_pem;
    std::string client_key_pem;
    std::optional<base::WallTime> expires;
};

// What the plugin finds in KUBERNETES_EXEC_INFO.
std::string exec_info(const Config& config);

// Throws std::runtime_error that says what is wrong, without any of the text.
ExecCredential parse_exec_credential(const std::string& text, const std::string& api_version);

// Runs the plugin and waits for it: blocks, so never on the loop. Not through a shell; nothing to read on its standard input; its
// standard error is ours. Returns what it printed. Throws std::runtime_error where it can't be run, fails, prints over 1 MiB, or
// takes longer than `limit`; it and its children are killed then, and when a stop is asked for.
std::string run_exec_plugin(const ExecPlugin& plugin, const std::string& info, std::chrono::milliseconds limit,
                            const std::stop_token& stop);

}  // namespace client
