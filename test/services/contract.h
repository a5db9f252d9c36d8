// What a consumer expects of a provider: test/contracts/CONSUMER-PROVIDER.yaml has the requests that it sends and, of the answers
// and events, what it reads. The consumer's test lives on them alone; the provider's test holds the real provider against them.
#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "common/http/message.h"
#include "support/http_client.h"

namespace services {

// A text "{name}" stands for any other, which is the same wherever the name occurs again.
using Bindings = std::map<std::string, std::string>;

struct Interaction {
    std::string given;               // What the provider's test makes before; empty: nothing.
    std::vector<std::string> after;  // Interactions that come before, with the same bindings.
    std::string method;
    std::string target;  // Path and query.
    std::map<std::string, std::string> headers;
    nlohmann::json body;  // Null: none. The whole of it.
    int status = 0;
    nlohmann::json answer;  // Null: nothing is read of it. What is read.
};

struct Contract {
    std::string name;  // "order-payment"
    std::map<std::string, Interaction> interactions;
    std::map<std::string, nlohmann::json> events;  // By type, what is read of the payload.
};

// Throws std::runtime_error where there is no such contract, or where it is none.
Contract contract_of(const std::string& consumer, const std::string& provider);

// Where `actual` is not as expected, in words; nothing where it is. Binds what has no value yet.
std::vector<std::string> misfits(const nlohmann::json& expected, const nlohmann::json& actual, Bindings& bindings);
// The same where objects must have nothing besides.
std::vector<std::string> differences(const nlohmann::json& expected, const nlohmann::json& actual, Bindings& bindings);

// With each name's value, and a new UUID for those that have none.
nlohmann::json filled(const nlohmann::json& value, Bindings& bindings);

// A provider as the contract has it, who answers with what is expected and nothing more. Safe from several threads.
class PlayedProvider {
public:
    explicit PlayedProvider(Contract contract) : contract_(std::move(contract)) {}

    // From now on, with these values; where several interactions have the request, a preferred one answers.
    void begin(Bindings bindings, std::set<std::string> preferred = {});
    http::Response handle(const http::Request& request);

    std::vector<std::string> unasked() const;          // Interactions that never came.
    std::vector<std::string> strangers() const;        // Requests that are no interaction's.
    std::string bound(const std::string& name) const;  // Its value; "" where it has none.

private:
    const Interaction* find(const http::Request& request);

    const Contract contract_;
    mutable std::mutex mutex_;
    Bindings bindings_;
    std::set<std::string> preferred_;
    std::set<std::string> asked_;
    std::vector<std::string> strangers_;
};

// Holds a provider against each interaction; a failure names it. `given` makes what interactions need and may bind names.
void hold_to(const Contract& contract, support::HttpClient client,
             const std::map<std::string, std::function<void(Bindings&)>>& given = {});

}  // namespace services
