// What a service reads from its environment and files, and what it refuses.
#include "common/service/configuration.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "common/service/duration.h"

using namespace std::chrono_literals;
using service::ConfigurationError;
using service::duration_from;
using service::Environment;
using service::Settings;
using service::settings_from;
using testing::HasSubstr;
using testing::Not;

namespace {

std::string refusal(std::string_view yaml) {
    try {
        settings_from(yaml);
    } catch (const ConfigurationError& error) {
        return error.what();
    }
    return "";
}

std::string refusal_of_secret(const std::string& path) {
    try {
        service::secret_from(Environment({{"KEY_FILE", path}}), "KEY_FILE");
    } catch (const ConfigurationError& error) {
        return error.what();
    }
    return "";
}

// A file that is gone after the test.
class File {
public:
    explicit File(const std::string& content) {
        const int file = mkstemp(path_.data());
        close(file);
        std::ofstream(path_, std::ios::binary) << content;
    }
    ~File() { std::remove(path_.c_str()); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_ = testing::TempDir() + "secret-XXXXXX";
};

TEST(Duration, ReadsWhatGoWrites) {
    EXPECT_EQ(duration_from("30s"), 30s);
    EXPECT_EQ(duration_from("500ms"), 500ms);
    EXPECT_EQ(duration_from("1m30s"), 90s);
    EXPECT_EQ(duration_from("1h0m0s"), 1h);
    EXPECT_EQ(duration_from("1.5h"), 90min);
    EXPECT_EQ(duration_from("0.1s"), 100ms);
    EXPECT_EQ(duration_from("2.3s"), 2300ms);
    EXPECT_EQ(duration_from("1500us"), 1ms);
    EXPECT_EQ(duration_from("2000\u00b5s"), 2ms);
    EXPECT_EQ(duration_from("0"), 0ms);
    EXPECT_EQ(duration_from("0s"), 0ms);
}

TEST(Duration, RefusesWhatIsNone) {
    for (const char* text : {"", "30", "s", ".s", "-1s", "+1s", "1 s", "1s ", "1x", "1.2.3s", "1e3s", "1d", "s1", "99999999h",
                             "99999999999999999999999999999999999999999999h"}) {
        EXPECT_EQ(duration_from(text), std::nullopt) << text;
    }
    EXPECT_EQ(duration_from(std::string(400, '9') + "h"), std::nullopt);
}

TEST(Environment, TakesAnEmptyValueForNone) {
    const Environment environment({{"A", "a"}, {"B", ""}});
    EXPECT_EQ(environment.find("A"), "a");
    EXPECT_EQ(environment.find("B"), std::nullopt);
    EXPECT_EQ(environment.find("C"), std::nullopt);
    EXPECT_EQ(environment.get("B", "b"), "b");
    EXPECT_EQ(environment.get("A", "b"), "a");
    EXPECT_THROW(environment.get("B"), ConfigurationError);
}

TEST(Environment, NamesTheVariableThatIsMissing) {
    try {
        Environment({}).get("USER_URL");
        FAIL();
    } catch (const ConfigurationError& error) {
        EXPECT_STREQ(error.what(), "USER_URL: must be set");
    }
}

TEST(Environment, ReadsPorts) {
    const Environment environment({{"A", "8080"}, {"B", "0"}, {"C", "65536"}, {"D", "80a"}, {"E", "-1"}});
    EXPECT_EQ(environment.port("A", 1), 8080);
    EXPECT_EQ(environment.port("B", 1), 0);
    EXPECT_EQ(environment.port("Z", 1), 1);
    for (const char* name : {"C", "D", "E"}) EXPECT_THROW(environment.port(name, 1), ConfigurationError) << name;
}

TEST(Environment, ReadsThatOfTheProcess) {
    setenv("ECP_UNIT_TEST", "a=b", 1);
    EXPECT_EQ(Environment::of_process().find("ECP_UNIT_TEST"), "a=b");
    unsetenv("ECP_UNIT_TEST");
    EXPECT_EQ(Environment::of_process().find("ECP_UNIT_TEST"), std::nullopt);
}

TEST(Secret, IsTheFilesContentWithoutTheLastLineBreak) {
    for (const char* content : {"a\nb", "a\nb\n", "a\nb\r\n"}) {
        const File file(content);
        EXPECT_EQ(service::secret_from(Environment({{"KEY_FILE", file.path()}}), "KEY_FILE"), "a\nb");
    }
}

TEST(Secret, NamesVariableAndPathOfWhatItCanNotRead) {
    EXPECT_EQ(refusal_of_secret("/nowhere/key"), "KEY_FILE: /nowhere/key can't be read");
    EXPECT_EQ(refusal_of_secret(testing::TempDir()), "KEY_FILE: " + testing::TempDir() + " can't be read");
    const File empty("\n");
    EXPECT_EQ(refusal_of_secret(empty.path()), "KEY_FILE: " + empty.path() + " is empty");
    const File large(std::string(100'000, 'x'));
    EXPECT_THAT(refusal_of_secret(large.path()), HasSubstr("too large"));
    EXPECT_THAT(refusal_of_secret(large.path()), Not(HasSubstr("xx")));
}

TEST(SettingsFile, KeepsDefaultsForWhatItDoesNotSay) {
    EXPECT_EQ(settings_from(""), Settings{});
    EXPECT_EQ(settings_from("{}"), Settings{});
    EXPECT_EQ(settings_from("featureFlags:\nlogLevel:\n"), Settings{});
}

TEST(SettingsFile, ReadsEveryKey) {
    const Settings settings = settings_from(R"(
logLevel: warn
logFormat: Text
apiTimeout: 1m30s
maxConnections: 20
drainTimeout: 500ms
featureFlags:
  advancedSearch: false
  recommendations: false
  socialLogin: true
)");
    EXPECT_EQ(settings.log_level, base::Level::Warn);
    EXPECT_EQ(settings.log_format, base::LogFormat::Text);
    EXPECT_EQ(settings.api_timeout, 90s);
    EXPECT_EQ(settings.max_connections, 20U);
    EXPECT_EQ(settings.drain_timeout, 500ms);
    EXPECT_FALSE(settings.advanced_search);
    EXPECT_FALSE(settings.recommendations);
    EXPECT_TRUE(settings.social_login);
}

TEST(SettingsFile, IgnoresUnknownKeys) {
    EXPECT_EQ(settings_from("later: [1, 2]\nfeatureFlags: {later: 7}\n"), Settings{});
}

TEST(SettingsFile, NamesEveryWrongKey) {
    const std::string words = refusal(R"(
logLevel: loud
logFormat: pretty
apiTimeout: 30
maxConnections: 0
drainTimeout: [1s]
featureFlags: {advancedSearch: maybe}
)");
    EXPECT_THAT(words, HasSubstr("logLevel must be debug, info, warn or error"));
    EXPECT_THAT(words, HasSubstr("logFormat must be Json or Text"));
    EXPECT_THAT(words, HasSubstr("apiTimeout must be a duration such as 30s or 1m30s, from 1ms to 3600s"));
    EXPECT_THAT(words, HasSubstr("maxConnections must be a number from 1 to 100000"));
    EXPECT_THAT(words, HasSubstr("drainTimeout"));
    EXPECT_THAT(words, HasSubstr("featureFlags.advancedSearch must be true or false"));
    EXPECT_THAT(refusal("featureFlags: yes"), HasSubstr("featureFlags must be a mapping"));
}

TEST(SettingsFile, RefusesWhatIsNoMapping) {
    EXPECT_THAT(refusal("[1, 2]"), HasSubstr("must be a mapping"));
    EXPECT_THAT(refusal("{a: "), HasSubstr("no YAML"));
    EXPECT_THAT(refusal("a: b: c"), HasSubstr("no YAML"));
}

}  // namespace
