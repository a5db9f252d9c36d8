#include "quality/prometheus_answer.h"

#include <gmock/gmock.h>

#include <cmath>
#include <string>

namespace quality {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

std::string vector_of(const std::string& samples) {
    return R"({"status":"success","data":{"resultType":"vector","result":[)" + samples + "]}}";
}

TEST(PrometheusAnswer, IsANumberOrNothing) {
    EXPECT_EQ(number_from(vector_of(R"({"metric":{},"value":[1435781451.781,"0.25"]})")), 0.25);
    EXPECT_EQ(number_from(vector_of(R"({"metric":{},"value":[1,"1e-05"]})")), 1e-05);
    EXPECT_TRUE(std::isnan(number_from(vector_of(R"({"metric":{},"value":[1,"NaN"]})")).value_or(0)));
    EXPECT_EQ(number_from(vector_of("")), std::nullopt);
}

TEST(PrometheusAnswer, NamesTheSeries) {
    const std::string user = R"({"metric":{"service":"shop-user"},"value":[1,"2"]})";
    const std::string other = R"({"metric":{},"value":[1,"2"]})";
    EXPECT_THAT(values_from(vector_of(user + "," + user + "," + other), "service"), ElementsAre("", "shop-user"));
    EXPECT_THAT(values_from(vector_of(""), "service"), IsEmpty());
    EXPECT_THAT([] { values_from("{}", "service"); }, ThrowsMessage<std::invalid_argument>(HasSubstr("no answer")));
}

// As a Prometheus 2.42 answers, cut to what is read.
TEST(PrometheusAnswer, NamesThePlatformsAlerts) {
    const auto group = [](const std::string& platform) {
        return R"({"name":"objectives","file":"rules.yml","rules":[
            {"name":"Slow","query":"x > 1","labels":{"severity":"critical"},"type":"alerting"},
            {"name":"ratio","query":"x","labels":{"namespace":"shop","platform":")" +
               platform + R"("},"type":"recording"},
            {"name":"Failing","query":"y > 1","labels":{"severity":"critical"},"type":"alerting"}]})";
    };
    const auto answer = [](const std::string& groups) { return R"({"status":"success","data":{"groups":[)" + groups + "]}}"; };
    EXPECT_THAT(alerts_from(answer(group("other") + "," + group("shop")), {"shop", "shop"}), ElementsAre("Failing", "Slow"));
    EXPECT_THAT(alerts_from(answer(group("other")), {"shop", "shop"}), IsEmpty());
    EXPECT_THAT(alerts_from(answer(R"(1,{},{"rules":2},{"rules":[3,{"labels":4}]})"), {"shop", "shop"}), IsEmpty());
    EXPECT_THAT([] { alerts_from(R"({"status":"success","data":[]})", {}); },
                ThrowsMessage<std::invalid_argument>(HasSubstr("no ")));
    EXPECT_THAT([] { alerts_from(R"({"status":"error","error":"no"})", {}); }, ThrowsMessage<std::invalid_argument>("no"));
}

TEST(PrometheusAnswer, HasItsOwnWordsForAnError) {
    EXPECT_THAT([] { number_from(R"({"status":"error","errorType":"timeout","error":"query timed out"})"); },
                ThrowsMessage<std::invalid_argument>("query timed out"));
    const std::string flood = R"({"status":"error","error":")" + std::string(60'000, 'x') + "\"}";
    EXPECT_THAT([&] { number_from(flood); }, ThrowsMessage<std::invalid_argument>("an error too long to be told"));
}

TEST(PrometheusAnswer, IsOfAPrometheus) {
    const std::string one = R"({"metric":{},"value":[1,"1"]})";
    for (const std::string& text : {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
                                    std::string(R"({"status":"success"})"), std::string(R"({"status":"error","error":""})"),
                                    std::string(R"({"status":"success","data":{"resultType":"scalar","result":[1,"1"]}})"),
                                    vector_of(one + "," + one), vector_of("1"), vector_of(R"({"value":[1,1]})"),
                                    vector_of(R"({"value":[1,"one"]})"), vector_of(R"({"value":["1"]})")}) {
        EXPECT_THAT([&] { number_from(text); }, ThrowsMessage<std::invalid_argument>(HasSubstr("no answer of a Prometheus")))
            << text;
    }
}

}  // namespace
}  // namespace quality
