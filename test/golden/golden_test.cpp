// Samples to objects, held against the files in expected/. UPDATE_GOLDEN=1 in the environment rewrites them, to be reviewed as a
// difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "api/document.h"
#include "api/platform.h"
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

api::Platform sample(const std::string& name) {
    const auto document = api::read_document(read(kSamples / (name + ".yaml")));
    const Json& json = std::get<Json>(document);
    for (const api::Problem& problem : api::validate(json)) ADD_FAILURE() << name << ": " << api::to_string(problem);
    return api::platform_from(json);
}

// The generated Secrets by their keys alone: values exist only in a cluster.
std::string rendered(const api::Platform& platform) {
    std::string text;
    resources::SecretDigests digests;
    for (const resources::SecretTemplate& secret : resources::secrets(platform)) {
        text += "# Secret " + secret.name + (secret.retained ? " (retained):" : ":");
        for (const auto& [file, value] : secret.files) text += " " + file;
        text += "\n";
        digests[secret.name] = "digest of " + secret.name;
    }
    resources::Capabilities all;
    for (const kube::Kind& kind : kube::child_kinds()) {
        if (kind.optional) all.insert(kind.resource());
    }
    for (const kube::Object& object : resources::desired(platform, digests, all)) {
        text += "---\n" + api::to_yaml(object.json);
        if (!text.ends_with('\n')) text += '\n';
    }
    return text;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, TheSampleMakesTheExpectedObjects) {
    const fs::path path = kExpected / (GetParam() + ".yaml");
    const std::string text = rendered(sample(GetParam()));
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        fs::create_directories(kExpected);
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

}  // namespace
