// The copy of the log for an agent: whole lines, within bounds, and never in the way.
#include "common/base/log_file.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class LogFileTest : public testing::Test {
protected:
    LogFileTest() { fs::create_directories(folder_); }
    ~LogFileTest() override { fs::remove_all(folder_); }

    std::string path() const { return (folder_ / "service.log").string(); }
    std::string before() const { return path() + ".1"; }
    static std::string read(const std::string& file) {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        return text.str();
    }
    void write(base::LogFile& file, const std::string& line) const {
        file.stream().write(line.data(), static_cast<std::streamsize>(line.size()));
        file.stream().flush();
    }

    fs::path folder_ = fs::path(testing::TempDir()) / ("log-file-" + std::to_string(::getpid()));
    std::ostringstream first_;
};

TEST_F(LogFileTest, HasWhatTheFirstStreamHas) {
    base::LogFile file(first_, path());
    const base::Log log(file.stream());
    log.info("one", {{"n", 1}});
    log.with({{"service", "user"}}).error("two");
    EXPECT_THAT(first_.str(), HasSubstr("\"message\":\"two\",\"service\":\"user\"}\n"));
    EXPECT_EQ(read(path()), first_.str());
}

TEST_F(LogFileTest, GoesOnWhereAProcessBeforeEnded) {
    { base::LogFile(first_, path()).stream() << "before\n"; }
    base::LogFile(first_, path()).stream() << "after\n";
    EXPECT_EQ(read(path()), "before\nafter\n");
}

TEST_F(LogFileTest, KeepsWithinItsBoundAndLosesNoLineThatIsThere) {
    base::LogFile file(first_, path(), 100);
    for (int i = 0; i < 1000; ++i) {
        write(file, "line " + std::to_string(i) + " of many\n");
        EXPECT_LE(fs::file_size(path()), 100U);
        EXPECT_LE(fs::exists(before()) ? fs::file_size(before()) : 0, 100U);
    }
    const std::string last = read(before()) + read(path());
    EXPECT_THAT(first_.str(), testing::EndsWith(last)) << "in order, whole, without a gap";
    EXPECT_GT(last.size(), 100U);
}

TEST_F(LogFileTest, TakesALineThatIsLongerThanItsBound) {
    base::LogFile file(first_, path(), 10);
    write(file, "longer than ten\n");
    write(file, "next\n");
    EXPECT_EQ(read(before()), "longer than ten\n");
    EXPECT_EQ(read(path()), "next\n");
}

TEST_F(LogFileTest, LeavesOutWhatADiskHasNoRoomForAndSaysSoOnce) {
    fs::create_symlink("/dev/full", path());
    base::LogFile file(first_, path());
    write(file, "one\n");
    write(file, "two\n");
    const std::string said = first_.str();
    EXPECT_THAT(said, HasSubstr("the log file can't be written"));
    EXPECT_THAT(said, HasSubstr("No space left"));
    EXPECT_EQ(said.find("can't be written"), said.rfind("can't be written"));
    EXPECT_THAT(said, HasSubstr("one\n"));
    EXPECT_THAT(said, HasSubstr("two\n"));
    EXPECT_TRUE(file.stream().good());
}

TEST_F(LogFileTest, BeginsOnceItsFolderIsThere) {
    fs::remove_all(folder_);
    base::LogFile file(first_, path());
    write(file, "lost\n");
    fs::create_directories(folder_);
    write(file, "found\n");
    EXPECT_EQ(read(path()), "found\n");
    EXPECT_THAT(first_.str(), HasSubstr("lost\n"));
    EXPECT_THAT(first_.str(), HasSubstr("No such file"));
}

TEST_F(LogFileTest, StartsAnewWhereTheFullOneCannotBeRenamed) {
    fs::create_directories(before() + "/taken");
    base::LogFile file(first_, path(), 10);
    write(file, "full of it\n");
    write(file, "more\n");
    EXPECT_EQ(read(path()), "more\n");
}

}  // namespace
