// What a service is told from outside: the environment, and a file that is read again when it changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"
#include "common/base/log.h"

namespace service {

// A variable that is missing or wrong; the process ends with its words.
class ConfigurationError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class Environment {
public:
    static Environment of_process();
    explicit Environment(std::map<std::string, std::string, std::less<>> variables) : variables_(std::move(variables)) {}

    std::optional<std::string> find(std::string_view name) const;  // An empty value counts as none.
    std::string get(std::string_view name) const;                  // Throws ConfigurationError.
    std::string get(std::string_view name, std::string_view otherwise) const;
    std::uint16_t port(std::string_view name, std::uint16_t otherwise) const;

private:
    std::map<std::string, std::string, std::less<>> variables_;
};

// The content of a file that holds a secret, without the line break at its end. Throws ConfigurationError that names variable and
// path, never the content.
std::string secret_from(const Environment& environment, std::string_view variable);

// Of CONFIG_FILE. What it doesn't say keeps its default.
struct Settings {
    base::Level log_level = base::Level::Info;
    base::LogFormat log_format = base::LogFormat::Json;
    base::Duration api_timeout{30'000};
    std::size_t max_connections = 16;  // To the database.
    base::Duration drain_timeout{20'000};
    bool advanced_search = true;
    bool recommendations = true;
    bool social_login = false;

    friend bool operator==(const Settings&, const Settings&) = default;
};

// Throws ConfigurationError that names every wrong key. Unknown keys are ignored: an older binary reads a newer file.
Settings settings_from(std::string_view yaml);

}  // namespace service
