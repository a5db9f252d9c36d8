// Writes log lines; every line is put together first and written whole.
#include "common/base/log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "common/base/clock.h"
#include "common/base/redaction.h"

namespace base {
namespace {

constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};

bool is_reserved(std::string_view key) {
    return key == "time" || key == "level" || key == "message";
}

void append_string(std::string& line, std::string_view text) {
    line += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_field(std::string& line, std::string_view key, const nlohmann::json& value) {
    line += ',';
    append_string(line, key);
    line += ':';
    line += redacted(key, value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// RFC 3339 with milliseconds: the microseconds without their last three digits.
std::string now_in_millis() {
    std::string time = rfc3339_micro(SystemClock{}.wall());
    time.erase(time.size() - 4, 3);
    return time;
}

}  // namespace

std::optional<Level> level_from(std::string_view name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return {};
    return static_cast<Level>(found - kNames.begin());
}

struct Log::Sink {
    Sink(std::ostream& stream, Level from) : out(stream), level(from) {}

    std::ostream& out;
    std::atomic<Level> level;
    std::mutex mutex;
};

Log::Log(std::ostream& out, Level level) : sink_(std::make_shared<Sink>(out, level)), fields_(nlohmann::json::object()) {}

Log Log::with(LogFields fields) const {
    Log copy = *this;
    for (const auto& [key, value] : fields) copy.fields_[std::string(key)] = value;
    return copy;
}

void Log::set_level(Level level) {
    sink_->level = level;
}

bool Log::enabled(Level level) const {
    return level >= sink_->level.load();
}

void Log::write(Level level, std::string_view message, LogFields fields) const {
    if (!enabled(level)) return;
    std::string line = "{\"time\":\"" + now_in_millis() + "\",\"level\":\"";
    line += kNames[static_cast<std::size_t>(level)];
    line += "\",\"message\":";
    append_string(line, redacted(message));
    // No key comes twice: the line's own fields win over those of with().
    for (const auto& own : fields_.items()) {
        const bool repeated =
            std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.first == own.key(); });
        if (!repeated && !is_reserved(own.key())) append_field(line, own.key(), own.value());
    }
    for (const auto& [key, value] : fields) {
        if (!is_reserved(key)) append_field(line, key, value);
    }
    line += "}\n";
    const std::lock_guard lock{sink_->mutex};
    sink_->out.write(line.data(), static_cast<std::streamsize>(line.size()));
    sink_->out.flush();
}

}  // namespace base
