// What may be done with a payment, what is to be asked of the provider for it, and what the answer changes. Pure.
//
// A payment is changed in two steps: the intent to ask the provider is written down, then what came of it. Between them the
// operation is pending: nobody knows yet whether it took effect, and nothing else may be done before that is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace payment {

inline constexpr std::int64_t kMostMoney = 999'999'999'999;  // Minor units; a total of millions of them stays within 64 bits.

enum class State {
    None,     // There is no such payment.
    Pending,  // Not known yet whether it is authorised.
    Authorized,
    Declined,
    Captured,
    Voided,  // Also of one that never was: it must not be authorised any more.
    Refunded,
};
inline constexpr State kStates[] = {State::None,     State::Pending, State::Authorized, State::Declined,
                                    State::Captured, State::Voided,  State::Refunded};

// What the provider does.
enum class Operation { Authorize, Capture, Void, Refund };
inline constexpr Operation kOperations[] = {Operation::Authorize, Operation::Capture, Operation::Void, Operation::Refund};

// What is wanted of a payment. Cancel voids or refunds, whatever it takes; Settle only finds out what is pending.
enum class Command { Authorize, Capture, Void, Refund, Cancel, Settle };
inline constexpr Command kCommands[] = {Command::Authorize, Command::Capture, Command::Void,
                                        Command::Refund,    Command::Cancel,  Command::Settle};

std::string_view to_string(State state);          // "AUTHORIZED"
std::string_view to_string(Operation operation);  // "authorize"
std::string_view to_string(Command command);      // "authorize"
State state_from(std::string_view name);          // Throws std::invalid_argument.
Operation operation_from(std::string_view name);  // Throws std::invalid_argument.

struct Situation {
    State state = State::None;
    std::optional<Operation> pending = {};
    bool cancelled = false;  // The order was: what was paid goes back, and nothing further is taken.
};

// The next step towards what is wanted.
struct Step {
    enum class Kind {
        Done,     // It is as wanted: answer with the payment.
        Start,    // Write down the intent, then ask the provider for `operation`.
        Finish,   // Ask the provider again for the pending `operation`, then decide anew.
        Bury,     // Note the payment as voided though it never was, so that it can't be authorised later.
        Refuse,   // It can't be done any more; `why` for the client.
        Missing,  // There is no such payment.
    };
    Kind kind = Kind::Done;
    Operation operation = Operation::Authorize;
    std::string_view why = {};
};

Step next_step(const Situation& situation, Command command);

// What the provider said.
struct Outcome {
    enum class Kind {
        Done,
        Declined,  // Of Authorize only.
        Refused,   // It is certain that it did not take effect, and won't.
        Unknown,   // It may have taken effect or not, or may still do so.
    };
    Kind kind = Kind::Unknown;
    std::string provider_id = {};  // Of an authorisation.
    std::string reason = {};       // In words that may be shown to the caller.
};

// Where an account grows by what it says; the entries of a transaction add up to zero.
enum class Account {
    CustomerReceivable,  // What customers have promised by authorised holds.
    AuthorizedHolds,     // The other side of it.
    ProviderClearing,    // What the provider owes us for captures, less refunds.
    Revenue,             // Captured; negative, as income is by double entry.
    Refunds,             // Given back.
};
std::string_view to_string(Account account);  // "customer_receivable"

struct Entry {
    Account account;
    std::int64_t amount;
};

// What an operation that took effect changes.
struct Effect {
    State state;
    std::vector<Entry> entries;
    std::string_view event;  // Empty: none.
};

Effect effect_of(Operation operation, std::int64_t amount);

// The same for a repetition, also of another process: the provider takes both for one request.
std::string provider_key(std::string_view payment, Operation operation);

// An event's id is a function of what happened, a UUID of version 8: told again it is the same event.
std::string event_id(std::string_view payment, std::string_view event);

// What the provider's books say of a pending operation, by the status of its authorisation there: its outcome, or nothing where
// it has not taken effect (yet).
std::optional<Outcome> outcome_by_books(Operation operation, std::string_view status, std::string_view provider_id);

struct Order {
    std::string id;  // The payment's too.
    std::string user;
    std::int64_t amount = 0;
    std::string currency;
    std::string token;
};

// Tells whether a repeated key stands for the same request, without keeping its token. Hex.
std::string digest_of(std::string_view key, const Order& order);

bool is_currency(std::string_view text);
bool is_token(std::string_view text);  // Printable ASCII without blanks, up to 255, and no card number.

}  // namespace payment
