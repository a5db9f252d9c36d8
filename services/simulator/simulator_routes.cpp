// Reads requests, acts on the books, keeps what happened, and answers, or not, as the faults have it.
#include "simulator/simulator_routes.h"

#include <openssl/sha.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <thread>
#include <utility>

#include "common/http/input.h"

namespace simulator {

namespace {

using nlohmann::json;

constexpr std::int64_t kMostMoney = 999'999'999'999;  // Minor units; a total of millions of them stays within 64 bits.
constexpr std::int64_t kMostEntries = 10'000;         // In one answer.

std::string sha256(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> bytes{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data());
    std::string hex;
    for (const unsigned char byte : bytes) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        hex += kDigits[byte >> 4U];
        hex += kDigits[byte & 15U];
    }
    return hex;
}

bool is_currency(std::string_view text) {
    return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// The characters of a word in a path, as the router has them.
bool is_word(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

double share(http::Input& input, std::string_view field) {
    const json value = input.any(field);
    if (value.is_number() && value.get<double>() >= 0 && value.get<double>() <= 1) return value.get<double>();
    if (input.has(field)) input.wrong(field, "must be a number from 0 to 1");
    return 0;
}

json json_of(const FaultShares& shares) {
    return {{"slow_share", shares.slow},
            {"slow_ms", shares.slow_by.count()},
            {"error_after_share", shares.error_after},
            {"lost_share", shares.lost},
            {"seed", shares.seed}};
}

json json_of(const Entry& entry) {
    return {{"number", entry.number},       {"authorization_id", entry.authorization},
            {"reference", entry.reference}, {"operation", entry.operation},
            {"account", entry.account},     {"amount", entry.amount},
            {"currency", entry.currency},   {"time", entry.time}};
}

json json_of(const Books::Totals& totals) {
    json list = json::array();
    for (const auto& [account, amount] : totals) {
        list.push_back({{"account", account.first}, {"currency", account.second}, {"amount", amount}});
    }
    return list;
}

std::string_view outcome_name(const Decision& decision) {
    switch (decision.verdict) {
        case Verdict::Act:
            return decision.record.outcome.status;
        case Verdict::Repeat:
            return "repeated";
        case Verdict::OtherUse:
        case Verdict::Unknown:
        case Verdict::Conflict:
            return "refused";
    }
    return "refused";
}

}  // namespace

Routes::Routes(const std::string& journal, base::Log log, prometheus::Registry& registry)
    : log_(std::move(log)),
      operations_(prometheus::BuildCounter()
                      .Name("provider_operations_total")
                      .Help("Requests to the provider by operation and what came of them")
                      .Register(registry)),
      journal_(journal, [this](std::string_view text) { books_.apply(record_from(json::parse(text))); }) {
    log_.info("journal replayed", {{"entries", books_.entries().size()}, {"balanced", books_.balanced()}});
}

void Routes::add_to(http::Router& router) {
    router.on("POST", "/v1/authorizations", [this](const http::Call& call) { return authorize(call); });
    for (const std::string operation : {"capture", "void", "refund"}) {
        router.on("POST", "/v1/authorizations/{id:uuid}/" + operation,
                  [this, operation](const http::Call& call) { return change(call, operation); });
    }
    router.on("GET", "/v1/authorizations", [this](const http::Call& call) { return by_reference(call); });
    router.on("GET", "/v1/ledger", [this](const http::Call& call) { return ledger(call); });
    router.on("GET", "/admin/faults", [this](const http::Call&) { return http::json_response(200, json_of(faults_.shares())); });
    router.on("PUT", "/admin/faults", [this](const http::Call& call) { return set_faults(call); });
}

http::Response Routes::authorize(const http::Call& call) {
    Record wanted;
    wanted.operation = "authorize";
    wanted.key = call.idempotency_key();
    http::Input input(call.request);
    wanted.outcome.amount = input.integer("amount", 1, kMostMoney);
    wanted.outcome.currency = input.text("currency", {3, 3});
    if (!is_currency(wanted.outcome.currency)) input.wrong("currency", "must be three letters A-Z, as ISO 4217 has them");
    const std::string token = input.text("token", {1, 255});
    if (!is_printable(token)) input.wrong("token", "must be printable ASCII without blanks");
    wanted.outcome.reference = input.text("reference", {1, 64});
    if (!is_word(wanted.outcome.reference)) input.wrong("reference", "must be made of A-Z, a-z, 0-9, dot, underscore and minus");
    input.done();
    wanted.digest =
        sha256(json{wanted.operation, wanted.outcome.amount, wanted.outcome.currency, token, wanted.outcome.reference}.dump());
    wanted.outcome.id = http::new_uuid();
    return act(call, [&](const Books& books) { return books.authorize(wanted, token); });
}

http::Response Routes::change(const http::Call& call, const std::string& operation) {
    Record wanted;
    wanted.operation = operation;
    wanted.key = call.idempotency_key();
    wanted.outcome.id = call.parameter("id");
    wanted.digest = sha256(json{operation, wanted.outcome.id}.dump());
    return act(call, [&](const Books& books) { return books.change(wanted); });
}

http::Response Routes::act(const http::Call&, const std::function<Decision(const Books&)>& decide) {
    const Fault fault = faults_.draw();
    if (fault.slow_by > base::Duration{0}) std::this_thread::sleep_for(fault.slow_by);
    Decision decision;
    std::uint64_t position = 0;
    {
        const std::lock_guard lock(mutex_);
        decision = decide(books_);
        if (decision.verdict == Verdict::Act) {
            decision.record.time = base::rfc3339_micro(base::SystemClock{}.wall());
            journal_.append(simulator::json_of(decision.record).dump());
            books_.apply(decision.record);
        }
        position = journal_.position();
    }
    journal_.wait_for(position);  // A repetition too: what it repeats may still be on its way to the disk.
    operations_.Add({{"operation", decision.record.operation}, {"outcome", std::string(outcome_name(decision))}}).Increment();
    http::Response response = answer(decision);
    if (fault.error_after) response = http::Problem(500, "a fault that was asked for").response();
    response.hang_up = fault.lost;
    return response;
}

http::Response Routes::answer(const Decision& decision) const {
    switch (decision.verdict) {
        case Verdict::Act:
        case Verdict::Repeat:
            return http::json_response(decision.record.created() ? 201 : 200, simulator::json_of(decision.record.outcome));
        case Verdict::OtherUse:
            throw http::Problem(422, "the idempotency key was used for another request");
        case Verdict::Unknown:
            throw http::not_found("there is no such authorization");
        case Verdict::Conflict:
            throw http::conflict("the authorization is " + decision.record.outcome.status);
    }
    throw std::logic_error("no such verdict");
}

http::Response Routes::by_reference(const http::Call& call) {
    http::Query query(call.request);
    const std::optional<std::string> reference = query.text("reference", {1, 64});
    if (!reference) query.wrong("reference", "is required");
    if (reference && !is_word(*reference)) query.wrong("reference", "must be made of A-Z, a-z, 0-9, dot, underscore and minus");
    query.done();
    json items = json::array();
    std::uint64_t position = 0;
    {
        const std::lock_guard lock(mutex_);
        for (const Authorization& each : books_.by_reference(*reference)) items.push_back(simulator::json_of(each));
        position = journal_.position();
    }
    journal_.wait_for(position);
    return http::json_response(200, {{"items", std::move(items)}});
}

http::Response Routes::ledger(const http::Call& call) {
    http::Query query(call.request);
    const std::int64_t limit = query.integer("limit", 1, kMostEntries, kMostEntries);
    const std::int64_t after = query.integer("after", 0, INT64_MAX, 0);
    query.done();
    json entries = json::array();
    json totals;
    bool balanced = false;
    std::uint64_t position = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto count = static_cast<std::int64_t>(books_.entries().size());
        for (std::int64_t i = after; i < count && i - after < limit; ++i) {
            entries.push_back(json_of(books_.entries()[static_cast<std::size_t>(i)]));
        }
        totals = json_of(books_.totals());
        balanced = books_.balanced();
        position = journal_.position();
    }
    journal_.wait_for(position);
    return http::json_response(200, {{"entries", std::move(entries)}, {"totals", std::move(totals)}, {"balanced", balanced}});
}

http::Response Routes::set_faults(const http::Call& call) {
    http::Input input(call.request);
    FaultShares shares;
    shares.slow = share(input, "slow_share");
    shares.slow_by = base::Duration{input.integer("slow_ms", 0, kLongestSlowness)};
    shares.error_after = share(input, "error_after_share");
    shares.lost = share(input, "lost_share");
    shares.seed = static_cast<std::uint64_t>(input.integer("seed", 0, INT64_MAX));
    input.done();
    faults_.set(shares);
    log_.info("faults set", {{"faults", json_of(shares)}});
    return http::json_response(200, json_of(shares));
}

}  // namespace simulator
