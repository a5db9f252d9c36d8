// What the provider knows: authorisations, the answers it has given, and a ledger by double entry. Pure: records in, answers out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

inline constexpr std::string_view kDeclinedToken = "tok_declined";

struct Authorization {
    std::string id;
    std::string status;  // "authorized", "declined", "captured", "voided", "refunded"
    std::int64_t amount = 0;
    std::string currency;
    std::string reference;
};

// Something that took effect; what the journal keeps. The books are the sum of their records.
struct Record {
    std::string operation;  // "authorize", "capture", "void", "refund"
    std::string key;        // The client's idempotency key.
    std::string digest;     // Of operation and payload: what the key was used for.
    std::string time;       // RFC 3339
    Authorization outcome;  // As it was after the operation: the answer.
    bool created() const { return operation == "authorize"; }
};

nlohmann::json json_of(const Authorization& authorization);
nlohmann::json json_of(const Record& record);
Record record_from(const nlohmann::json& value);  // Throws nlohmann::json::exception.

// One side of a transaction. Those of a transaction add up to zero; what is positive is owed to the account.
struct Entry {
    std::int64_t number = 0;  // 1, 2, 3 …
    std::string authorization;
    std::string reference;
    std::string operation;
    std::string account;  // "cards": of customers, "holds": set aside, "merchant": to be paid out.
    std::int64_t amount = 0;
    std::string currency;
    std::string time;
};

enum class Verdict {
    Act,       // A new record, to be applied and kept.
    Repeat,    // The key has been answered: the same again.
    OtherUse,  // The key was used for something else.
    Unknown,   // There is no such authorisation.
    Conflict,  // It is in a state that does not allow this.
};

struct Decision {
    Verdict verdict = Verdict::Act;
    Record record;  // Of Act and Repeat; of Conflict its outcome says how the authorisation stands.
};

class Books {
public:
    using Totals = std::map<std::pair<std::string, std::string>, std::int64_t>;  // By account and currency.

    // `wanted` has everything but its outcome's status.
    Decision authorize(Record wanted, std::string_view token) const;
    // `wanted` has everything but its outcome, of which only the id counts.
    Decision change(Record wanted) const;

    // In the order in which they happened.
    void apply(const Record& record);

    const Authorization* find(const std::string& id) const;
    std::vector<Authorization> by_reference(const std::string& reference) const;
    const std::deque<Entry>& entries() const { return entries_; }
    const Totals& totals() const { return totals_; }
    bool balanced() const;

private:
    const Record* answered(const std::string& key) const;
    void move(const Record& record, std::string_view from, std::string_view to);

    std::map<std::string, Authorization> authorizations_;
    std::multimap<std::string, std::string> by_reference_;  // Ids.
    std::map<std::string, Record> answers_;                 // By idempotency key.
    std::deque<Entry> entries_;
    Totals totals_;
};

}  // namespace simulator
