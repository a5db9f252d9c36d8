#include "api/version.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace api {
namespace {

TEST(Versions, AreOrderedAsSemanticVersioningSays) {
    // The example of its §11, and numbers beyond any machine's.
    const std::vector<std::string_view> ascending{"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                                  "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
                                                  "1.0.0-rc.1",  "1.0.0",         "1.0.1",
                                                  "1.2.0",       "1.10.0",        "99999999999999999999999.0.0"};
    for (std::size_t a = 0; a < ascending.size(); ++a) {
        for (std::size_t b = 0; b < ascending.size(); ++b) {
            EXPECT_EQ(is_before(ascending[a], ascending[b]), a < b) << ascending[a] << " before " << ascending[b];
        }
    }
}

TEST(Versions, AreNotBeforeNone) {
    EXPECT_FALSE(is_before("1.0.0", ""));
    EXPECT_FALSE(is_before("0.0.0-a", ""));
}

}  // namespace
}  // namespace api
