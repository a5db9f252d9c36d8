// The payment's state machine and its bookkeeping.
#include "payment/payment_rules.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace payment {

namespace {

constexpr std::size_t kLongestToken = 255;
constexpr std::size_t kShortestCard = 12;  // Digits of a card number, ISO/IEC 7812: 12 to 19 are in use.
constexpr std::size_t kLongestCard = 19;

constexpr std::array kStateNames = {"NONE", "PENDING", "AUTHORIZED", "DECLINED", "CAPTURED", "VOIDED", "REFUNDED"};
constexpr std::array kOperationNames = {"authorize", "capture", "void", "refund"};
constexpr std::array kCommandNames = {"authorize", "capture", "void", "refund", "cancel", "settle"};
constexpr std::array kAccountNames = {"customer_receivable", "authorized_holds", "provider_clearing", "revenue", "refunds"};

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest sha256(std::string_view text) {
    Digest digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return digest;
}

std::string hex(const unsigned char* bytes, std::size_t count) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += kDigits[bytes[i] >> 4U];
        text += kDigits[bytes[i] & 15U];
    }
    return text;
}

Step start(Operation operation) {
    return {Step::Kind::Start, operation};
}

Step refuse(std::string_view why) {
    return {Step::Kind::Refuse, Operation::Authorize, why};
}

constexpr Step kDone{};
constexpr Step kMissing{Step::Kind::Missing};
constexpr Step kBury{Step::Kind::Bury};

Step authorize(State state) {
    switch (state) {
        case State::None:
            return start(Operation::Authorize);
        case State::Voided:
            return refuse("the payment was voided");
        case State::Refunded:
            return refuse("the payment was refunded");
        case State::Pending:
        case State::Authorized:
        case State::Declined:
        case State::Captured:
            return kDone;
    }
    throw std::logic_error("no such state");
}

Step capture(State state) {
    switch (state) {
        case State::None:
            return kMissing;
        case State::Authorized:
            return start(Operation::Capture);
        case State::Captured:
            return kDone;
        case State::Declined:
            return refuse("the payment was declined");
        case State::Voided:
            return refuse("the payment was voided");
        case State::Refunded:
            return refuse("the payment was refunded");
        case State::Pending:
            break;
    }
    throw std::logic_error("a payment that is pending without an operation");
}

Step void_(State state) {
    switch (state) {
        case State::None:
            return kBury;
        case State::Authorized:
            return start(Operation::Void);
        case State::Declined:  // Nothing is held, and nothing ever will be.
        case State::Voided:
            return kDone;
        case State::Captured:
            return refuse("the payment was captured: refund it");
        case State::Refunded:
            return refuse("the payment was captured, and refunded");
        case State::Pending:
            break;
    }
    throw std::logic_error("a payment that is pending without an operation");
}

Step refund(State state) {
    switch (state) {
        case State::None:
            return kMissing;
        case State::Captured:
            return start(Operation::Refund);
        case State::Refunded:
            return kDone;
        case State::Authorized:
            return refuse("the payment was not captured: void it");
        case State::Declined:
            return refuse("the payment was declined");
        case State::Voided:
            return refuse("the payment was voided");
        case State::Pending:
            break;
    }
    throw std::logic_error("a payment that is pending without an operation");
}

template <class Enum, std::size_t N>
Enum value_from(const std::array<const char*, N>& names, std::string_view name, const char* what) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw std::invalid_argument(std::string("no such ") + what + ": " + std::string(name));
    return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view to_string(State state) {
    return kStateNames.at(static_cast<std::size_t>(state));
}

std::string_view to_string(Operation operation) {
    return kOperationNames.at(static_cast<std::size_t>(operation));
}

std::string_view to_string(Command command) {
    return kCommandNames.at(static_cast<std::size_t>(command));
}

std::string_view to_string(Account account) {
    return kAccountNames.at(static_cast<std::size_t>(account));
}

State state_from(std::string_view name) {
    return value_from<State>(kStateNames, name, "state");
}

