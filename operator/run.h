// The controller as a process: waits to lead, watches, reconciles, and stops in order.
#pragma once

#include <string>

#include "client/config.h"
#include "common/base/log.h"

struct RunOptions {
    client::Config config;
    std::string version;           // Of the operator.
    std::string listen = ":8080";  // /metrics, /livez, /readyz
    std::string watch_namespace;   // Empty: all.
    bool leader_elect = true;
    std::string lease_namespace;  // Empty: the kubeconfig's or the pod's namespace.
    std::string lease_name = "ecommerce-operator";
    int workers = 4;
};

// Returns the process's exit status: 0 after a signal to stop, 1 where the lease was lost. Throws std::exception where it can't
// start.
int run(const RunOptions& options, const base::Log& log);
