#include "common/service/health.h"

#include <gmock/gmock.h>

#include <atomic>

namespace service {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Looks at a state until it is as wished.
Health::State await(const Health& health, const std::function<bool(const Health::State&)>& wish) {
    Health::State state = health.state();
    for (int i = 0; i < 5'000 && !wish(state); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
        state = health.state();
    }
    return state;
}

class HealthTest : public testing::Test {
protected:
    std::atomic<bool> database_up{true};
    std::atomic<bool> cache_up{true};
    Health health{{{"database", [this] { return database_up ? std::nullopt : std::optional<std::string>("away"); }}},
                  {{"cache", [this] { return cache_up ? std::nullopt : std::optional<std::string>("away"); }}},
                  [] {},
                  base::Duration{1}};
};

TEST_F(HealthTest, IsNotReadyBeforeTheFirstLook) {
    EXPECT_FALSE(health.state().ready);
    EXPECT_FALSE(health.state().started);
}

TEST_F(HealthTest, IsReadyWhenEverythingRequiredIs) {
    cache_up = false;
    health.start();
    const Health::State state = await(health, [](const auto& seen) { return seen.ready; });
    EXPECT_TRUE(state.ready);
    EXPECT_THAT(state.problems, ElementsAre("degraded, cache: away"));
}

TEST_F(HealthTest, StaysStartedWhenTheDatabaseGoes) {
    health.start();
    await(health, [](const auto& seen) { return seen.ready; });
    database_up = false;
    const Health::State state = await(health, [](const auto& seen) { return !seen.ready; });
    EXPECT_FALSE(state.ready);
    EXPECT_TRUE(state.started);
    EXPECT_THAT(state.problems, ElementsAre("database: away"));
    database_up = true;
    EXPECT_TRUE(await(health, [](const auto& seen) { return seen.ready; }).ready);
}

TEST_F(HealthTest, IsNotReadyOnceItDrains) {
    health.start();
    EXPECT_THAT(await(health, [](const auto& seen) { return seen.ready; }).problems, IsEmpty());
    health.drain();
    EXPECT_FALSE(health.state().ready);
    EXPECT_THAT(health.state().problems, ElementsAre("shutting down"));
}

}  // namespace
}  // namespace service
