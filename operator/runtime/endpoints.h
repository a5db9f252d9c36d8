// What the cluster asks of the process: /metrics, /livez and /readyz.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/http/message.h"

namespace prometheus {
class Collectable;
}

namespace runtime {

// Nothing: fine. Else why not, in words. Called at each probe, on the event loop, so it must not block.
using Check = std::function<std::optional<std::string>()>;
using Checks = std::map<std::string, Check>;

// /livez and /readyz answer 200 "ok", or 503 with a line for each check; with ?verbose the lines always. They are the API
// server's:
// "[+]ping ok", "[-]cache failed: still filling".
class Endpoints {
public:
    // `metrics` (a registry is one) outlive this. Null pointers are skipped.
    Endpoints(std::vector<const prometheus::Collectable*> metrics, Checks live, Checks ready);

    // To be the handler of a server.
    http::Response operator()(const http::Request& request) const;

private:
    std::vector<const prometheus::Collectable*> metrics_;
    Checks live_;
    Checks ready_;
};

}  // namespace runtime
