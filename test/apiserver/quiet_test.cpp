// How many requests the operator makes, by the API server's own audit log.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "cluster.h"

namespace apiserver {
namespace {

using testing::IsEmpty;

class QuietRequests : public SharedShopTest {
protected:
    void SetUp() override {
        SharedShopTest::SetUp();
        // Autoscalers are looked at every 15 s, and the status says what came of it.
        ASSERT_TRUE(eventually([] { return condition(shop().get("ecp", "shop"), "Scalable") == "True"; }));
        settle();
    }

    // Until no request but watches and the lease's has been made for five seconds.
    void settle() {
        for (int round = 0; round < 12; ++round) {
            mark();
            std::this_thread::sleep_for(5s);
            if (requests().empty()) return;
        }
        FAIL() << testing::PrintToString(requests());
    }

    void mark() { from_ = std::ifstream(Cluster::get().audit_log(), std::ios::ate).tellg(); }

    // "VERB RESOURCE[/SUBRESOURCE] NAME" of each request of the operator since mark(), without watches and the lease.
    std::vector<std::string> requests(bool with_lists = false) const {
        std::vector<std::string> found;
        std::ifstream log(Cluster::get().audit_log());
        log.seekg(from_);
        for (std::string line; std::getline(log, line);) {
            const Json entry = Json::parse(line, nullptr, false);
            if (entry.is_discarded() || !entry.value("userAgent", "").starts_with("ecommerce-operator")) continue;
            const std::string verb = entry.value("verb", "");
            const Json object = entry.value("objectRef", Json::object());
            const std::string resource = object.value("resource", entry.value("requestURI", ""));
            if (verb == "watch" || resource == "leases" || (verb == "list" && !with_lists)) continue;
            const std::string sub = object.value("subresource", "");
            found.push_back(verb + " " + resource + (sub.empty() ? "" : "/" + sub) + " " + object.value("name", ""));
        }
        return found;
    }

    std::streampos from_;
};

// The other tests would see nothing either if the audit log or its reading were at fault.
TEST_F(QuietRequests, AreSeenWhenThereIsSomethingToDo) {
    mark();
    ASSERT_EQ(shop().kubectl({"delete", "service/shop-catalog"}).status, 0);
    ASSERT_TRUE(eventually([&] { return shop().find("service", "shop-catalog").has_value(); }));
    EXPECT_TRUE(eventually([&] { return requests() == std::vector<std::string>{"patch services shop-catalog"}; }));
}

TEST_F(QuietRequests, AreNoneWhenThereIsNothingToDo) {
    mark();
    std::this_thread::sleep_for(15s);
    EXPECT_THAT(requests(true), IsEmpty());
}

TEST_F(QuietRequests, AreOnlyTheFirstListsAfterARestart) {
    mark();
    shop().stop_operator(SIGTERM);
    shop().start_operator();
    ASSERT_TRUE(eventually([&] {
        const std::string log = shop().operator_log();
        return log.find("\"ready\"", log.find("\"stopped\"")) != std::string::npos;
    }));
    std::this_thread::sleep_for(5s);
    EXPECT_THAT(requests(), IsEmpty());
}

TEST_F(QuietRequests, WriteOnlyWhatAChangeTouches) {
    mark();
    shop().patch_platform({{"spec", {{"services", {{"catalog", {{"targets", {{"cpuPercent", 61}}}}}}}}}});
    ASSERT_TRUE(
        eventually([&] { return shop().get("hpa", "shop-catalog")["spec"]["metrics"].dump().find("61") != std::string::npos; }));
    std::this_thread::sleep_for(3s);
    EXPECT_EQ(requests(),
              (std::vector<std::string>{"patch horizontalpodautoscalers shop-catalog", "patch ecommerceplatforms/status shop"}));
}

TEST_F(QuietRequests, BringAChildBackWithinASecond) {
    for (const char* child : {"service/shop-catalog", "configmap/shop-user", "secret/shop-order-database", "hpa/shop-payment"}) {
        ASSERT_EQ(shop().kubectl({"delete", child, "--wait=false"}).status, 0);
        const auto deleted = std::chrono::steady_clock::now();
        const std::string kind = std::string(child).substr(0, std::string(child).find('/'));
        const std::string name = std::string(child).substr(kind.size() + 1);
        EXPECT_TRUE(eventually([&] { return shop().find(kind, name).has_value(); }, 10s)) << child;
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - deleted);
        std::cout << child << " was back after " << took.count() << " ms\n";
    }
}

}  // namespace
}  // namespace apiserver
