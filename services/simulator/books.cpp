// Decides and remembers what the provider did.
#include "simulator/books.h"

#include <array>

namespace simulator {

namespace {

using nlohmann::json;

// What an operation makes of an authorisation, and which accounts it moves its amount between.
struct Move {
    std::string_view operation, before, after, from, to;
};
constexpr std::array kMoves = {
    Move{"authorize", "", "authorized", "cards", "holds"},
    Move{"capture", "authorized", "captured", "holds", "merchant"},
    Move{"void", "authorized", "voided", "holds", "cards"},
    Move{"refund", "captured", "refunded", "merchant", "cards"},
};

const Move& move_of(std::string_view operation) {
    for (const Move& move : kMoves) {
        if (move.operation == operation) return move;
    }
    throw std::invalid_argument("no such operation: " + std::string(operation));
}

}  // namespace

json json_of(const Authorization& authorization) {
    return {{"id", authorization.id},
            {"status", authorization.status},
            {"amount", authorization.amount},
            {"currency", authorization.currency},
            {"reference", authorization.reference}};
}

json json_of(const Record& record) {
    return {{"operation", record.operation},
            {"key", record.key},
            {"digest", record.digest},
            {"time", record.time},
            {"outcome", json_of(record.outcome)}};
}

Record record_from(const json& value) {
    const json& outcome = value.at("outcome");
    return {value.at("operation"),
            value.at("key"),
            value.at("digest"),
            value.at("time"),
            {outcome.at("id"), outcome.at("status"), outcome.at("amount"), outcome.at("currency"), outcome.at("reference")}};
}

Decision Books::authorize(Record wanted, std::string_view token) const {
    if (const Record* before = answered(wanted.key)) {
        return {before->digest == wanted.digest ? Verdict::Repeat : Verdict::OtherUse, *before};
    }
    wanted.outcome.status = token == kDeclinedToken ? "declined" : "authorized";
    return {Verdict::Act, std::move(wanted)};
}

Decision Books::change(Record wanted) const {
    if (const Record* before = answered(wanted.key)) {
        return {before->digest == wanted.digest ? Verdict::Repeat : Verdict::OtherUse, *before};
    }
    const Authorization* current = find(wanted.outcome.id);
    if (current == nullptr) return {Verdict::Unknown, std::move(wanted)};
    wanted.outcome = *current;
    const Move& move = move_of(wanted.operation);
    if (current->status != move.before) return {Verdict::Conflict, std::move(wanted)};
    wanted.outcome.status = move.after;
    return {Verdict::Act, std::move(wanted)};
}

void Books::apply(const Record& record) {
    const Move& made = move_of(record.operation);
    if (record.created()) by_reference_.emplace(record.outcome.reference, record.outcome.id);
    authorizations_[record.outcome.id] = record.outcome;
    answers_.emplace(record.key, record);
    if (record.outcome.status == made.after) move(record, made.from, made.to);
}

void Books::move(const Record& record, std::string_view from, std::string_view to) {
    const Authorization& of = record.outcome;
    for (const auto& [account, amount] : {std::pair{from, -of.amount}, std::pair{to, of.amount}}) {
        entries_.push_back({static_cast<std::int64_t>(entries_.size()) + 1, of.id, of.reference, record.operation,
                            std::string(account), amount, of.currency, record.time});
        totals_[{std::string(account), of.currency}] += amount;
    }
}

const Authorization* Books::find(const std::string& id) const {
    const auto found = authorizations_.find(id);
    return found == authorizations_.end() ? nullptr : &found->second;
}

std::vector<Authorization> Books::by_reference(const std::string& reference) const {
    std::vector<Authorization> found;
    const auto [from, to] = by_reference_.equal_range(reference);
    for (auto each = from; each != to; ++each) found.push_back(authorizations_.at(each->second));
    return found;
}

bool Books::balanced() const {
    std::map<std::string, std::int64_t> sums;
    for (const auto& [account, amount] : totals_) sums[account.second] += amount;
    for (const auto& [currency, sum] : sums) {
        if (sum != 0) return false;
    }
    return true;
}

const Record* Books::answered(const std::string& key) const {
    const auto found = answers_.find(key);
    return found == answers_.end() ? nullptr : &found->second;
}

}  // namespace simulator
