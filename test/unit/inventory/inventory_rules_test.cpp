// What may become of a reservation, and that stock is only ever moved.
#include "inventory/inventory_rules.h"

#include <gmock/gmock.h>

#include <random>

namespace inventory {
namespace {

using Kind = Verdict::Kind;

struct Row {
    State from;
    Action action;
    Kind kind;
    State to;
    Shift shift;
};

TEST(Reservation, GoesThroughItsStatesByThisTable) {
    constexpr Shift kNone{};
    const Row table[] = {
        {State::Reserved, Action::Confirm, Kind::Apply, State::Confirmed, {-1, -1, 1}},
        {State::Reserved, Action::Release, Kind::Apply, State::Released, {0, -1, 0}},
        {State::Reserved, Action::Expire, Kind::Apply, State::Expired, {0, -1, 0}},
        {State::Confirmed, Action::Confirm, Kind::Same, State::Confirmed, kNone},
        {State::Confirmed, Action::Release, Kind::Apply, State::Released, {1, 0, -1}},
        {State::Confirmed, Action::Expire, Kind::Same, State::Confirmed, kNone},
        {State::Released, Action::Confirm, Kind::Refuse, State::Released, kNone},
        {State::Released, Action::Release, Kind::Same, State::Released, kNone},
        {State::Released, Action::Expire, Kind::Same, State::Released, kNone},
        {State::Expired, Action::Confirm, Kind::Refuse, State::Expired, kNone},
        {State::Expired, Action::Release, Kind::Apply, State::Released, kNone},
        {State::Expired, Action::Expire, Kind::Same, State::Expired, kNone},
    };
    ASSERT_EQ(std::size(table), std::size(kStates) * std::size(kActions));
    for (const Row& row : table) {
        SCOPED_TRACE(std::string(to_string(row.from)) + ", action " + std::to_string(static_cast<int>(row.action)));
        const Verdict verdict = decide(row.from, row.action);
        EXPECT_EQ(verdict.kind, row.kind);
        EXPECT_EQ(verdict.state, row.to);
        EXPECT_EQ(verdict.shift, row.shift);
        EXPECT_EQ(verdict.why.empty(), row.kind != Kind::Refuse);
    }
}

TEST(Reservation, AnyWalkMovesUnitsAndMakesOrLosesNone) {
    constexpr unsigned kSeed = 20260102;
    std::mt19937 random(kSeed);
    for (int walk = 0; walk < 500; ++walk) {
        State state = State::Reserved;
        int on_hand = 10, reserved = 3, sold = 0;
        for (int step = 0; step < 12; ++step) {
            const Verdict verdict = decide(state, kActions[random() % std::size(kActions)]);
            state = verdict.state;
            on_hand += 3 * verdict.shift.on_hand;
            reserved += 3 * verdict.shift.reserved;
            sold += 3 * verdict.shift.sold;
            ASSERT_EQ(on_hand + sold, 10);
            ASSERT_EQ(reserved, state == State::Reserved ? 3 : 0);
            ASSERT_EQ(sold, state == State::Confirmed ? 3 : 0);
        }
    }
}

TEST(Reservation, ThatIsGoneIsNotMadeAgain) {
    EXPECT_FALSE(refusal_of_repetition(State::Reserved));
    EXPECT_FALSE(refusal_of_repetition(State::Confirmed));
    EXPECT_TRUE(refusal_of_repetition(State::Released));
    EXPECT_TRUE(refusal_of_repetition(State::Expired));
}

TEST(Reservation, StateHasANameThatIsReadBack) {
    for (const State state : kStates) EXPECT_EQ(state_from(to_string(state)), state);
    EXPECT_THROW(state_from("LOST"), std::invalid_argument);
}

TEST(Lines, AreOrderedBySkuAsBytes) {
    EXPECT_EQ(in_order({{"b", 1}, {"B", 2}, {"a-1", 3}, {"a", 4}}),
              (std::vector<Line>{{"B", 2}, {"a", 4}, {"a-1", 3}, {"b", 1}}));
}

TEST(Lines, OfSeveralReservationsAddUp) {
    EXPECT_EQ(added_up({{"b", 1}, {"a", 2}, {"b", 3}}), (std::vector<Line>{{"a", 2}, {"b", 4}}));
    EXPECT_TRUE(added_up({}).empty());
}

TEST(Sku, IsAWord) {
    EXPECT_TRUE(is_sku("COFFEE-1_a.b"));
    EXPECT_TRUE(is_sku(std::string(64, 'x')));
    for (const char* wrong : {"", ".", "..", "a b", "a/b", "ä", "a'", "a\n"}) EXPECT_FALSE(is_sku(wrong)) << wrong;
    EXPECT_FALSE(is_sku(std::string(65, 'x')));
}

}  // namespace
}  // namespace inventory
