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

// Written as JSON in both formats, so that nothing in a value ends a line or looks like another field.
void append_field(std::string& line, LogFormat format, std::string_view key, const nlohmann::json& value) {
    if (format == LogFormat::Json) {
        line += ',';
        append_string(line, key);
        line += ':';
    } else {
        (line += ' ').append(key) += '=';
    }
    line += redacted(key, value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string beginning(LogFormat format, const std::string& time, std::string_view level, std::string_view message) {
    std::string line;
    if (format == LogFormat::Json) {
        line = R"({"time":")" + time + R"(","level":")";
        line.append(level) += R"(","message":)";
        append_string(line, message);
        return line;
    }
    std::string escaped;
    append_string(escaped, message);
    (line = time + " ").append(level) += ' ';
    return line.append(escaped, 1, escaped.size() - 2);  // Without the quotation marks around it.
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

std::optional<LogFormat> log_format_from(std::string_view name) {
    if (name == "Json") return LogFormat::Json;
    if (name == "Text") return LogFormat::Text;
    return {};
}

struct Log::Sink {
    Sink(std::ostream& stream, Level from) : out(stream), level(from) {}

    std::ostream& out;
    std::atomic<Level> level;
    std::atomic<LogFormat> format{LogFormat::Json};
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

void Log::set_format(LogFormat format) {
    sink_->format = format;
}

bool Log::enabled(Level level) const {
    return level >= sink_->level.load();
}

void Log::write(Level level, std::string_view message, LogFields fields) const {
    if (!enabled(level)) return;
    const LogFormat format = sink_->format;
    std::string line = beginning(format, now_in_millis(), kNames[static_cast<std::size_t>(level)], redacted(message));
    // No key comes twice: the line's own fields win over those of with().
    for (const auto& own : fields_.items()) {
        const bool repeated =
            std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.first == own.key(); });
        if (!repeated && !is_reserved(own.key())) append_field(line, format, own.key(), own.value());
    }
    for (const auto& [key, value] : fields) {
        if (!is_reserved(key)) append_field(line, format, key, value);
    }
    line += format == LogFormat::Json ? "}\n" : "\n";
    const std::lock_guard lock{sink_->mutex};
    sink_->out.write(line.data(), static_cast<std::streamsize>(line.size()));
    sink_->out.flush();
}

}  // namespace base
