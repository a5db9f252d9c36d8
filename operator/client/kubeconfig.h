// Kubeconfig files as a Config: the chosen context with its cluster and user.
#pragma once

#include <string>
#include <vector>

#include "client/config.h"

namespace client {

struct KubeconfigFile {
    std::string path;
    std::string text;
};

// As kubectl merges: the first file that has an entry, or a current-context, wins. Paths within a file are relative to its
// folder. Throws std::runtime_error "kubeconfig FILE: FIELD: why"; values never appear in it.
Config config_from(const std::vector<KubeconfigFile>& files, const std::string& context, const ReadFile& read);

}  // namespace client
