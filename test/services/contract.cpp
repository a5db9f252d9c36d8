// Reads contracts, and plays them from either side.
#include "contract.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <regex>
#include <stdexcept>

#include "common/http/input.h"
#include "support/paths.h"

namespace services {

using Json = nlohmann::json;

namespace {

Json json_of(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Map: {
            Json object = Json::object();
            for (const auto& entry : node) object[entry.first.as<std::string>()] = json_of(entry.second);
            return object;
        }
        case YAML::NodeType::Sequence: {
            Json list = Json::array();
            for (const auto& element : node) list.push_back(json_of(element));
            return list;
        }
        case YAML::NodeType::Scalar: {
            const Json plain = node.Tag() == "!" ? Json() : Json::parse(node.Scalar(), nullptr, false);
            return plain.is_number() || plain.is_boolean() ? plain : Json(node.Scalar());
        }
        default:
            return nullptr;
    }
}

Interaction interaction_from(const Json& json) {
    Interaction interaction;
    const Json& request = json.at("request");
    const Json& response = json.at("response");
    interaction.given = json.value("given", "");
    interaction.after = json.value("after", std::vector<std::string>{});
    interaction.method = request.at("method");
    interaction.target = request.at("path");
    interaction.headers = request.value("headers", std::map<std::string, std::string>{});
    interaction.body = request.value("body", Json());
    interaction.status = response.at("status");
    interaction.answer = response.value("body", Json());
    return interaction;
}

bool is_name(const Json& value) {
    if (!value.is_string()) return false;
    const auto& text = value.get_ref<const std::string&>();
    return text.size() > 2 && text.front() == '{' && text.find('}') == text.size() - 1;
}

struct Comparison {
    Bindings& bindings;
    bool whole;  // Objects must have nothing besides.
    std::vector<std::string> problems{};

    void compare(const Json& expected, const Json& actual, const std::string& at) {
        if (is_name(expected)) {
            if (!actual.is_string()) return differ(expected, actual, at);
            const std::string text = expected;
            const auto [bound, is_new] = bindings.try_emplace(text.substr(1, text.size() - 2), actual.get<std::string>());
            if (!is_new && bound->second != actual) differ(bound->second, actual, at);
        } else if (expected.is_object() && actual.is_object()) {
            for (const auto& [name, value] : expected.items()) {
                if (actual.contains(name)) {
                    compare(value, actual[name], at + "/" + name);
                } else {
                    problems.push_back(at + "/" + name + " is missing");
                }
            }
            if (!whole) return;
            for (const auto& [name, value] : actual.items()) {
                if (!expected.contains(name)) problems.push_back(at + "/" + name + " is in no contract");
            }
        } else if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
            for (std::size_t i = 0; i < expected.size(); ++i) compare(expected[i], actual[i], at + "/" + std::to_string(i));
        } else if (expected != actual) {
            differ(expected, actual, at);
        }
    }
    void differ(const Json& expected, const Json& actual, const std::string& at) {
        problems.push_back(at + " is " + actual.dump() + " instead of " + expected.dump());
    }
};

std::string filled_text(const std::string& text, Bindings& bindings) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t open = text.find('{', at);
        const std::size_t close = text.find('}', open);
        result += text.substr(at, open - at);
        if (open == text.npos || close == text.npos) break;
        result += bindings.try_emplace(text.substr(open + 1, close - open - 1), http::new_uuid()).first->second;
        at = close + 1;
    }
    return result;
}

// Whether the text is the template with some value for each name in it; binds them.
bool fits_template(const std::string& pattern, const std::string& text, Bindings& bindings) {
    static const std::regex name("\\{([^}]+)\\}");
    std::string expression;
    std::vector<std::string> names;
    std::size_t at = 0;
    for (auto found = std::sregex_iterator(pattern.begin(), pattern.end(), name); found != std::sregex_iterator(); ++found) {
        const auto begin = static_cast<std::size_t>(found->position());
        expression += std::regex_replace(pattern.substr(at, begin - at), std::regex("[.?+*()\\[\\]]"), "\\$&") + "([^/?&]+)";
        names.push_back((*found)[1]);
        at = begin + static_cast<std::size_t>(found->length());
    }
    expression += std::regex_replace(pattern.substr(at), std::regex("[.?+*()\\[\\]]"), "\\$&");
    std::smatch values;
    if (!std::regex_match(text, values, std::regex(expression))) return false;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto [bound, is_new] = bindings.try_emplace(names[i], values[i + 1].str());
        if (!is_new && bound->second != values[i + 1].str()) return false;
    }
    return true;
}

std::string target_of(const http::Request& request) {
    return request.path + (request.query.empty() ? "" : "?" + request.query);
}

