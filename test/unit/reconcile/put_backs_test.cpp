#include "reconcile/put_backs.h"

#include <gtest/gtest.h>

namespace reconcile {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

const ObjectId kCatalog{"Deployment", {"shop", "shop-catalog"}};

class PutBacksTest : public testing::Test {
protected:
    base::ManualClock clock;
    PutBacks put_backs{clock};
};

TEST_F(PutBacksTest, AreDueAtOnceWhereThereWasNone) {
    EXPECT_EQ(put_backs.wait(kCatalog), 0s);
    put_backs.count({"Service", kCatalog.second});
    EXPECT_EQ(put_backs.wait(kCatalog), 0s);
}

TEST_F(PutBacksTest, AreRarerTheMoreThereWere) {
    for (const auto rest : {10s, 20s, 40s}) {
        put_backs.count(kCatalog);
        EXPECT_EQ(put_backs.wait(kCatalog), rest);
        clock.advance(rest);
        EXPECT_EQ(put_backs.wait(kCatalog), 0s);
    }
    for (int more = 0; more < 20; ++more) put_backs.count(kCatalog);
    EXPECT_EQ(put_backs.wait(kCatalog), 1h);
}

TEST_F(PutBacksTest, AreForgottenOfAnObjectThatStayedWhole) {
    put_backs.count(kCatalog);
    put_backs.count(kCatalog);
    clock.advance(40s);
    put_backs.count(kCatalog);
    EXPECT_EQ(put_backs.wait(kCatalog), 10s);
}

}  // namespace
}  // namespace reconcile
