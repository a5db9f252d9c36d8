// Samples to objects, held against the files in expected/. UPDATE_GOLDEN=1 in the environment rewrites them, to be reviewed as a
// difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "api/document.h"
#include "api/platform.h"
#include "api/schema.h"
#include "api/validation.h"
#include "resources/desired.h"
#include "support/paths.h"

namespace {

using kube::Json;
namespace fs = std::filesystem;

const fs::path kSamples = support::in_checkout("samples");
const fs::path kExpected = support::in_checkout("test/golden/expected");

std::string read(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Every sample that is one EcommercePlatform; files beside them hold what a sample refers to.
std::vector<std::string> samples() {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(kSamples)) {
        if (entry.path().extension() != ".yaml") continue;
        const auto document = api::read_document(read(entry.path()));
        const Json* json = std::get_if<Json>(&document);
        if (json != nullptr && json->value("kind", "") == kube::kPlatform.name) names.push_back(entry.path().stem());
    }
    std::sort(names.begin(), names.end());
    return names;
}

Json document(const fs::path& path) {
    return std::get<Json>(api::read_document(read(path)));
}

api::Platform valid(const Json& document) {
    for (const api::Problem& problem : api::validate(document)) ADD_FAILURE() << api::to_string(problem);
    return api::platform_from(document);
}

api::Platform sample(const std::string& name) {
    return valid(document(kSamples / (name + ".yaml")));
}

resources::SecretDigests digests_of(const api::Platform& platform) {
    resources::SecretDigests digests;
    for (const resources::SecretTemplate& secret : resources::secrets(platform, {}))
        digests[secret.name] = "digest of " + secret.name;
    return digests;
}

kube::Objects objects_of(const api::Platform& platform) {
    resources::Capabilities all;
    for (const kube::Kind& kind : kube::child_kinds()) {
        if (kind.optional) all.insert(kind.resource());
    }
    return resources::desired(platform, digests_of(platform), all);
}

// The generated Secrets by their keys alone: values exist only in a cluster.
std::string rendered(const api::Platform& platform) {
    std::string text;
    for (const resources::SecretTemplate& secret : resources::secrets(platform, {})) {
        text += "# Secret " + secret.name + (secret.retained ? " (retained):" : ":");
        for (const auto& [file, value] : secret.files) text += " " + file;
        text += "\n";
    }
    for (const kube::Object& object : objects_of(platform)) {
        text += "---\n" + api::to_yaml(object.json);
        if (!text.ends_with('\n')) text += '\n';
    }
    return text;
}

// Rewrites the file where that was asked for.
void expect_text_of(const fs::path& path, const std::string& text) {
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    std::istringstream actual(text);
    std::istringstream expected(read(path));
    std::string actual_line;
    std::string expected_line;
    for (int line = 1;; ++line) {
        const bool more_actual = static_cast<bool>(std::getline(actual, actual_line));
        const bool more_expected = static_cast<bool>(std::getline(expected, expected_line));
        if (!more_actual && !more_expected) return;
        ASSERT_TRUE(more_actual && more_expected && actual_line == expected_line)
            << path.string() << ":" << line
            << " differs; UPDATE_GOLDEN=1 rewrites it.\n  expected: " << (more_expected ? expected_line : "(end)")
            << "\n  actual:   " << (more_actual ? actual_line : "(end)");
    }
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, TheSampleMakesTheExpectedObjects) {
    expect_text_of(kExpected / (GetParam() + ".yaml"), rendered(sample(GetParam())));
}

// A file without its sample would be kept green by nobody.
TEST(GoldenFiles, EveryExpectedFileHasASample) {
    const std::vector<std::string> names = samples();
    for (const fs::directory_entry& entry : fs::directory_iterator(kExpected)) {
        EXPECT_NE(std::find(names.begin(), names.end(), entry.path().stem().string()), names.end()) << entry.path();
    }
}

INSTANTIATE_TEST_SUITE_P(Samples, Golden, testing::ValuesIn(samples()), [](const auto& parameter) {
    std::string name = parameter.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

Json intentions() {
    return document(support::in_checkout("test/golden/intentions.yaml"))["changes"];
}

// Objects by "Kind name".
std::map<std::string, Json> by_name(const kube::Objects& objects) {
    std::map<std::string, Json> named;
    for (const kube::Object& object : objects) named[std::string(object.kind.name) + " " + object.key().name] = object.json;
    return named;
}

// "replace /spec/minReplicas 3", a line for each place.
std::string places(const Json& before, const Json& after) {
    constexpr std::size_t kMostShown = 60;
    std::string text;
    for (const Json& each : Json::diff(before, after)) {
        text += "    " + each["op"].get<std::string>() + " " + each["path"].get<std::string>();
        const std::string value = each.contains("value") ? each["value"].dump() : "";
        text += (value.empty() || value.size() > kMostShown ? "" : " " + value) + "\n";
    }
    return text;
}

// The objects that differ, those together of which the same differs.
std::string changes(const kube::Objects& before, const kube::Objects& after) {
    const std::map<std::string, Json> old_ones = by_name(before);
    const std::map<std::string, Json> new_ones = by_name(after);
    std::map<std::string, std::vector<std::string>> objects_of_change;
    for (const auto& [name, object] : old_ones) {
        const auto found = new_ones.find(name);
        if (found == new_ones.end()) {
            objects_of_change["    is gone\n"].push_back(name);
        } else if (found->second != object) {
            objects_of_change[places(object, found->second)].push_back(name);
        }
    }
    for (const auto& [name, object] : new_ones) {
        if (!old_ones.contains(name)) objects_of_change["    is new\n"].push_back(name);
    }
    std::string text;
    for (const auto& [change, names] : objects_of_change) {
        for (const std::string& name : names) text += "  " + name + "\n";
        text += change;
    }
    return text.empty() ? "  no object\n" : text;
}

TEST(Intentions, ChangeTheObjectsThatFollowFromThemAndNoOther) {
    const Json production = document(kSamples / "production.yaml");
    const kube::Objects before = objects_of(valid(production));
    std::string text;
    for (const Json& change : intentions()) {
        Json changed = production;
        changed["spec"]["quality"].merge_patch(change);
        EXPECT_NE(changed, production) << change;
        text += change.dump() + "\n" + changes(before, objects_of(valid(changed)));
    }
    expect_text_of(support::in_checkout("test/golden/intentions.txt"), text);
}

// Fields that hold no others, as "/performance/sizing". A list is one.
void add_fields(std::set<std::string>& fields, const Json& schema, const std::string& path) {
    if (!schema.contains("properties")) {
        fields.insert(path);
        return;
    }
    for (const auto& [name, property] : schema["properties"].items()) add_fields(fields, property, path + "/" + name);
}

void add_given(std::set<std::string>& fields, const Json& value, const std::string& path) {
    if (!value.is_object()) {
        fields.insert(path);
        return;
    }
    for (const auto& [name, each] : value.items()) add_given(fields, each, path + "/" + name);
}

TEST(Intentions, AreAllFieldsOfQuality) {
    std::set<std::string> fields;
    add_fields(fields, api::platform_schema()["properties"]["spec"]["properties"]["quality"], "");
    std::set<std::string> given;
    for (const Json& change : intentions()) add_given(given, change, "");
    EXPECT_EQ(given, fields);
}

}  // namespace
