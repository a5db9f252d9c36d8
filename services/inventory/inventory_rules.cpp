// The table of a reservation's states, and orderings.
#include "inventory/inventory_rules.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace inventory {

namespace {

constexpr std::size_t kLongestSku = 64;

constexpr Shift kConfirm{-1, -1, 1};
constexpr Shift kUnreserve{0, -1, 0};
constexpr Shift kTakeBack{1, 0, -1};

Verdict apply(State state, Shift shift) {
    return {Verdict::Kind::Apply, state, shift, {}};
}

Verdict same(State state) {
    return {Verdict::Kind::Same, state, {}, {}};
}

Verdict refuse(State state, std::string_view why) {
    return {Verdict::Kind::Refuse, state, {}, why};
}

Verdict confirm(State state) {
    switch (state) {
        case State::Reserved:
            return apply(State::Confirmed, kConfirm);
        case State::Confirmed:
            return same(state);
        case State::Released:
            return refuse(state, "The reservation was released.");
        case State::Expired:
            return refuse(state, "The reservation has expired.");
    }
    throw std::logic_error("no such state");
}

Verdict release(State state) {
    switch (state) {
        case State::Reserved:
            return apply(State::Released, kUnreserve);
        case State::Confirmed:
            return apply(State::Released, kTakeBack);
        case State::Released:
            return same(state);
        case State::Expired:
            return apply(State::Released, {});
    }
    throw std::logic_error("no such state");
}

}  // namespace

std::string_view to_string(State state) {
    switch (state) {
        case State::Reserved:
            return "RESERVED";
        case State::Confirmed:
            return "CONFIRMED";
        case State::Released:
            return "RELEASED";
        case State::Expired:
            return "EXPIRED";
    }
    throw std::logic_error("no such state");
}

State state_from(std::string_view name) {
    for (const State state : kStates) {
        if (to_string(state) == name) return state;
    }
    throw std::invalid_argument("no such state of a reservation: " + std::string(name));
}

Verdict decide(State state, Action action) {
    switch (action) {
        case Action::Confirm:
            return confirm(state);
        case Action::Release:
            return release(state);
        case Action::Expire:
            return state == State::Reserved ? apply(State::Expired, kUnreserve) : same(state);
    }
    throw std::logic_error("no such action");
}

std::optional<std::string_view> refusal_of_repetition(State state) {
    if (state == State::Released) return "The order's reservation was released, so it can't reserve any more.";
    if (state == State::Expired) return "The order's reservation has expired.";
    return std::nullopt;
}

std::vector<Line> in_order(std::vector<Line> lines) {
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.sku < b.sku; });
    return lines;
}

std::vector<Line> added_up(const std::vector<Line>& lines) {
    std::map<std::string, std::int64_t> sums;
    for (const Line& line : lines) sums[line.sku] += line.quantity;
    std::vector<Line> result;
    result.reserve(sums.size());
    for (const auto& [sku, quantity] : sums) result.push_back({sku, quantity});
    return result;
}

bool is_sku(std::string_view text) {
    if (text == "." || text == "..") return false;  // No path leads there.
    return !text.empty() && text.size() <= kLongestSku && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

}  // namespace inventory
