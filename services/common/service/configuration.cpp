#include "common/service/configuration.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <vector>

#include "common/service/duration.h"

extern char** environ;  // POSIX: declared by nobody but its user.

namespace service {

namespace {

constexpr std::size_t kMaxSecret = std::size_t{64} * 1024;  // Far more than a URL or a key has: a wrong path is found out.

// The whole text as a number between min and max.
template <typename Number>
std::optional<Number> number_from(std::string_view text, Number min, Number max) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max) return std::nullopt;
    return value;
}

// Reads values of a mapping and notes what is wrong with them, by their path.
class Reader {
public:
    Reader(const YAML::Node& map, std::string prefix, std::vector<std::string>& problems)
        : map_(map), prefix_(std::move(prefix)), problems_(problems) {}

    void level(const char* key, base::Level& into) { take(key, into, &base::level_from, "must be debug, info, warn or error"); }

    void format(const char* key, base::LogFormat& into) { take(key, into, &base::log_format_from, "must be Json or Text"); }

    void duration(const char* key, base::Duration& into, base::Duration min, base::Duration max) {
        const auto read = [min, max](const std::string& text) {
            const std::optional<base::Duration> value = duration_from(text);
            return value && *value >= min && *value <= max ? value : std::nullopt;
        };
        take(key, into, read, "must be a duration such as 30s or 1m30s, from " + in_words(min) + " to " + in_words(max));
    }

    void size(const char* key, std::size_t& into, std::size_t min, std::size_t max) {
        const auto read = [min, max](const std::string& text) { return number_from(text, min, max); };
        take(key, into, read, "must be a number from " + std::to_string(min) + " to " + std::to_string(max));
    }

    void boolean(const char* key, bool& into) {
        const auto read = [](const std::string& text) -> std::optional<bool> {
            if (text != "true" && text != "false") return std::nullopt;
            return text == "true";
        };
        take(key, into, read, "must be true or false");
    }

private:
    static std::string in_words(base::Duration duration) {
        const auto count = duration.count();
        return count % 1000 == 0 ? std::to_string(count / 1000) + "s" : std::to_string(count) + "ms";
    }

    template <typename Value, typename Read>
    void take(const char* key, Value& into, const Read& read, const std::string& rule) {
        const YAML::Node node = map_[key];
        if (!node || node.IsNull()) return;
        const auto value = node.IsScalar() ? read(node.Scalar()) : std::nullopt;
        if (value) {
            into = *value;
        } else {
            problems_.push_back(prefix_ + key + " " + rule);
        }
    }

    const YAML::Node map_;
    const std::string prefix_;
    std::vector<std::string>& problems_;
};

YAML::Node parsed(std::string_view yaml) {
    try {
        return YAML::Load(std::string(yaml));
    } catch (const YAML::Exception& error) {
        throw ConfigurationError(std::string("configuration: no YAML: ") + error.what());
    }
}

}  // namespace

Environment Environment::of_process() {
    std::map<std::string, std::string, std::less<>> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals != text.npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return Environment(std::move(variables));
}

std::optional<std::string> Environment::find(std::string_view name) const {
    const auto found = variables_.find(name);
    if (found == variables_.end() || found->second.empty()) return std::nullopt;
    return found->second;
}

std::string Environment::get(std::string_view name) const {
    std::optional<std::string> value = find(name);
    if (!value) throw ConfigurationError(std::string(name) + ": must be set");
    return *std::move(value);
}

std::string Environment::get(std::string_view name, std::string_view otherwise) const {
    return find(name).value_or(std::string(otherwise));
}

std::uint16_t Environment::port(std::string_view name, std::uint16_t otherwise) const {
    const std::optional<std::string> text = find(name);
    if (!text) return otherwise;
    // 0 lets the system choose.
    const auto value = number_from<std::uint16_t>(*text, 0, std::numeric_limits<std::uint16_t>::max());
    if (!value) throw ConfigurationError(std::string(name) + ": '" + *text + "' is no port");
    return *value;
}

std::string secret_from(const Environment& environment, std::string_view variable) {
    const std::string path = environment.get(variable);
    const auto unusable = [&](const char* why) { return ConfigurationError(std::string(variable) + ": " + path + " " + why); };
    std::ifstream file(path, std::ios::binary);
    if (!file) throw unusable("can't be read");
    std::string secret(kMaxSecret + 1, '\0');
    file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    if (file.bad() || (file.fail() && !file.eof())) throw unusable("can't be read");
    secret.resize(static_cast<std::size_t>(file.gcount()));
    if (secret.size() > kMaxSecret) throw unusable("is too large for a secret");
    if (secret.ends_with('\n')) secret.pop_back();
    if (secret.ends_with('\r')) secret.pop_back();
    if (secret.empty()) throw unusable("is empty");
    return secret;
}

Settings settings_from(std::string_view yaml) {
    Settings settings;
    const YAML::Node root = parsed(yaml);
    if (!root || root.IsNull()) return settings;
    if (!root.IsMap()) throw ConfigurationError("configuration: must be a mapping");

    std::vector<std::string> problems;
    Reader reader(root, "", problems);
    reader.level("logLevel", settings.log_level);
    reader.format("logFormat", settings.log_format);
    // Wider than what the custom resource allows, which is the one to be strict.
    reader.duration("apiTimeout", settings.api_timeout, base::Duration{1}, std::chrono::hours{1});
    reader.size("maxConnections", settings.max_connections, 1, 100'000);
    reader.duration("drainTimeout", settings.drain_timeout, base::Duration{0}, std::chrono::hours{1});
    const YAML::Node flags = root["featureFlags"];
    if (flags && flags.IsMap()) {
        Reader within(flags, "featureFlags.", problems);
        within.boolean("advancedSearch", settings.advanced_search);
        within.boolean("recommendations", settings.recommendations);
        within.boolean("socialLogin", settings.social_login);
    } else if (flags && !flags.IsNull()) {
        problems.emplace_back("featureFlags must be a mapping");
    }
    if (problems.empty()) return settings;

    std::string text = "configuration: ";
    for (const std::string& problem : problems) text += (&problem == &problems.front() ? "" : "; ") + problem;
    throw ConfigurationError(text);
}

}  // namespace service
