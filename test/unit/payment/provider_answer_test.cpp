// What the provider's answers mean, the unclear ones above all.
#include "payment/provider_answer.h"

#include <gtest/gtest.h>

namespace payment {

namespace {

using nlohmann::json;
using Said = Outcome::Kind;

Said kind(Operation operation, int status, const json& body) {
    return outcome_of(operation, status, body).kind;
}

TEST(ProviderAnswer, AClearAnswerIsDone) {
    const Outcome outcome = outcome_of(Operation::Authorize, 201, {{"id", "p1"}, {"status", "authorized"}});
    EXPECT_EQ(outcome.kind, Said::Done);
    EXPECT_EQ(outcome.provider_id, "p1");
    EXPECT_EQ(kind(Operation::Capture, 200, {{"id", "p1"}, {"status", "captured"}}), Said::Done);
    EXPECT_EQ(kind(Operation::Void, 200, {{"id", "p1"}, {"status", "voided"}}), Said::Done);
    EXPECT_EQ(kind(Operation::Refund, 200, {{"id", "p1"}, {"status", "refunded"}}), Said::Done);
}

TEST(ProviderAnswer, ADeclineIsCertain) {
    EXPECT_EQ(kind(Operation::Authorize, 201, {{"id", "p1"}, {"status", "declined"}}), Said::Declined);
    EXPECT_EQ(kind(Operation::Authorize, 400, {{"title", "Bad Request"}}), Said::Declined);
}

TEST(ProviderAnswer, ARefusalIsCertain) {
    for (const Operation operation : {Operation::Capture, Operation::Void, Operation::Refund}) {
        EXPECT_EQ(kind(operation, 409, {}), Said::Refused);
        EXPECT_EQ(kind(operation, 404, {}), Said::Refused);
    }
}

TEST(ProviderAnswer, WhateverIsNotClearIsUnknown) {
    for (const Operation operation : kOperations) {
        for (const int status : {0, 200, 201, 202, 301, 401, 403, 408, 422, 429, 500, 502, 503, 504}) {
            EXPECT_EQ(kind(operation, status, {}), Said::Unknown) << to_string(operation) << " " << status;
            EXPECT_EQ(kind(operation, status, json::array({1})), Said::Unknown);
            EXPECT_EQ(kind(operation, status, {{"id", 7}, {"status", nullptr}}), Said::Unknown);
        }
    }
    EXPECT_EQ(kind(Operation::Capture, 200, {{"id", "p1"}, {"status", "authorized"}}), Said::Unknown);
    EXPECT_EQ(kind(Operation::Authorize, 201, {{"status", "authorized"}}), Said::Unknown);
    EXPECT_EQ(kind(Operation::Authorize, 500, {{"id", "p1"}, {"status", "authorized"}}), Said::Unknown);
}

TEST(ProviderAnswer, ItsBooksAreReadWithCare) {
    const auto record = record_of(
        {{"items", {{{"id", "p1"}, {"status", "captured"}, {"amount", 1999}, {"currency", "EUR"}, {"reference", "r"}}}}});
    ASSERT_TRUE(record);
    EXPECT_EQ(record->provider_id, "p1");
    EXPECT_EQ(record->status, "captured");
    EXPECT_EQ(record->amount, 1999);
    EXPECT_EQ(record->currency, "EUR");
    for (const json& strange : {json(), json(1), json::array(), json{{"items", 1}}, json{{"items", json::array()}},
                                json{{"items", {1}}}, json{{"items", {{{"id", "p1"}}}}}}) {
        EXPECT_FALSE(record_of(strange)) << strange;
    }
}

}  // namespace

}  // namespace payment
