// The table of cases that the API server is held to as well (test/support/validation_cases.yaml), and the samples.
#include "api/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "api/document.h"
#include "api/platform.h"
#include "api/rules.h"
#include "api/schema.h"
#include "kube/object.h"
#include "support/paths.h"

namespace api {
namespace {

using kube::Json;
using kube::string_at;

std::string text_of(const std::string& path) {
    std::ifstream file(support::in_checkout(path));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<Problem> problems_of(const std::string& text) {
    const auto document = read_document(text);
    if (const auto* problems = std::get_if<std::vector<Problem>>(&document)) return *problems;
    return validate(std::get<Json>(document));
}

std::vector<Problem> problems_of(const Json& document) {
    return validate(document);
}

Json document_of(const Json& test_case) {
    return {{"apiVersion", "ecommerceplatform.io/v1alpha1"},
            {"kind", "EcommercePlatform"},
            {"metadata", test_case.value("metadata", Json{{"name", "shop"}})},
            {"spec", test_case.value("spec", Json::object())}};
}

std::vector<Json> offline_cases() {
    const auto table = read_document(text_of("test/support/validation_cases.yaml"));
    if (const auto* problems = std::get_if<std::vector<Problem>>(&table)) throw std::runtime_error(to_string(problems->front()));
    std::vector<Json> cases;
    for (const Json& each : std::get<Json>(table).at("cases")) {
        if (string_at(each, {"only"}) != "server") cases.push_back(each);
    }
    return cases;
}

class ValidationCase : public testing::TestWithParam<Json> {};

TEST_P(ValidationCase, FindsThoseProblemsAndNoOthers) {
    const Json& test_case = GetParam();
    SCOPED_TRACE(string_at(test_case, {"name"}));
    const std::vector<Problem> found =
        test_case.contains("text") ? problems_of(test_case["text"].get<std::string>()) : problems_of(document_of(test_case));
    std::vector<testing::Matcher<Problem>> wanted;
    for (const Json& problem : test_case.at("problems")) {
        wanted.push_back(testing::AllOf(testing::Field(&Problem::field, string_at(problem, {"field"})),
                                        testing::Field(&Problem::message, testing::HasSubstr(string_at(problem, {"message"})))));
    }
    std::string said;
    for (const Problem& problem : found) said += to_string(problem) + "\n";
    EXPECT_THAT(found, testing::UnorderedElementsAreArray(wanted)) << said;
    if (found.empty()) {
        EXPECT_NO_THROW(platform_from(document_of(test_case)));
    }
}

std::string name_of(const testing::TestParamInfo<Json>& info) {
    std::string name = std::to_string(info.index) + "_" + string_at(info.param, {"name"});
    for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
}

INSTANTIATE_TEST_SUITE_P(Table, ValidationCase, testing::ValuesIn(offline_cases()), name_of);

TEST(Validation, EverySampleIsInOrder) {
    for (const char* sample : {"minimal", "development", "staging", "production", "external-data"}) {
        EXPECT_THAT(problems_of(text_of("samples/" + std::string(sample) + ".yaml")), testing::IsEmpty()) << sample;
    }
}

// Calls visit(schema) for the schema and each one within.
template <typename Visit>
void visit_schemas(const Json& schema, const Visit& visit) {
    visit(schema);
    for (const Json& property : kube::at(schema, {"properties"})) visit_schemas(property, visit);
    if (schema.contains("items")) visit_schemas(schema["items"], visit);
    if (schema.contains("additionalProperties")) visit_schemas(schema["additionalProperties"], visit);
}

TEST(Validation, EveryRuleOfTheCrdHasATwin) {
    int rules = 0;
    visit_schemas(platform_schema(), [&](const Json& schema) {
        for (const Json& rule : kube::at(schema, {"x-kubernetes-validations"})) {
            if (string_at(rule, {"rule"}).find("oldSelf") != std::string::npos) continue;
            ++rules;
            EXPECT_NE(rule_of(string_at(rule, {"message"})), nullptr) << string_at(rule, {"message"});
        }
    });
    EXPECT_GT(rules, 30);
}

TEST(Validation, EveryRuleOfTheCrdHasACase) {
    std::string said;
    const auto table = read_document(text_of("test/support/validation_cases.yaml"));
    std::vector<std::string> messages;
    for (const Json& each : std::get<Json>(table).at("cases")) {
        for (const Json& problem : each.at("problems")) messages.push_back(string_at(problem, {"message"}));
    }
    visit_schemas(platform_schema(), [&](const Json& schema) {
        for (const Json& rule : kube::at(schema, {"x-kubernetes-validations"})) {
            const std::string message = "Required value: " + string_at(rule, {"message"});
            const bool tried =
                std::ranges::any_of(messages, [&](const std::string& part) { return message.find(part) != std::string::npos; });
            EXPECT_TRUE(tried) << message;
        }
    });
}

TEST(Validation, EveryFieldOfTheCrdIsBounded) {
    visit_schemas(platform_schema()["properties"]["spec"], [](const Json& schema) {
        const std::string type = string_at(schema, {"type"});
        const bool is_free_string =
            (type == "string" && !schema.contains("enum")) || schema.contains("x-kubernetes-int-or-string");
        EXPECT_TRUE(!is_free_string || schema.contains("maxLength")) << schema;
        EXPECT_TRUE(type != "array" || schema.contains("maxItems")) << schema;
        EXPECT_TRUE(!schema.contains("additionalProperties") || schema.contains("maxProperties")) << schema;
        EXPECT_TRUE(type != "integer" || (schema.contains("minimum") && schema.contains("maximum"))) << schema;
    });
}

TEST(Validation, EveryFieldOfTheCrdIsDescribed) {
    const auto crd = std::get<Json>(read_document(text_of("crds/ecommerceplatforms.ecommerceplatform.io.yaml")));
    const Json& root = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    for (const char* half : {"spec", "status"}) {
        visit_schemas(root["properties"][half], [](const Json& schema) {
            for (const auto& [name, property] : kube::at(schema, {"properties"}).items()) {
                EXPECT_FALSE(string_at(property, {"description"}).empty()) << name;
            }
        });
    }
}

TEST(Validation, DoesNotFollowTheStatusOrMetadataThatTheServerWrites) {
    Json document = document_of(Json::object());
    document["metadata"]["managedFields"] = Json::array({Json::object()});
    document["metadata"]["uid"] = "1";
    document["status"] = {{"whatever", 1}};
    EXPECT_THAT(validate(document), testing::IsEmpty());
}

}  // namespace
}  // namespace api
