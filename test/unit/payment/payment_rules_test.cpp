// The payment's state machine: every state with every command, and the books of every operation.
#include "payment/payment_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <set>
#include <tuple>

namespace payment {

namespace {

using Kind = Step::Kind;

struct Expected {
    Kind kind;
    std::optional<Operation> operation = std::nullopt;
};

void expect_step(const Situation& situation, Command command, const Expected& expected) {
    SCOPED_TRACE(std::string(to_string(situation.state)) +
                 (situation.pending ? " with " + std::string(to_string(*situation.pending)) + " pending" : "") +
                 (situation.cancelled ? ", cancelled" : "") + ": " + std::string(to_string(command)));
    const Step step = next_step(situation, command);
    EXPECT_EQ(static_cast<int>(step.kind), static_cast<int>(expected.kind));
    if (expected.operation) {
        EXPECT_EQ(to_string(step.operation), to_string(*expected.operation));
    }
    EXPECT_EQ(step.why.empty(), step.kind != Kind::Refuse);
}

// By state, in the order of kCommands: authorize, capture, void, refund, cancel, settle.
const std::map<State, std::vector<Expected>> kSettled = {
    {State::None,
     {{Kind::Start, Operation::Authorize}, {Kind::Missing}, {Kind::Bury}, {Kind::Missing}, {Kind::Bury}, {Kind::Done}}},
    {State::Authorized,
     {{Kind::Done},
      {Kind::Start, Operation::Capture},
      {Kind::Start, Operation::Void},
      {Kind::Refuse},
      {Kind::Start, Operation::Void},
      {Kind::Done}}},
    {State::Declined, {{Kind::Done}, {Kind::Refuse}, {Kind::Done}, {Kind::Refuse}, {Kind::Done}, {Kind::Done}}},
    {State::Captured,
     {{Kind::Done},
      {Kind::Done},
      {Kind::Refuse},
      {Kind::Start, Operation::Refund},
      {Kind::Start, Operation::Refund},
      {Kind::Done}}},
    {State::Voided, {{Kind::Refuse}, {Kind::Refuse}, {Kind::Done}, {Kind::Refuse}, {Kind::Done}, {Kind::Done}}},
    {State::Refunded, {{Kind::Refuse}, {Kind::Refuse}, {Kind::Refuse}, {Kind::Done}, {Kind::Done}, {Kind::Done}}},
};

TEST(PaymentRules, EveryCommandHasItsStepInEveryState) {
    for (const auto& [state, row] : kSettled) {
        for (std::size_t i = 0; i < row.size(); ++i) expect_step({state}, kCommands[i], row[i]);
    }
    EXPECT_EQ(kSettled.size(), std::size(kStates) - 1);  // All but Pending, which always has an operation.
}

TEST(PaymentRules, WhatIsPendingComesFirst) {
    const std::map<Operation, State> during = {{Operation::Authorize, State::Pending},
                                               {Operation::Capture, State::Authorized},
                                               {Operation::Void, State::Authorized},
                                               {Operation::Refund, State::Captured}};
    for (const auto& [pending, state] : during) {
        for (const Command command : kCommands) {
            if (pending == Operation::Capture && command == Command::Authorize) continue;
            expect_step({state, pending}, command, {Kind::Finish, pending});
        }
    }
}

TEST(PaymentRules, ARepeatedAuthorisationIsAnsweredWhileTheCaptureIsPending) {
    expect_step({State::Authorized, Operation::Capture}, Command::Authorize, {Kind::Done});
    expect_step({State::Authorized, Operation::Capture, true}, Command::Authorize, {Kind::Finish, Operation::Capture});
}

TEST(PaymentRules, NothingIsTakenForAnOrderThatWasCancelled) {
    expect_step({State::Authorized, {}, true}, Command::Capture, {Kind::Refuse});
    expect_step({State::Authorized, {}, true}, Command::Authorize, {Kind::Refuse});
    expect_step({State::Captured, {}, true}, Command::Authorize, {Kind::Refuse});
    expect_step({State::Authorized, {}, true}, Command::Void, {Kind::Start, Operation::Void});
    expect_step({State::Authorized, {}, true}, Command::Cancel, {Kind::Start, Operation::Void});
    expect_step({State::Captured, {}, true}, Command::Cancel, {Kind::Start, Operation::Refund});
    expect_step({State::Pending, Operation::Authorize, true}, Command::Cancel, {Kind::Finish, Operation::Authorize});
}

TEST(PaymentRules, EveryTransactionAddsUpToZero) {
    for (const Operation operation : kOperations) {
        std::int64_t sum = 0;
        for (const Entry& entry : effect_of(operation, 1999).entries) sum += entry.amount;
        EXPECT_EQ(sum, 0) << to_string(operation);
    }
}

std::map<std::string_view, std::int64_t> books_after(std::initializer_list<Operation> operations) {
    std::map<std::string_view, std::int64_t> totals;
    for (const Operation operation : operations) {
        for (const Entry& entry : effect_of(operation, 1999).entries) totals[to_string(entry.account)] += entry.amount;
    }
    std::erase_if(totals, [](const auto& total) { return total.second == 0; });
    return totals;
}

TEST(PaymentRules, TheBooksSayWhoOwesWhat) {
    using Totals = std::map<std::string_view, std::int64_t>;
    EXPECT_EQ(books_after({Operation::Authorize}), (Totals{{"customer_receivable", 1999}, {"authorized_holds", -1999}}));
    EXPECT_EQ(books_after({Operation::Authorize, Operation::Void}), Totals{});
    EXPECT_EQ(books_after({Operation::Authorize, Operation::Capture}), (Totals{{"provider_clearing", 1999}, {"revenue", -1999}}));
    EXPECT_EQ(books_after({Operation::Authorize, Operation::Capture, Operation::Refund}),
              (Totals{{"revenue", -1999}, {"refunds", 1999}}));
}

TEST(PaymentRules, OnlyWhatOthersCareAboutIsAnEvent) {
    EXPECT_EQ(effect_of(Operation::Authorize, 1).event, "");
    EXPECT_EQ(effect_of(Operation::Void, 1).event, "");
    EXPECT_EQ(effect_of(Operation::Capture, 1).event, "payment.captured");
    EXPECT_EQ(effect_of(Operation::Refund, 1).event, "payment.refunded");
}

TEST(PaymentRules, ProviderKeysAreTheSameForARepetitionAndForNothingElse) {
    constexpr std::string_view kPayment = "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a";
    std::set<std::string> keys;
    for (const Operation operation : kOperations) {
        keys.insert(provider_key(kPayment, operation));
        EXPECT_EQ(provider_key(kPayment, operation), provider_key(kPayment, operation));
    }
    keys.insert(provider_key("0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1b", Operation::Capture));
    EXPECT_EQ(keys.size(), 5U);
}

TEST(PaymentRules, AnEventsIdIsAFunctionOfWhatHappened) {
    const std::string id = event_id("0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a", "payment.captured");
    EXPECT_THAT(id, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_EQ(id, event_id("0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a", "payment.captured"));
    EXPECT_NE(id, event_id("0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a", "payment.refunded"));
    EXPECT_NE(id, event_id("0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1b", "payment.captured"));
}

TEST(PaymentRules, TheProvidersBooksTellWhatTookEffect) {
    const auto kind = [](Operation operation, std::string_view status) -> std::optional<Outcome::Kind> {
        const std::optional<Outcome> outcome = outcome_by_books(operation, status, "p1");
        if (!outcome) return std::nullopt;
        EXPECT_EQ(outcome->provider_id, "p1");
        return outcome->kind;
    };
    EXPECT_EQ(kind(Operation::Authorize, "authorized"), Outcome::Kind::Done);
    EXPECT_EQ(kind(Operation::Authorize, "declined"), Outcome::Kind::Declined);
    EXPECT_EQ(kind(Operation::Authorize, "captured"), Outcome::Kind::Done);
    EXPECT_EQ(kind(Operation::Capture, "authorized"), std::nullopt);
    EXPECT_EQ(kind(Operation::Capture, "captured"), Outcome::Kind::Done);
    EXPECT_EQ(kind(Operation::Capture, "refunded"), Outcome::Kind::Done);
    EXPECT_EQ(kind(Operation::Void, "authorized"), std::nullopt);
    EXPECT_EQ(kind(Operation::Void, "voided"), Outcome::Kind::Done);
    EXPECT_EQ(kind(Operation::Refund, "captured"), std::nullopt);
    EXPECT_EQ(kind(Operation::Refund, "refunded"), Outcome::Kind::Done);
}

TEST(PaymentRules, TheDigestTellsEveryDifference) {
    const Order order{"id", "user", 100, "EUR", "tok_1"};
    std::set<std::string> digests = {digest_of("key", order), digest_of("other", order)};
    for (const auto change : {+[](Order& o) { o.id = "x"; }, +[](Order& o) { o.user = "x"; }, +[](Order& o) { o.amount = 101; },
                              +[](Order& o) { o.currency = "USD"; }, +[](Order& o) { o.token = "tok_2"; }}) {
        Order other = order;
        change(other);
        digests.insert(digest_of("key", other));
    }
    EXPECT_EQ(digests.size(), 7U);
    EXPECT_EQ(digest_of("key", order), digest_of("key", Order(order)));
    EXPECT_EQ(digest_of("key", order).find("tok_1"), std::string::npos);
}

TEST(PaymentRules, ACardNumberIsNoToken) {
    EXPECT_TRUE(is_token("tok_visa"));
    EXPECT_TRUE(is_token("12345678901"));           // Too short for a card.
    EXPECT_TRUE(is_token("12345678901234567890"));  // Too long.
    EXPECT_FALSE(is_token("4242424242424242"));
    EXPECT_FALSE(is_token("4242-4242-4242-4242"));
    EXPECT_FALSE(is_token("tok visa"));
    EXPECT_FALSE(is_token(""));
    EXPECT_FALSE(is_token(std::string(256, 'a')));
}

TEST(PaymentRules, NamesAreReadBack) {
    for (const State state : kStates) EXPECT_EQ(state_from(to_string(state)), state);
    for (const Operation operation : kOperations) EXPECT_EQ(operation_from(to_string(operation)), operation);
    EXPECT_THROW(state_from("PAID"), std::invalid_argument);
    EXPECT_THROW(operation_from(""), std::invalid_argument);
}

}  // namespace

}  // namespace payment
