// What is asked of the other services, and what is made of their answers.
#include "order/saga_commands.h"

#include <gmock/gmock.h>

#include "common/http/problem.h"
#include "order/checkout_rules.h"

namespace order {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Order an_order() {
    Order order;
    order.id = "018f0000-0000-7000-8000-000000000001";
    order.user = "018f0000-0000-7000-8000-000000000002";
    order.lines = {{"A-1", 2, "v", "Apple", Money{150, "EUR"}}, {"B", 1, "w", "Bread", Money{300, "EUR"}}};
    order.total = Money{600, "EUR"};
    return order;
}

rest::Answer answer(int status, json body = nullptr) {
    return {status, std::move(body), {}};
}

Result result(Step step, int status, json body = nullptr) {
    return meaning_of(step, an_order(), answer(status, std::move(body))).result;
}

TEST(SagaRequest, IsTheSameEachTimeAndRepeatable) {
    for (const Step step : kSteps) {
        if (is_end(step)) continue;
        const rest::Request one = request_for(step, an_order(), "tok_1"), other = request_for(step, an_order(), "tok_1");
        EXPECT_TRUE(one.repeatable) << to_string(step);
        EXPECT_EQ(one.path, other.path);
        EXPECT_EQ(one.body, other.body);
        EXPECT_EQ(one.headers, other.headers);
    }
}

TEST(SagaRequest, ToAuthoriseIsKnownByTheOrdersId) {
    const rest::Request request = request_for(Step::Authorize, an_order(), "tok_1");
    EXPECT_THAT(request.headers, testing::Contains(testing::Pair("Idempotency-Key", an_order().id)));
    EXPECT_EQ(request.body, json::parse(R"({"order_id":"018f0000-0000-7000-8000-000000000001","amount":600,"currency":"EUR",
        "user_id":"018f0000-0000-7000-8000-000000000002","payment_method":{"token":"tok_1"}})"));
}

TEST(SagaRequest, ToReserveHoldsForLongerThanTheWayForwardTakes) {
    const json body = request_for(Step::Reserve, an_order(), "").body;
    EXPECT_EQ(body["lines"], json::parse(R"([{"sku":"A-1","quantity":2},{"sku":"B","quantity":1}])"));
    EXPECT_GT(std::chrono::seconds(body["ttl_seconds"].get<int>()), kForwardWindow + kStepTime);
}

TEST(SagaAnswer, LeavesOpenWhatIsNotSaid) {
    for (const Step step : kSteps) {
        if (is_end(step)) continue;
        for (const int status : {500, 502, 503, 504, 429, 408, 200, 302}) {
            EXPECT_EQ(result(step, status).outcome, Outcome::Unknown) << to_string(step) << " " << status;
        }
        EXPECT_EQ(result(step, 422).outcome, Outcome::Refused) << to_string(step);
    }
}

TEST(SagaAnswer, IsDoneInTheStateThatWasAskedFor) {
    EXPECT_EQ(result(Step::Reserve, 201, {{"state", "RESERVED"}}).outcome, Outcome::Done);
    EXPECT_EQ(result(Step::Authorize, 201, {{"state", "AUTHORIZED"}}).outcome, Outcome::Done);
    EXPECT_EQ(result(Step::Confirm, 200, {{"state", "CONFIRMED"}}).outcome, Outcome::Done);
    EXPECT_EQ(result(Step::Capture, 200, {{"state", "CAPTURED"}}).outcome, Outcome::Done);
    EXPECT_EQ(result(Step::Void, 200, {{"state", "VOIDED"}}).outcome, Outcome::Done);
    EXPECT_EQ(result(Step::Void, 200, {{"state", "DECLINED"}}).outcome, Outcome::Done);
    EXPECT_EQ(result(Step::Refund, 200, {{"state", "REFUNDED"}}).outcome, Outcome::Done);
    EXPECT_EQ(result(Step::Release, 200, {{"state", "RELEASED"}}).outcome, Outcome::Done);
    EXPECT_EQ(result(Step::Capture, 200, {{"state", "AUTHORIZED"}}).outcome, Outcome::Unknown);
    EXPECT_EQ(result(Step::Authorize, 201, {{"state", 1}}).outcome, Outcome::Unknown);
}

TEST(SagaAnswer, TellsWhyItIsRefused) {
    EXPECT_EQ(result(Step::Authorize, 201, {{"state", "DECLINED"}}).reason, Reason::PaymentDeclined);
    EXPECT_EQ(result(Step::Authorize, 201, {{"state", "DECLINED"}}).outcome, Outcome::Refused);
    EXPECT_EQ(result(Step::Reserve, 409, {{"errors", {{{"field", "/lines/0"}}}}}).reason, Reason::OutOfStock);
    EXPECT_EQ(result(Step::Reserve, 409, json::object()).reason, Reason::ReservationLost);
    EXPECT_EQ(result(Step::Confirm, 409).reason, Reason::ReservationLost);
    EXPECT_EQ(result(Step::Capture, 409).reason, Reason::PaymentRefused);
    EXPECT_EQ(result(Step::Price, 404).reason, Reason::UnknownProduct);
}

json price(const char* sku, std::int64_t amount, const char* currency = "EUR") {
    return {{"sku", sku}, {"product_id", "x"}, {"name", sku}, {"price", {{"amount", amount}, {"currency", currency}}}};
}

TEST(SagaPrices, AreTheCatalogsOfTheMoment) {
    const Answered answered =
        meaning_of(Step::Price, an_order(), answer(200, {{"items", {price("B", 50), price("A-1", 100), price("C", 1)}}}));
    ASSERT_EQ(answered.result.outcome, Outcome::Done);
    EXPECT_EQ(answered.total, (Money{250, "EUR"}));
    EXPECT_EQ(answered.priced[0].price, (Money{100, "EUR"}));
    EXPECT_EQ(answered.priced[1].name, "B");
}

TEST(SagaPrices, ThatCanNotBeChargedCancel) {
    const auto reason = [](json items) {
        const Result priced = meaning_of(Step::Price, an_order(), answer(200, {{"items", std::move(items)}})).result;
        EXPECT_EQ(priced.outcome, Outcome::Refused);
        return priced.reason;
    };
    EXPECT_EQ(reason(json::array({price("B", 50)})), Reason::UnknownProduct);
    EXPECT_EQ(reason({price("B", 50), price("A-1", 50, "USD")}), Reason::MixedCurrencies);
    EXPECT_EQ(reason({price("B", 0), price("A-1", 0)}), Reason::TotalOutOfRange);
    EXPECT_EQ(reason({price("B", kMostMoney), price("A-1", 1)}), Reason::TotalOutOfRange);
    EXPECT_EQ(reason({price("B", -5), price("A-1", 100)}), Reason::TotalOutOfRange);
    EXPECT_EQ(reason({price("B", 1), {{"sku", "A-1"}}}), Reason::UnknownProduct);
    for (const json& amount : {json(19.99), json(1e300), json("100")}) {  // No part of a cent is cut off.
        json odd = price("A-1", 1);
        odd["price"]["amount"] = amount;
        EXPECT_EQ(reason({price("B", 1), odd}), Reason::UnknownProduct);
    }
}

TEST(CheckoutAnswer, IsByTheOrdersEnd) {
    Order order = an_order();
    order.state = State::Confirmed;
    EXPECT_EQ(answer_of(order).status, 201);
    order.state = State::Pending;
    EXPECT_EQ(answer_of(order).status, 202);
    order.state = State::Cancelled;
    for (const Reason reason : kReasons) {
        order.reason = reason;
        try {
            answer_of(order);
            FAIL() << to_string(reason);
        } catch (const http::Problem& problem) {
            EXPECT_EQ(problem.status(), reason == Reason::PaymentDeclined ? 402 : 409);
        }
    }
}

http::Request checkout_request(const std::string& body) {
    http::Request request;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body;
    return request;
}

TEST(CheckoutBody, HasADigestOfAllThatIsInIt) {
    const auto digest = [](const std::string& token, const std::string& city) {
        return digest_of(checkout_body_from(
            checkout_request(R"({"shipping_address":{"country":"DE","name":"A","line1":"B","postal_code":"1","city":")" + city +
                             R"("},"payment_method":{"token":")" + token + R"("}})")));
    };
    EXPECT_EQ(digest("tok_1", "Ulm"), digest("tok_1", "Ulm"));
    EXPECT_NE(digest("tok_1", "Ulm"), digest("tok_2", "Ulm"));
    EXPECT_NE(digest("tok_1", "Ulm"), digest("tok_1", "Köln"));
}

TEST(CheckoutBody, TakesNoCardNumber) {
    EXPECT_TRUE(is_token("tok_visa"));
    for (const char* wrong : {"4111111111111111", "4111-1111-1111-1111", "", "tok 1", "tök"}) {
        EXPECT_FALSE(is_token(wrong)) << wrong;
    }
}

TEST(OrderLines, AreReadAsTheyWereStored) {
    std::vector<Line> lines = an_order().lines;
    lines.push_back({"C", 3, "x", "", std::nullopt});
    EXPECT_EQ(stored_lines(stored(lines)), lines);
}

}  // namespace
}  // namespace order