bool is_request_of(const Interaction& interaction, const http::Request& request, Bindings& bindings) {
    if (interaction.method != request.method) return false;
    if (!fits_template(interaction.target, target_of(request), bindings)) return false;
    for (const auto& [name, expected] : interaction.headers) {
        const auto found = http::find(request.headers, name);
        if (!found || !fits_template(expected, std::string(*found), bindings)) return false;
    }
    const Json body = request.body.empty() ? Json() : Json::parse(request.body, nullptr, false);
    return differences(interaction.body, body, bindings).empty();
}

support::Answer send(support::HttpClient& client, const Interaction& interaction, Bindings& bindings) {
    support::Headers headers;
    for (const auto& [name, value] : interaction.headers) headers.emplace_back(name, filled_text(value, bindings));
    const Json body = filled(interaction.body, bindings);
    if (!body.is_null()) headers.emplace_back("Content-Type", "application/json");
    return client.request(interaction.method, filled_text(interaction.target, bindings), body.is_null() ? "" : body.dump(),
                          headers);
}

}  // namespace

Contract contract_of(const std::string& consumer, const std::string& provider) {
    Contract contract;
    contract.name = consumer + "-" + provider;
    const std::string path = support::in_checkout("test/contracts/" + contract.name + ".yaml");
    try {
        const Json document = json_of(YAML::LoadFile(path));
        const Json interactions = document.value("interactions", Json::object());
        for (const auto& [name, interaction] : interactions.items()) {
            contract.interactions[name] = interaction_from(interaction);
        }
        contract.events = document.value("events", std::map<std::string, Json>{});
    } catch (const std::exception& problem) {
        throw std::runtime_error(path + ": " + problem.what());
    }
    if (contract.interactions.empty() && contract.events.empty()) throw std::runtime_error(path + ": nothing is expected");
    return contract;
}

std::vector<std::string> misfits(const Json& expected, const Json& actual, Bindings& bindings) {
    Comparison comparison{bindings, false};
    comparison.compare(expected, actual, "");
    return comparison.problems;
}

std::vector<std::string> differences(const Json& expected, const Json& actual, Bindings& bindings) {
    Comparison comparison{bindings, true};
    comparison.compare(expected, actual, "");
    return comparison.problems;
}

Json filled(const Json& value, Bindings& bindings) {
    if (value.is_string()) return filled_text(value.get<std::string>(), bindings);
    Json result = value;
    if (value.is_structured()) {
        for (Json& each : result) each = filled(each, bindings);
    }
    return result;
}

void PlayedProvider::begin(Bindings bindings, std::set<std::string> preferred) {
    const std::lock_guard lock(mutex_);
    bindings_ = std::move(bindings);
    preferred_ = std::move(preferred);
}

const Interaction* PlayedProvider::find(const http::Request& request) {
    const auto try_those = [&](bool preferred) -> const Interaction* {
        for (const auto& [name, interaction] : contract_.interactions) {
            if (preferred_.contains(name) != preferred) continue;
            Bindings bindings = bindings_;
            if (!is_request_of(interaction, request, bindings)) continue;
            bindings_ = std::move(bindings);
            asked_.insert(name);
            return &interaction;
        }
        return nullptr;
    };
    const Interaction* found = try_those(true);
    return found != nullptr ? found : try_those(false);
}

http::Response PlayedProvider::handle(const http::Request& request) {
    const std::lock_guard lock(mutex_);
    http::Response response;
    const Interaction* interaction = find(request);
    if (interaction == nullptr) {
        strangers_.push_back(request.method + " " + target_of(request) + " " + request.body);
        response.status = 501;
        return response;
    }
    response.status = interaction->status;
    if (interaction->answer.is_null()) return response;
    response.content_type = response.status < 400 ? "application/json" : "application/problem+json";
    response.body = filled(interaction->answer, bindings_).dump();
    return response;
}

std::vector<std::string> PlayedProvider::unasked() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, interaction] : contract_.interactions) {
        if (!asked_.contains(name)) names.push_back(name);
    }
    return names;
}

std::vector<std::string> PlayedProvider::strangers() const {
    const std::lock_guard lock(mutex_);
    return strangers_;
}

std::string PlayedProvider::bound(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = bindings_.find(name);
    return found == bindings_.end() ? "" : found->second;
}

void hold_to(const Contract& contract, support::HttpClient client,
             const std::map<std::string, std::function<void(Bindings&)>>& given) {
    for (const auto& [name, interaction] : contract.interactions) {
        SCOPED_TRACE(contract.name + ": " + name);
        Bindings bindings;
        if (!interaction.given.empty()) given.at(interaction.given)(bindings);
        std::vector<std::string> steps = interaction.after;
        steps.push_back(name);
        for (const std::string& step : steps) {
            const Interaction& each = contract.interactions.at(step);
            const support::Answer answer = send(client, each, bindings);
            EXPECT_EQ(answer.status, each.status) << step << ": " << answer.body;
            if (each.answer.is_null()) continue;
            for (const std::string& problem : misfits(each.answer, answer.json(), bindings))
                ADD_FAILURE() << step << ": " << problem;
        }
    }
}

}  // namespace services
