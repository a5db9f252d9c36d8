#include "common/service/live_settings.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

namespace service {
namespace {

class LiveSettingsTest : public testing::Test {
protected:
    LiveSettingsTest() { write("logLevel: warn\n"); }
    ~LiveSettingsTest() override { std::remove(path.c_str()); }

    void write(const std::string& text) const { std::ofstream(path, std::ios::trunc) << text; }
    int refreshes(LiveSettings& settings) const {
        int count = 0;
        settings.refresh([&](const Settings&) { ++count; });
        return count;
    }

    const std::string path = testing::TempDir() + "live_settings_" + std::to_string(::getpid()) + "_" +
                             testing::UnitTest::GetInstance()->current_test_info()->name();
    std::ostringstream out;
    base::Log log{out};
};

TEST_F(LiveSettingsTest, HoldTheDefaultsWithoutAFile) {
    EXPECT_EQ(LiveSettings("", log).now(), Settings{});
}

TEST_F(LiveSettingsTest, RefuseToStartWithoutTheFileTheyAreToldOf) {
    EXPECT_THROW(LiveSettings(path + ".none", log), ConfigurationError);
}

TEST_F(LiveSettingsTest, FollowTheFile) {
    LiveSettings settings(path, log);
    EXPECT_FALSE(log.enabled(base::Level::Info));
    EXPECT_EQ(refreshes(settings), 0) << "nothing has changed";
    write("logLevel: info\nlogFormat: Text\napiTimeout: 5s\n");
    EXPECT_EQ(refreshes(settings), 1);
    EXPECT_EQ(settings.now().api_timeout, base::Duration{5'000});
    EXPECT_TRUE(log.enabled(base::Level::Info));
    out.str("");
    log.info("said");
    EXPECT_THAT(out.str(), testing::EndsWith("Z info said\n"));
}

TEST_F(LiveSettingsTest, KeepWhatWasThereWhenTheFileCanNotBeUsed) {
    LiveSettings settings(path, log);
    const Settings before = settings.now();
    write("apiTimeout: soon\n");
    EXPECT_EQ(refreshes(settings), 0);
    EXPECT_EQ(settings.now(), before);
    EXPECT_THAT(out.str(), testing::HasSubstr("apiTimeout"));
    std::remove(path.c_str());
    EXPECT_EQ(refreshes(settings), 0);
}

TEST_F(LiveSettingsTest, TakeALogLevelUntilTheFileChanges) {
    LiveSettings settings(path, log);
    settings.set_log_level(base::Level::Debug);
    EXPECT_TRUE(log.enabled(base::Level::Debug));
    write("logLevel: error\n");
    EXPECT_EQ(refreshes(settings), 1);
    EXPECT_FALSE(log.enabled(base::Level::Warn));
}

}  // namespace
}  // namespace service