Operation operation_from(std::string_view name) {
    return value_from<Operation>(kOperationNames, name, "operation");
}

Step next_step(const Situation& situation, Command command) {
    if (situation.pending) {
        // A repeated authorisation was answered before the other operation began, and its answer stands.
        const bool answered = command == Command::Authorize && *situation.pending == Operation::Capture && !situation.cancelled;
        return answered ? kDone : Step{Step::Kind::Finish, *situation.pending};
    }
    const bool takes = command == Command::Capture && situation.state == State::Authorized;
    const bool keeps = command == Command::Authorize && situation.state != State::Declined;
    if (situation.cancelled && (takes || keeps)) return refuse("the order was cancelled");
    switch (command) {
        case Command::Authorize:
            return authorize(situation.state);
        case Command::Capture:
            return capture(situation.state);
        case Command::Void:
            return void_(situation.state);
        case Command::Refund:
            return refund(situation.state);
        case Command::Cancel:
            if (situation.state == State::Captured) return start(Operation::Refund);
            return situation.state == State::Refunded ? kDone : void_(situation.state);
        case Command::Settle:
            return kDone;
    }
    throw std::logic_error("no such command");
}

Effect effect_of(Operation operation, std::int64_t amount) {
    switch (operation) {
        case Operation::Authorize:
            return {State::Authorized, {{Account::CustomerReceivable, amount}, {Account::AuthorizedHolds, -amount}}, ""};
        case Operation::Void:
            return {State::Voided, {{Account::CustomerReceivable, -amount}, {Account::AuthorizedHolds, amount}}, ""};
        case Operation::Capture:
            return {State::Captured,
                    {{Account::CustomerReceivable, -amount},
                     {Account::AuthorizedHolds, amount},
                     {Account::ProviderClearing, amount},
                     {Account::Revenue, -amount}},
                    "payment.captured"};
        case Operation::Refund:
            return {State::Refunded, {{Account::ProviderClearing, -amount}, {Account::Refunds, amount}}, "payment.refunded"};
    }
    throw std::logic_error("no such operation");
}

std::string provider_key(std::string_view payment, Operation operation) {
    return std::string(payment) + "." + std::string(to_string(operation));
}

std::string event_id(std::string_view payment, std::string_view event) {
    Digest digest = sha256(std::string(payment) + "." + std::string(event));
    digest[6] = static_cast<unsigned char>((digest[6] & 0x0FU) | 0x80U);  // Version 8, RFC 9562.
    digest[8] = static_cast<unsigned char>((digest[8] & 0x3FU) | 0x80U);
    const std::string text = hex(digest.data(), 16);
    return text.substr(0, 8) + "-" + text.substr(8, 4) + "-" + text.substr(12, 4) + "-" + text.substr(16, 4) + "-" +
           text.substr(20);
}

std::optional<Outcome> outcome_by_books(Operation operation, std::string_view status, std::string_view provider_id) {
    const Outcome done{Outcome::Kind::Done, std::string(provider_id)};
    switch (operation) {
        case Operation::Authorize:
            if (status == "declined") return Outcome{Outcome::Kind::Declined, std::string(provider_id), "declined"};
            return done;  // Whatever came after it.
        case Operation::Capture:
            if (status == "captured" || status == "refunded") return done;
            break;
        case Operation::Void:
            if (status == "voided") return done;
            break;
        case Operation::Refund:
            if (status == "refunded") return done;
            break;
    }
    return std::nullopt;
}

std::string digest_of(std::string_view key, const Order& order) {
    // The key goes first, so that equal tokens have digests that differ.
    const nlohmann::json all = {key, order.id, order.user, order.amount, order.currency, order.token};
    const Digest digest = sha256(all.dump());
    return hex(digest.data(), digest.size());
}

bool is_currency(std::string_view text) {
    return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_token(std::string_view text) {
    if (text.empty() || text.size() > kLongestToken) return false;
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; })) return false;
    const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
    const auto count = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c != '-'; }));
    return !digits || count < kShortestCard || count > kLongestCard;
}

}  // namespace payment
