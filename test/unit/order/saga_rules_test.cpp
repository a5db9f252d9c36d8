// The saga's table, whole, and that every walk through it ends well.
#include "order/saga_rules.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace order {
namespace {

constexpr base::Duration kYoung{1'000};

base::Random no_luck() {
    return [] { return 0.999; };
}

Decision decided(Step step, Outcome outcome, base::Duration age = kYoung, int tries = 0) {
    return decide({step, tries, 0, Reason::None}, {outcome, Reason::OutOfStock}, age, no_luck());
}

struct Row {
    Step from;
    Step done;
    Step refused;
    Step unknown;           // While there is time.
    Step unknown_too_long;  // Tries or time are over.
};

// Each step that is asked for, with each outcome.
const Row kTable[] = {
    {Step::Price, Step::Reserve, Step::Cancelled, Step::Price, Step::Cancelled},
    {Step::Reserve, Step::Authorize, Step::Release, Step::Reserve, Step::Release},
    {Step::Authorize, Step::Confirm, Step::Void, Step::Authorize, Step::Void},
    {Step::Confirm, Step::Capture, Step::Void, Step::Confirm, Step::Void},
    {Step::Capture, Step::Confirmed, Step::Void, Step::Capture, Step::Capture},
    {Step::Void, Step::Release, Step::Refund, Step::Void, Step::Void},
    {Step::Refund, Step::Release, Step::Void, Step::Refund, Step::Refund},
    {Step::Release, Step::Cancelled, Step::Release, Step::Release, Step::Release},
};

TEST(SagaTable, LeadsFromEachStepByEachOutcome) {
    for (const Row& row : kTable) {
        SCOPED_TRACE(to_string(row.from));
        EXPECT_EQ(decided(row.from, Outcome::Done).next.step, row.done);
        EXPECT_EQ(decided(row.from, Outcome::Refused).next.step, row.refused);
        EXPECT_EQ(decided(row.from, Outcome::Unknown).next.step, row.unknown);
        EXPECT_EQ(decided(row.from, Outcome::Unknown, kForwardWindow).next.step, row.unknown_too_long);
        EXPECT_EQ(decided(row.from, Outcome::Unknown, kYoung, kForwardTries - 1).next.step, row.unknown_too_long);
    }
    std::set<Step> asked;
    for (const Row& row : kTable) asked.insert(row.from);
    for (const Step step : kSteps) EXPECT_NE(asked.contains(step), is_end(step)) << to_string(step);
}

TEST(SagaTable, HasNothingAfterAnEnd) {
    for (const Step step : kSteps) {
        if (is_end(step)) {
            EXPECT_THROW(decided(step, Outcome::Done), std::logic_error) << to_string(step);
        }
    }
}

TEST(SagaTable, NamesAreReadBack) {
    for (const Step step : kSteps) EXPECT_EQ(step_from(to_string(step)), step);
    for (const Reason reason : kReasons) EXPECT_EQ(reason_from(to_string(reason)), reason);
    EXPECT_THROW(step_from("pay"), std::invalid_argument);
}

TEST(SagaPivot, IsWhereGoingBackForTimeEnds) {
    for (const Step step : kSteps) {
        const bool before = step == Step::Price || step == Step::Reserve || step == Step::Authorize || step == Step::Confirm;
        EXPECT_EQ(can_go_back(step), before) << to_string(step);
        EXPECT_EQ(is_overdue({step, 0, 0, Reason::None}, kForwardWindow), before) << to_string(step);
        EXPECT_FALSE(is_overdue({step, 0, 0, Reason::None}, kForwardWindow - base::Duration{1})) << to_string(step);
    }
}

TEST(SagaReason, IsTheRefusalsOrThatTimeWasOver) {
    EXPECT_EQ(decided(Step::Reserve, Outcome::Refused).next.reason, Reason::OutOfStock);
    EXPECT_EQ(decided(Step::Reserve, Outcome::Unknown, kForwardWindow).next.reason, Reason::Unavailable);
    const Progress going_back{Step::Void, 2, 0, Reason::PaymentDeclined};
    EXPECT_EQ(decide(going_back, {Outcome::Refused, Reason::PaymentRefused}, kYoung, no_luck()).next.reason,
              Reason::PaymentDeclined);
    EXPECT_EQ(decide(going_back, {Outcome::Done}, kYoung, no_luck()).next.reason, Reason::PaymentDeclined);
}

TEST(SagaWait, GrowsToItsBoundAndStartsAnewWithTheNextStep) {
    base::Duration longest{0};
    for (int tries = 0; tries < 100; ++tries) {
        const Decision decision = decided(Step::Capture, Outcome::Unknown, kYoung, tries);
        EXPECT_EQ(decision.next.tries, tries + 1);
        EXPECT_GT(decision.wait, base::Duration{0});
        EXPECT_LE(decision.wait, kRetry.max);
        EXPECT_GE(decision.wait, longest / 2);
        longest = std::max(longest, decision.wait);
    }
    const Decision done = decided(Step::Capture, Outcome::Done, kYoung, 100);
    EXPECT_EQ(done.next.tries, 0);
    EXPECT_EQ(done.wait, base::Duration{0});
}

TEST(SagaAttention, IsNeededOnlyWhereTakingBackIsRefusedAgainAndAgain) {
    for (const Step step : {Step::Void, Step::Refund, Step::Release}) {
        Progress progress{step, 0, 0, Reason::Unavailable};
        for (int i = 1; i < kMostRefusals; ++i) {
            progress = decide(progress, {Outcome::Refused}, kYoung, no_luck()).next;
            ASSERT_FALSE(is_end(progress.step)) << i;
        }
        EXPECT_EQ(decide(progress, {Outcome::Refused}, kYoung, no_luck()).next.step, Step::NeedsAttention);
        // However long it stays unclear.
        EXPECT_EQ(decided(step, Outcome::Unknown, std::chrono::hours(24), 100'000).next.step, step);
    }
}

TEST(SagaAttention, ThatAPaymentWasCapturedMeanwhileIsRefundedAtOnce) {
    const Decision decision = decide({Step::Void, 0, 0, Reason::Unavailable}, {Outcome::Refused}, kYoung, no_luck());
    EXPECT_EQ(decision.next.step, Step::Refund);
    EXPECT_EQ(decision.wait, base::Duration{0});
}

// What the services would have done, by what was asked of them and whether it took effect.
struct World {
    bool reserved = false, sold = false, released = false;
    bool held = false, captured = false, given_back = false;

    // As the real ones: idempotent, and what was taken back refuses what comes late.
    Outcome ask(Step step) {
        switch (step) {
            case Step::Reserve:
                if (released) return Outcome::Refused;
                reserved = true;
                return Outcome::Done;
            case Step::Confirm:
                if (!reserved || released) return Outcome::Refused;
                sold = true;
                return Outcome::Done;
            case Step::Release:
                released = true;
                reserved = sold = false;
                return Outcome::Done;
            case Step::Authorize:
                if (given_back) return Outcome::Refused;
                held = true;
                return Outcome::Done;
            case Step::Capture:
                if (captured) return Outcome::Done;
                if (!held || given_back) return Outcome::Refused;
                captured = true;
                return Outcome::Done;
            case Step::Void:
                if (captured) return Outcome::Refused;
                given_back = true;
                held = false;
                return Outcome::Done;
            case Step::Refund:
                if (!captured) return Outcome::Refused;
                captured = held = false;
                given_back = true;
                return Outcome::Done;
            default:
                return Outcome::Done;
        }
    }
};

TEST(SagaWalk, EndsWithGoodsAndMoneyInAccordWhateverIsLostOnTheWay) {
    constexpr unsigned kSeed = 4711;
    std::mt19937 random(kSeed);
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    int confirmed = 0, cancelled = 0;
    for (int walk = 0; walk < 20'000; ++walk) {
        const auto lossy = static_cast<unsigned>(random() % 70);     // Percent of the answers that don't arrive.
        const auto refusing = static_cast<unsigned>(random() % 20);  // Percent of the forward steps that are refused.
        World world;
        Progress progress;
        base::Duration age{0};
        Step late = Step::Price;  // A request that was given up, and may arrive later all the same.
        int asks = 0;
        while (!is_end(progress.step)) {
            ASSERT_LT(++asks, 10'000);
            if (chance(10)) world.ask(late);
            Decision decision;
            if (is_overdue(progress, age)) {
                decision = give_up(progress, Reason::Unavailable);
            } else if (chance(lossy)) {
                if (chance(50)) {
                    world.ask(progress.step);  // The answer is lost.
                } else {
                    late = progress.step;
                }
                decision = decide(progress, {Outcome::Unknown}, age, [&] { return static_cast<double>(random() % 1000) / 1000; });
            } else {
                const bool refused = chance(refusing) && can_go_back(progress.step);
                const Outcome outcome = refused ? Outcome::Refused : world.ask(progress.step);
                decision = decide(progress, {outcome, Reason::OutOfStock}, age, [] { return 0.5; });
            }
            progress = decision.next;
            age += decision.wait + base::Duration{static_cast<int>(random() % 50)};
        }
        world.ask(late);
        ASSERT_NE(progress.step, Step::NeedsAttention) << "walk " << walk;
        if (progress.step == Step::Confirmed) {
            ++confirmed;
            ASSERT_TRUE(world.sold && world.captured) << "walk " << walk;
        } else {
            ++cancelled;
            ASSERT_FALSE(world.sold || world.captured || world.held || world.reserved) << "walk " << walk;
            ASSERT_NE(progress.reason, Reason::None);
        }
    }
    EXPECT_GT(confirmed, 1'000);
    EXPECT_GT(cancelled, 1'000);
}

TEST(SagaTime, ToTheEndIsBoundedOnceEverythingAnswers) {
    // From any step, with everything answering, the waits add up to nothing but the one that was under way.
    for (const Step from : kSteps) {
        Progress progress{from, 3, 0, Reason::Unavailable};
        int steps = 0;
        while (!is_end(progress.step)) {
            const Decision decision = decide(progress, {Outcome::Done}, kYoung, no_luck());
            EXPECT_EQ(decision.wait, base::Duration{0});
            progress = decision.next;
            ++steps;
        }
        EXPECT_LE(steps, 5);
    }
    EXPECT_LE(kLongestRest, std::chrono::seconds(60));
}

}  // namespace
}  // namespace order
