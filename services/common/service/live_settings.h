// The settings of CONFIG_FILE as they are now: the file is read again when it changes, as a ConfigMap's does in a running pod.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/log.h"
#include "common/service/configuration.h"

namespace service {

class LiveSettings {
public:
    // Without a path the defaults hold. Throws ConfigurationError where the file can't be read or used at the start.
    LiveSettings(std::string path, base::Log log);

    Settings now() const;

    // Reads the file again; what can't be used is logged, and what was there before stays. `changed` is called where it differs.
    void refresh(const std::function<void(const Settings&)>& changed);

    // Until the file changes, for `PUT /loglevel`.
    void set_log_level(base::Level level);

private:
    const std::string path_;
    base::Log log_;
    mutable std::mutex mutex_;
    std::string text_;  // As last read.
    Settings settings_;
};

}  // namespace service
