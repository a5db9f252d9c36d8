// What the admin port answers: probes, metrics, the log level, and faults where they are allowed.
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <vector>

#include "common/http/message.h"
#include "common/service/faults.h"
#include "common/service/health.h"
#include "common/service/live_settings.h"

namespace service {

struct Admin {
    const Health& health;
    LiveSettings& settings;
    std::vector<const prometheus::Collectable*> metrics;
    std::shared_ptr<Faults> faults;  // Null: they are not allowed.

    // To be the handler of a server. Never blocks.
    http::Response operator()(const http::Request& request) const;
};

}  // namespace service
