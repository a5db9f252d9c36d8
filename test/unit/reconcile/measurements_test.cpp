#include "reconcile/measurements.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <sstream>

#include "common/http/server.h"

namespace reconcile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const kube::Key kShop{"shop", "shop"};

class MeasurementsTest : public testing::Test {
protected:
    MeasurementsTest() {
        platforms_.put(kube::Json::parse(R"({"apiVersion": "ecommerceplatform.io/v1alpha1",
            "kind": "EcommercePlatform", "metadata": {"namespace": "shop", "name": "shop", "uid": "1"}, "spec": {}})"));
        pods_ = {{"shop-gateway-1", "127.0.0.1", server_.address().port}};
        look();
    }

    // What the gateway's pod counts from now on, of requests with that status.
    void count(const char* status, int requests) {
        counted_ += std::string("http_requests_total{status=\"") + status + "\"} " + std::to_string(requests) + "\n";
    }

    void look() {
        bool done = false;
        boost::asio::co_spawn(io_, measurements_.look(), [&](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
            done = true;
        });
        io_.restart();
        while (!done && io_.run_one_for(std::chrono::seconds(10)) > 0) {
        }
        EXPECT_TRUE(done);
    }

    quality::Measured measured() const { return measurements_.of(kShop); }

    http::Response metrics() const {
        http::Response response;
        response.status = status_;
        response.body = counted_;
        return response;
    }

    boost::asio::io_context io_;
    std::ostringstream log_;
    std::string counted_;
    int status_ = 200;
    http::Server server_{io_, {"127.0.0.1", 0}, [this](const http::Request&) { return metrics(); }, base::Log{log_}};
    std::vector<MetricsOf> pods_;
    std::vector<kube::Key> changed_;
    base::ManualClock clock_;
    Platforms platforms_{known_platform_from, [](const kube::Key&, const auto*, const auto*) {}};
    Measurements measurements_{io_, platforms_, [this](const kube::Key&) { return pods_; }, clock_,
                               [this](const kube::Key& key) { changed_.push_back(key); }};
};

TEST_F(MeasurementsTest, TellOnlyWhatIsNew) {
    EXPECT_EQ(measured(), quality::Measured{});
    EXPECT_THAT(changed_, IsEmpty());
    look();
    EXPECT_TRUE(measured().begun && !measured().any);
    EXPECT_THAT(changed_, ElementsAre(kShop));
    look();
    EXPECT_THAT(changed_, ElementsAre(kShop));
    count("200", 1000);
    look();
    EXPECT_TRUE(measured().any && measured().few_fail);
    EXPECT_EQ(changed_.size(), 2U);
    count("503", 2);
    look();
    EXPECT_FALSE(measured().few_fail);
    EXPECT_EQ(changed_.size(), 3U);
    clock_.advance(quality::Traffic::kWindow);
    look();
    EXPECT_FALSE(measured().any);
}

TEST_F(MeasurementsTest, SayWhyNothingCanBeRead) {
    status_ = 404;
    look();
    EXPECT_EQ(measured().problem, "HTTP status 404");
    status_ = 200;
    counted_ = "<html>";
    look();
    EXPECT_THAT(measured().problem, HasSubstr("<html>"));
    pods_[0].port = 1;  // Nobody listens there.
    look();
    EXPECT_EQ(measured().problem, "Connection refused");
    pods_.clear();
    look();
    EXPECT_EQ(measured().problem, "no pod of it runs");
}

TEST_F(MeasurementsTest, OfOnePodAreEnough) {
    pods_.push_back({"shop-gateway-2", "127.0.0.1", 1});
    count("200", 10);
    look();
    EXPECT_EQ(measured().problem, "");
    EXPECT_TRUE(measured().any);
}

TEST_F(MeasurementsTest, ForgetAPlatformThatIsGone) {
    look();
    EXPECT_TRUE(measured().begun);
    platforms_.forget(kShop);
    look();
    EXPECT_FALSE(measured().begun);
}

}  // namespace
}  // namespace reconcile
