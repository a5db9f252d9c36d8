// What a Fluent Bit is told: which logs it reads, whose they are, and where they go. By its manual for 4.2; no test runs one.
#pragma once

#include <string>
#include <vector>

#include "resources/component.h"

namespace resources {

// The logs of one component.
struct LogSource {
    std::string component;
    std::string files;        // A pattern of paths.
    bool by_runtime = false;  // Written by the container runtime (CRI), one file for each container: its path names the pod.
};

// The configuration as YAML. `state` is a folder that outlives the process: how far it read, and what it could not deliver yet.
std::string fluent_bit_configuration(const api::Platform& platform, const std::vector<LogSource>& sources,
                                     const std::string& state);

}  // namespace resources
