#include "reconcile/credential_age.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reconcile {
namespace {

using resources::Rotation;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using Step = Rotation::Step;

const base::WallTime kStart{std::chrono::seconds{1'700'000'000}};

api::Platform with(std::int64_t max_age_seconds, std::int64_t overlap_seconds = 1200) {
    api::Platform platform;
    platform.spec.credentials = {"", max_age_seconds, overlap_seconds};
    return platform;
}

CredentialAge at_step(Step step, int generation) {
    CredentialAge age;
    age.rotation = {generation, step};
    age.made = age.stepped = kStart;
    if (step != Step::Settled) age.before = kStart - 100h;
    return age;
}

TEST(CredentialAge, SurvivesBeingStored) {
    for (CredentialAge age : {at_step(Step::Settled, 0), at_step(Step::Offered, 1), at_step(Step::Used, 7)}) {
        age.request = R"(because of "them")";
        EXPECT_EQ(CredentialAge::decode(age.encoded()), age) << age.encoded();
    }
}

TEST(CredentialAge, IsUnknownWhereTheTextSaysNothingSensible) {
    for (const char* text : {"", "x", "[]", "{}", R"({"generation":0})", R"({"generation":-1,"step":"Settled"})",
                             R"({"generation":0,"step":"Offered"})", R"({"generation":1.5,"step":"Used"})",
                             R"({"generation":1,"step":"used"})", R"({"generation":99999999999,"step":"Settled"})"}) {
        EXPECT_EQ(CredentialAge::decode(text), std::nullopt) << text;
    }
}

TEST(CredentialAge, OfWhichATimeIsMissingIsTooOld) {
    const auto age = CredentialAge::decode(R"({"generation":0,"step":"Settled"})");
    ASSERT_TRUE(age);
    EXPECT_TRUE(observed(*age, with(3600), kStart).too_old);
    EXPECT_FALSE(observed(*age, with(0), kStart).too_old);
}

TEST(CredentialAge, IsKnownFromTheStatusWhereItsSecretsLostIt) {
    api::Platform platform = with(0);
    platform.rotate = "because";
    EXPECT_EQ(reported_age(platform), std::nullopt);
    const base::WallTime made = kStart;
    platform.status = {{"credentials", {{"generation", 2}, {"made", base::rfc3339(made)}, {"step", "Settled"}}}};
    const auto age = reported_age(platform);
    ASSERT_TRUE(age);
    EXPECT_EQ(age->rotation, (Rotation{2, Step::Settled}));
    EXPECT_EQ(age->made, made);
    EXPECT_EQ(next_step(*age, platform), std::nullopt) << "the annotation was followed already";
}

TEST(CredentialAge, OfTwoIsWhatIsFurtherOnAndThenWhatIsOlder) {
    const std::vector<CredentialAge> in_order{at_step(Step::Settled, 1), at_step(Step::Offered, 2), at_step(Step::Used, 2),
                                              at_step(Step::Settled, 2), at_step(Step::Offered, 3)};
    for (std::size_t index = 1; index < in_order.size(); ++index) {
        EXPECT_EQ(later(in_order[index], in_order[index - 1]), in_order[index]);
        EXPECT_EQ(later(in_order[index - 1], in_order[index]), in_order[index]);
    }
    CredentialAge older = at_step(Step::Settled, 1);
    older.made -= 1h;
    EXPECT_EQ(later(older, at_step(Step::Settled, 1)), older);
    EXPECT_EQ(later(at_step(Step::Settled, 1), older), older);
    EXPECT_EQ(later(std::nullopt, older), older);
    EXPECT_EQ(later(older, std::nullopt), older);
}

TEST(NextStep, IsNeverWhereNobodyAsksForOne) {
    EXPECT_EQ(next_step(at_step(Step::Settled, 3), with(0)), std::nullopt);
}

TEST(NextStep, ComesBeforeTheMaximumByATenthAndTheOverlap) {
    EXPECT_EQ(next_step(at_step(Step::Settled, 3), with(10 * 3600, 0)), kStart + 9h);
    EXPECT_EQ(next_step(at_step(Step::Settled, 3), with(10 * 3600)), kStart + 9h - 20min);
}

TEST(Steps, RefuseTheOldInTimeWhateverTheSpecMaySay) {
    for (const auto& [most, overlap] :
         std::vector<std::pair<int, int>>{{3600, 1200}, {3600, 1800}, {7200, 3600}, {36000, 3600}}) {
        const api::Platform platform = with(most, overlap);
        CredentialAge age = CredentialAge::of_new(platform, kStart);
        for (int step = 0; step < 3; ++step) {
            const base::WallTime after_rollout =
                std::max(age.stepped + std::chrono::seconds(most) / 31, *next_step(age, platform));
            age = stepped(age, platform, after_rollout);
            EXPECT_FALSE(observed(age, platform, after_rollout).too_old) << most << ' ' << overlap;
        }
        EXPECT_EQ(age.rotation, (Rotation{1, Step::Settled}));
        EXPECT_LT(age.stepped, kStart + std::chrono::seconds(most));
    }
}

TEST(NextStep, ComesAtOnceWhereThePlatformIsAnnotatedAnew) {
    api::Platform platform = with(0);
    CredentialAge age = CredentialAge::of_new(platform, kStart);
    platform.rotate = "now";
    EXPECT_EQ(next_step(age, platform), kStart);
    age = stepped(stepped(stepped(age, platform, kStart), platform, kStart), platform, kStart);
    EXPECT_EQ(age.rotation, (Rotation{1, Step::Settled}));
    EXPECT_EQ(next_step(age, platform), std::nullopt) << "the same value asks no second time";
    platform.rotate = "";
    EXPECT_EQ(next_step(age, platform), std::nullopt);
    platform.rotate = "once more";
    EXPECT_EQ(next_step(age, platform), kStart);
    EXPECT_EQ(next_step(CredentialAge::of_new(platform, kStart), platform), std::nullopt) << "new ones are not asked for anew";
}

TEST(Steps, OfferThenUseThenSettleAfterTheOverlap) {
    const api::Platform platform = with(10 * 3600);
    CredentialAge age = CredentialAge::of_new(platform, kStart);
    age = stepped(age, platform, kStart + 9h);
    EXPECT_EQ(age.rotation, (Rotation{1, Step::Offered}));
    EXPECT_EQ(age.made, kStart + 9h);
    EXPECT_EQ(age.before, kStart);
    EXPECT_EQ(next_step(age, platform), kStart + 9h) << "at once, when every pod runs as declared";
    age = stepped(age, platform, kStart + 9h + 5min);
    EXPECT_EQ(age.rotation, (Rotation{1, Step::Used}));
    EXPECT_EQ(next_step(age, platform), kStart + 9h + 25min);
    EXPECT_EQ(too_old_at(age, platform), kStart + 10h) << "the old are accepted still";
    EXPECT_FALSE(observed(age, platform, kStart + 10h - 1min).too_old);
    EXPECT_TRUE(observed(age, platform, kStart + 10h).too_old) << "who waits for that moment sees it";
    age = stepped(age, platform, kStart + 9h + 30min);
    EXPECT_EQ(age.rotation, (Rotation{1, Step::Settled}));
    EXPECT_EQ(too_old_at(age, platform), kStart + 19h);
    EXPECT_FALSE(observed(age, platform, kStart + 11h).too_old);
}

}  // namespace
}  // namespace reconcile
