#include "common/base/resident.h"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace base {
namespace {

// In KiB, of pages that files are behind.
long resident_of_files() {
    std::ifstream status{"/proc/self/status"};
    for (std::string word; status >> word;) {
        long size = 0;
        if (word == "RssFile:" && status >> size) return size;
    }
    return -1;
}

TEST(Resident, ForgetsWhatLoadingTouchedAndGoesOn) {
    const long before = resident_of_files();
    ASSERT_GT(before, 0);
    forget_read_pages();
    EXPECT_LT(resident_of_files(), before);
    EXPECT_THROW(std::stoi("none"),
                 std::invalid_argument);  // Code comes back, and the tables by which exceptions find their way.
}

}  // namespace
}  // namespace base
