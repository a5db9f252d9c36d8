// Structured logs: one JSON object a line, or the same as text for people.
#pragma once

#include <initializer_list>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace base {

enum class Level { Debug, Info, Warn, Error };

std::optional<Level> level_from(std::string_view name);  // "debug", "info", "warn", "error"

enum class LogFormat { Json, Text };

std::optional<LogFormat> log_format_from(std::string_view name);  // "Json", "Text"

using LogFields = std::initializer_list<std::pair<std::string_view, nlohmann::json>>;

// Writes {"time":…,"level":…,"message":…, fields…}, as Text TIME LEVEL MESSAGE FIELD=VALUE …; values as in JSON, time RFC 3339
// in UTC with milliseconds. Invalid UTF-8 is replaced, never thrown at; known secrets (redaction.h) are not written. Copies share
// level, format and stream; with() adds fields to a copy's lines. Safe from several threads: a line is written whole.
class Log {
public:
    explicit Log(std::ostream& out, Level level = Level::Info);

    Log with(LogFields fields) const;
    void set_level(Level level);
    void set_format(LogFormat format);
    bool enabled(Level level) const;

    void debug(std::string_view message, LogFields fields = {}) const { write(Level::Debug, message, fields); }
    void info(std::string_view message, LogFields fields = {}) const { write(Level::Info, message, fields); }
    void warn(std::string_view message, LogFields fields = {}) const { write(Level::Warn, message, fields); }
    void error(std::string_view message, LogFields fields = {}) const { write(Level::Error, message, fields); }

private:
    struct Sink;
    void write(Level level, std::string_view message, LogFields fields) const;

    std::shared_ptr<Sink> sink_;
    nlohmann::json fields_;
};

}  // namespace base
