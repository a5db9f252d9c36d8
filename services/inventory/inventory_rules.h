// What may become of a reservation, and how stock moves with it. Pure.
//
// Every unit that was ever put in is in one place: on hand and free, on hand and reserved, or sold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inventory {

inline constexpr std::int64_t kMostOnHand = 1'000'000'000;
inline constexpr std::int64_t kMostOfALine = 1'000'000;
inline constexpr std::size_t kMostLines = 100;
inline constexpr std::int64_t kLongestTtl = 3'600;  // Seconds.

struct Line {
    std::string sku;
    std::int64_t quantity = 0;

    friend bool operator==(const Line&, const Line&) = default;
};

enum class State {
    Reserved,
    Confirmed,
    Released,  // Also of an order that never reserved: it can't reserve any more.
    Expired,
};
inline constexpr State kStates[] = {State::Reserved, State::Confirmed, State::Released, State::Expired};

enum class Action { Confirm, Release, Expire };
inline constexpr Action kActions[] = {Action::Confirm, Action::Release, Action::Expire};

std::string_view to_string(State state);  // "RESERVED"
State state_from(std::string_view name);  // Throws std::invalid_argument.

// For each unit of a line, how the counts of its SKU move. What is available is on_hand - reserved.
struct Shift {
    int on_hand = 0;
    int reserved = 0;
    int sold = 0;

    int available() const { return on_hand - reserved; }
    friend bool operator==(const Shift&, const Shift&) = default;
};
inline constexpr Shift kReserve{0, 1, 0};

struct Verdict {
    enum class Kind { Apply, Same, Refuse };
    Kind kind = Kind::Same;
    State state = State::Released;  // Afterwards.
    Shift shift = {};
    std::string_view why = {};  // Of a refusal, for the client.
};

Verdict decide(State state, Action action);

// Nothing, or why an order that has a reservation in `state` gets none by the same request: a reservation that is gone stays
// gone.
std::optional<std::string_view> refusal_of_repetition(State state);

// In the order in which their stock is locked, which is everybody's: so no two transactions ever wait for each other.
std::vector<Line> in_order(std::vector<Line> lines);

// The sums by SKU, in that order.
std::vector<Line> added_up(const std::vector<Line>& lines);

bool is_sku(std::string_view text);  // 1 to 64 of A-Z a-z 0-9 . _ -, but not . or ..

}  // namespace inventory
