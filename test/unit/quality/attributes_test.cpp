// What promises say together of an attribute, and where the status has them.
#include "api/attributes.h"

#include "quality/verdict.h"
#include "unit/quality/kept_shop.h"

namespace quality {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST_F(PromisesTest, AreAllKeptButBackupsAndWhatIsNotMeasured) {
    for (const Promise& each : promises({platform, seen})) {
        const Held other = each.name == "Objectives" || each.name == "Tracing" ? Held::Unknown : Held::True;
        const bool of_backups = each.attribute == api::kRecoverable;
        EXPECT_EQ(each.found.held, of_backups ? Held::False : other) << each.name << ": " << each.found.evidence;
        EXPECT_EQ(each.found.cure.empty(), each.found.held == Held::True) << each.name;
        EXPECT_THAT(each.found.evidence, Not(IsEmpty()));
    }
    EXPECT_EQ(kept_of_all(attributes(promises({platform, seen}))), "5/8");
}

TEST_F(PromisesTest, AreNeverTrueOfWhatWasNotObserved) {
    seen = {};
    for (const Promise& each : promises({platform, seen})) {
        // What the spec alone decides is known: sizes of pools, and that there is no backup.
        if (each.name == "Connections" || each.name == "Backup") continue;
        EXPECT_NE(each.found.held, Held::True) << each.name;
    }
    EXPECT_EQ(condition("Reliable").status, "False");  // There is no budget.
    EXPECT_EQ(condition("Secure").status, "Unknown");
    EXPECT_EQ(condition("CostEfficient").status, "Unknown");
    EXPECT_EQ(condition("Observable").status, "Unknown");
}

TEST_F(PromisesTest, MakeAnAttributeAsGoodAsTheWorstOfThem) {
    EXPECT_EQ(condition("Reliable").status, "True");
    EXPECT_EQ(condition("Reliable").reason, "PromisesKept");
    EXPECT_EQ(condition("Reliable").message, "Kept: ZoneSpread, DisruptionBudget, Redundancy.");
    seen.budgets["user"].judged = false;
    EXPECT_EQ(condition("Reliable").status, "Unknown");
    EXPECT_EQ(condition("Reliable").reason, "DisruptionBudget");
    move("order", {"a", "a", "a"});
    EXPECT_EQ(condition("Reliable").status, "False");
    EXPECT_EQ(condition("Reliable").reason, "ZoneSpread");
    EXPECT_THAT(condition("Reliable").message, HasSubstr("order: all replicas run in zone a. Have nodes"));
}

TEST_F(PromisesTest, ThatAreHurtInOneWayAreToldOnceAndManyAreCounted) {
    move("user", {"a", "a", "a"});
    move("catalog", {"a", "a", "a"});
    EXPECT_THAT(condition("Reliable").message, StartsWith("user, catalog: all replicas run in zone a. Have nodes"));
    move("order", {"b", "b", "b"});
    move("payment", {"c", "c", "c"});
    move("redis", {"a", "a", "b"});
    seen.budgets.erase("gateway");
    EXPECT_THAT(condition("Reliable").message,
                AllOf(HasSubstr("payment: "), Not(HasSubstr("redis: ")), HasSubstr("And 2 more, which status.promises lists.")));
}

TEST_F(PromisesTest, ThatNobodyMadeLeaveAnAttributeUnknown) {
    for (auto& [key, settings] : platform.spec.services) settings.autoscaling = false;
    EXPECT_EQ(condition("Scalable").status, "Unknown");
    EXPECT_EQ(condition("Scalable").reason, "NothingPromised");
}

TEST_F(PromisesTest, DoNotEnterIntoReady) {
    seen.pods.reset();
    seen.pod_security = "";
    const Verdict verdict = assess(platform, seen);
    EXPECT_EQ(verdict.conditions.front().type, "Ready");
    EXPECT_EQ(verdict.conditions.front().status, "True");
    EXPECT_EQ(verdict.attributes, "1/8");
}

TEST_F(PromisesTest, AreInTheStatus) {
    const kube::Json status = status_json(assess(platform, seen), 7, nullptr, "2026-01-01T00:00:00Z");
    EXPECT_EQ(status.at("attributes"), "5/8");
    EXPECT_EQ(status.at("conditions").size(), 11U);
    EXPECT_EQ(status.at("promises").at(0), (kube::Json{{"attribute", "Performant"},
                                                       {"name", "Connections"},
                                                       {"component", "postgres"},
                                                       {"status", "True"},
                                                       {"evidence", find("Connections", "postgres").evidence}}));
    EXPECT_EQ(condition_of(status, "Recoverable").at("reason"), "Backup");
}

TEST_F(PromisesTest, AreTheSameWhileLoadMoves) {
    const kube::Json before = status_json(assess(platform, seen), 7, nullptr, "2026-01-01T00:00:00Z");
    add("catalog", 5);
    EXPECT_EQ(status_json(assess(platform, seen), 7, nullptr, "2026-01-01T00:00:00Z").at("promises"), before.at("promises"));
}

TEST(Attributes, AreUnknownFromFirstSight) {
    api::Platform platform;
    const std::vector<Verdict> verdicts{first_sight(platform), rejected("InvalidSpec", {{"spec.a", "is wrong"}})};
    for (const Verdict& verdict : verdicts) {
        EXPECT_EQ(verdict.attributes, "0/8");
        const kube::Json status = status_json(verdict, 1, nullptr, "2026-01-01T00:00:00Z");
        for (const std::string_view type : api::kAttributes) {
            EXPECT_EQ(condition_of(status, type).at("status"), "Unknown") << type;
        }
        EXPECT_FALSE(status.contains("promises"));
    }
}

}  // namespace
}  // namespace quality
