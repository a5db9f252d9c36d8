#include "common/service/live_settings.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace service {

namespace {

std::optional<std::string> content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string text{std::istreambuf_iterator<char>(file), {}};
    return file.bad() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace

LiveSettings::LiveSettings(std::string path, base::Log log) : path_(std::move(path)), log_(std::move(log)) {
    if (path_.empty()) return;
    const std::optional<std::string> text = content(path_);
    if (!text) throw ConfigurationError("CONFIG_FILE: can't read " + path_);
    settings_ = settings_from(*text);
    text_ = *text;
    log_.set_level(settings_.log_level);
    log_.set_format(settings_.log_format);
}

Settings LiveSettings::now() const {
    const std::lock_guard lock(mutex_);
    return settings_;
}

void LiveSettings::refresh(const std::function<void(const Settings&)>& changed) {
    if (path_.empty()) return;
    std::optional<std::string> text = content(path_);
    std::optional<Settings> fresh;
    {
        const std::lock_guard lock(mutex_);
        if (!text || *text == text_) return;  // While a ConfigMap's volume is swapped there may be no file.
        text_ = std::move(*text);
        try {
            fresh = settings_from(text_);
        } catch (const ConfigurationError& error) {
            log_.error("the changed configuration can't be used", {{"path", path_}, {"error", error.what()}});
            return;
        }
        settings_ = *fresh;
        log_.set_level(fresh->log_level);
        log_.set_format(fresh->log_format);
    }
    log_.info("configuration changed", {{"path", path_}});
    changed(*fresh);
}

void LiveSettings::set_log_level(base::Level level) {
    const std::lock_guard lock(mutex_);
    settings_.log_level = level;
    log_.set_level(level);
}

}  // namespace service
