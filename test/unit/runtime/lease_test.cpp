// When a candidate takes, renews and leaves a Lease.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "kube/object.h"
#include "runtime/lease_state.h"

using namespace std::chrono_literals;
using kube::Json;
using runtime::LeaseState;
using Step = runtime::LeaseState::Step;

namespace {

class LeaseTest : public testing::Test {
protected:
    Json lease(const std::string& holder, const std::string& renewed = "2026-01-01T00:00:00.000000Z") const {
        return {{"metadata", {{"name", "operator"}, {"resourceVersion", "7"}, {"labels", {{"team", "shop"}}}}},
                {"spec",
                 {{"holderIdentity", holder},
                  {"leaseDurationSeconds", 15},
                  {"acquireTime", "2026-01-01T00:00:00.000000Z"},
                  {"renewTime", renewed},
                  {"leaseTransitions", 3}}}};
    }
    static const Json& spec(const Json& object) { return kube::at(object, {"spec"}); }

    base::ManualClock clock;
    LeaseState state{"me", {}, clock};
};

TEST_F(LeaseTest, IsTakenWhenThereIsNone) {
    state.observe({});
    EXPECT_EQ(state.step(), Step::Acquire);
    EXPECT_EQ(spec(state.acquired()), (Json{{"holderIdentity", "me"},
                                            {"leaseDurationSeconds", 15},
                                            {"acquireTime", "2023-11-14T22:13:20.000000Z"},
                                            {"renewTime", "2023-11-14T22:13:20.000000Z"},
                                            {"leaseTransitions", 0}}));
}

TEST_F(LeaseTest, IsTakenWhenNobodyHoldsIt) {
    state.observe(lease(""));
    EXPECT_EQ(state.step(), Step::Acquire);
}

TEST_F(LeaseTest, IsLeftToALivingHolder) {
    state.observe(lease("other"));
    clock.advance(14'999ms);
    EXPECT_EQ(state.step(), Step::Wait);
    EXPECT_EQ(state.due(), clock.now() + 1ms);
}

TEST_F(LeaseTest, IsTakenFromAHolderThatIsSilentForItsWholeDuration) {
    state.observe(lease("other"));
    clock.advance(15s);
    state.observe(lease("other"));
    EXPECT_EQ(state.step(), Step::Acquire);
}

TEST_F(LeaseTest, EachRenewalOfTheHolderStartsTheWaitAnew) {
    state.observe(lease("other", "2026-01-01T00:00:00.000000Z"));
    clock.advance(14s);
    state.observe(lease("other", "2026-01-01T00:00:02.000000Z"));
    clock.advance(14s);
    EXPECT_EQ(state.step(), Step::Wait);
}

TEST_F(LeaseTest, AHoldersWrongClockDoesNotMatter) {
    state.observe(lease("other", "1999-01-01T00:00:00.000000Z"));
    EXPECT_EQ(state.step(), Step::Wait);
    clock.advance(15s);
    state.observe(lease("other", "1999-01-01T00:00:02.000000Z"));
    EXPECT_EQ(state.step(), Step::Wait);
}

TEST_F(LeaseTest, ALabelDoesNotKeepADeadHolderAlive) {
    state.observe(lease("other"));
    clock.advance(15s);
    Json labelled = lease("other");
    labelled["metadata"]["labels"]["touched"] = "now";
    labelled["metadata"]["resourceVersion"] = "8";
    state.observe(labelled);
    EXPECT_EQ(state.step(), Step::Acquire);
}

TEST_F(LeaseTest, TheHoldersOwnDurationCounts) {
    Json shorter = lease("other");
    shorter["spec"]["leaseDurationSeconds"] = 1;
    state.observe(shorter);
    clock.advance(1s);
    EXPECT_EQ(state.step(), Step::Acquire);
}

TEST_F(LeaseTest, AnAbsurdDurationIsBounded) {
    for (const Json& duration : {Json(std::numeric_limits<std::int64_t>::max()), Json(-5), Json(nullptr)}) {
        Json odd = lease("other");
        odd["spec"]["leaseDurationSeconds"] = duration;
        state.observe(odd);
        EXPECT_LE(state.due(), clock.now() + 1h);
        EXPECT_GE(state.due(), clock.now());
    }
}

TEST_F(LeaseTest, IsRenewedByItsHolder) {
    state.observe(lease("me"));
    clock.advance(60s);
    EXPECT_EQ(state.step(), Step::Renew);
    const Json renewed = state.renewed();
    EXPECT_EQ(spec(renewed).at("renewTime"), "2023-11-14T22:14:20.000000Z");
    EXPECT_EQ(spec(renewed).at("acquireTime"), "2026-01-01T00:00:00.000000Z");
    EXPECT_EQ(spec(renewed).at("leaseTransitions"), 3);
}

TEST_F(LeaseTest, CountsEachChangeOfHolder) {
    state.observe(lease(""));
    EXPECT_EQ(spec(state.acquired()).at("leaseTransitions"), 4);
}

TEST_F(LeaseTest, IsWrittenOverTheVersionThatWasRead) {
    state.observe(lease(""));
    EXPECT_EQ(kube::string_at(state.acquired(), {"metadata", "resourceVersion"}), "7");
}

TEST_F(LeaseTest, KeepsWhatIsNotItsOwn) {
    Json extended = lease("");
    extended["spec"]["strategy"] = "OldestEmulationVersion";
    state.observe(extended);
    EXPECT_EQ(spec(state.acquired()).at("strategy"), "OldestEmulationVersion");
    EXPECT_EQ(kube::string_at(state.acquired(), {"metadata", "labels", "team"}), "shop");
}

TEST_F(LeaseTest, AReleasedOneNeedsNoWaiting) {
    state.observe(lease("me"));
    const Json released = state.released();
    LeaseState next{"next", {}, clock};
    next.observe(released);
    EXPECT_EQ(next.step(), Step::Acquire);
    EXPECT_EQ(spec(released).at("holderIdentity"), "");
    EXPECT_EQ(spec(released).at("leaseDurationSeconds"), 1);
}

TEST_F(LeaseTest, OneThatWasDeletedIsTakenAnew) {
    state.observe(lease("other"));
    state.observe({});
    EXPECT_EQ(state.step(), Step::Acquire);
    EXPECT_FALSE(state.acquired().contains("metadata"));
}

TEST(LeaseIdentity, IsNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(runtime::lease_identity());
    EXPECT_EQ(seen.size(), 100U);
    EXPECT_THAT(*seen.begin(), testing::MatchesRegex(".+_[0-9a-f]+"));
}

}  // namespace
