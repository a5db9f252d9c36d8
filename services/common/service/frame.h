// What the frame makes for a service, and keeps until the service is gone.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/service/health.h"
#include "common/service/process.h"

namespace service {

// Of one process to its database.
std::size_t database_connections(const Settings& settings);

struct Frame::Impl {
    const Description& description;
    std::unique_ptr<data::Database> database;
    std::unique_ptr<data::Redis> redis;
    std::unique_ptr<data::Messages> messages;
    std::map<std::string, std::unique_ptr<rest::Client>, std::less<>> clients;

    // What readiness asks of these, and what only degrades.
    std::vector<std::pair<std::string, Health::Check>> required(Service& service) const;
    std::vector<std::pair<std::string, Health::Check>> optional(const Service& service) const;
};

}  // namespace service
