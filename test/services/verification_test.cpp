// `api-gateway verify` in a whole shop.
#include <gmock/gmock.h>

#include "harness.h"

namespace services {
namespace {

using testing::HasSubstr;

class Verification : public testing::Test {
protected:
    Verification() {
        shop.start();
        shop.gateway.set("GATEWAY_URL", shop.gateway.url());
        shop.gateway.set("VERIFICATION_EMAIL", "verification@shop.example.com");
        shop.gateway.set_file("VERIFICATION_PASSWORD_FILE", std::string(64, '7'));
    }

    void expect_good() const {
        const support::Finished done = shop.gateway.run("verify");
        EXPECT_EQ(done.status, 0) << done.output;
    }
    void expect_bad(const std::string& words) const {
        const support::Finished done = shop.gateway.run("verify");
        EXPECT_EQ(done.status, 1);
        EXPECT_THAT(done.output, HasSubstr(words));
    }

    Shop shop;
};

TEST_F(Verification, GoesThroughAShopAgainAndAgain) {
    expect_good();  // Nothing is sold yet, and its customer is new.
    shop.add_product("TEA", 500, 3);
    expect_good();
}

TEST_F(Verification, NamesTheRequestThatDoesNotWork) {
    shop.add_product("TEA", 500, 3);
    shop.inventory.stop();
    expect_bad("GET /api/v1/stock/TEA: ");
    shop.user.stop();
    shop.inventory.start();
    expect_bad("POST /api/v1/login: ");
    shop.gateway.stop();
    expect_bad("GET /api/v1/products?limit=1: ");
}

TEST_F(Verification, FailsWhereAnotherHasItsName) {
    shop.sign_up("verification@shop.example.com");
    expect_bad("POST /api/v1/register: status 409");
}

TEST_F(Verification, NeedsToKnowWhere) {
    shop.gateway.set("GATEWAY_URL", "");
    const support::Finished done = shop.gateway.run("verify");
    EXPECT_EQ(done.status, 2);
    EXPECT_THAT(done.output, HasSubstr("GATEWAY_URL"));
    EXPECT_EQ(shop.user.run("verify").status, 2);
}

}  // namespace
}  // namespace services
