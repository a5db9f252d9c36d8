// The CRD in a real API server: it says what `validate` says, and explains itself.
#include <gmock/gmock.h>

#include <regex>
#include <set>
#include <sstream>
#include <variant>

#include "api/document.h"
#include "cluster.h"
#include "support/paths.h"

namespace apiserver {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using Fields = std::set<std::string>;

constexpr const char* kName = "ecommerceplatforms.ecommerceplatform.io";

Json read_yaml(const std::string& path) {
    return std::get<Json>(api::read_document(support::read_file(support::in_checkout(path))));
}

// A namespace, and no operator in it.
class Crd : public OperatorTest {
protected:
    Json document_of(const Json& spec) const {
        return {{"apiVersion", "ecommerceplatform.io/v1alpha1"},
                {"kind", "EcommercePlatform"},
                {"metadata", {{"name", "shop"}}},
                {"spec", spec}};
    }

    std::string text_of(const Json& test_case) const {
        if (test_case.contains("text")) return test_case.at("text").get<std::string>();
        Json document = document_of(test_case.value("spec", Json::object()));
        if (test_case.contains("metadata")) document["metadata"] = test_case.at("metadata");
        return document.dump();
    }

    // Client-side apply would read the object first, and replace does not: what is judged is the document as it stands.
    support::Finished submit(const Json& test_case) const {
        const char* verb = test_case.contains("before") ? "replace" : "create";
        return kubectl({verb, "--validate=strict", "--dry-run=server", "-f", "-"}, text_of(test_case));
    }

    void judge(const Json& test_case) const {
        SCOPED_TRACE(test_case.at("name").get<std::string>());
        if (test_case.contains("before")) {
            const support::Finished made = kubectl({"create", "-f", "-"}, document_of(test_case.at("before")).dump());
            ASSERT_EQ(made.status, 0) << made.output;
        }
        const support::Finished said = submit(test_case);
        if (test_case.contains("before")) kubectl({"delete", "ecp/shop"});
        compare(test_case.at("problems"), said);
    }

    static void compare(const Json& problems, const support::Finished& said) {
        EXPECT_EQ(said.status == 0, problems.empty()) << said.output;
        EXPECT_THAT(said.output, Not(HasSubstr("Warning"))) << said.output;
        Fields wanted;
        for (const Json& problem : problems) {
            EXPECT_THAT(said.output, HasSubstr(problem.value("server", problem.at("message").get<std::string>())));
            if (!problem.at("field").get<std::string>().empty()) wanted.insert(problem.at("field").get<std::string>());
        }
        EXPECT_EQ(fields_in(said.output), wanted) << said.output;
    }

    // The fields of a refusal: a line "* FIELD: MESSAGE" each, or "… is invalid: FIELD: MESSAGE" where there is one,
    // and `unknown field "FIELD"`. The rules are not tried where the schema fails, which is told of the field <nil>.
    static Fields fields_in(const std::string& output) {
        static const std::regex field(R"re((?:^\* |is invalid: )([^\s:"<]+): |unknown field "([^"]+)")re");
        Fields found;
        std::istringstream lines(output);
        for (std::string line; std::getline(lines, line);) {
            for (std::sregex_iterator each(line.begin(), line.end(), field), end; each != end; ++each) {
                found.insert((*each)[1].matched ? (*each)[1].str() : (*each)[2].str());
            }
        }
        return found;
    }
};

TEST_F(Crd, SaysWhatTheTableOfCasesExpects) {
    int judged = 0;
    const Json table = read_yaml("test/support/validation_cases.yaml");
    for (const Json& test_case : table.at("cases")) {
        if (test_case.value("only", "") == "offline") continue;
        judge(test_case);
        ++judged;
    }
    EXPECT_GT(judged, 70);
}

TEST_F(Crd, IsEstablishedAndWellFormed) {
    const Json crd = get("crd", kName);
    std::map<std::string, std::string> conditions;
    for (const Json& each : crd["status"]["conditions"]) conditions[each["type"]] = each["status"];
    EXPECT_EQ(conditions["Established"], "True");
    EXPECT_EQ(conditions["NamesAccepted"], "True");
    EXPECT_FALSE(conditions.contains("NonStructuralSchema")) << crd["status"].dump(2);
}

TEST_F(Crd, IsAppliedWithoutAWarning) {
    const support::Finished applied = kubectl({"apply", "--server-side", "--validate=strict", "--dry-run=server",
                                               "--force-conflicts", "-f", support::in_checkout("crds/")});
    EXPECT_EQ(applied.status, 0) << applied.output;
    EXPECT_THAT(applied.output, Not(HasSubstr("Warning")));
}

// Every property below the schema, also those of maps and lists, by its path.
void find_properties(const Json& schema, const std::string& path, std::map<std::string, Json>& found) {
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [name, property] : properties.items()) {
        std::string inner_path = path;
        inner_path.append(".").append(name);
        found[inner_path] = property;
        find_properties(property, inner_path, found);
    }
    for (const char* inner : {"items", "additionalProperties"}) {
        if (schema.contains(inner)) find_properties(schema[inner], path + "[]", found);
    }
}

TEST_F(Crd, DescribesEveryFieldInASentence) {
    const Json schema = read_yaml(std::string("crds/") + kName + ".yaml")["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    std::map<std::string, Json> properties;
    for (const char* part : {"spec", "status"}) {
        properties[part] = schema["properties"][part];
        find_properties(schema["properties"][part], part, properties);
    }
    ASSERT_GT(properties.size(), 100U);
    const std::regex sentence(R"re((?:[A-Z`0-9"]|true: )[\s\S]{14,}[.!])re");
    for (const auto& [path, property] : properties) {
        const std::string description = property.value("description", "");
        EXPECT_TRUE(std::regex_match(description, sentence)) << path << ": " << description;
    }
}

TEST_F(Crd, BoundsEveryTextListAndMap) {
    const Json schema = read_yaml(std::string("crds/") + kName + ".yaml")["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    std::map<std::string, Json> properties;
    find_properties(schema["properties"]["spec"], "spec", properties);
    for (const auto& [path, property] : properties) {
        const std::string type = property.value("type", "");
        EXPECT_TRUE(type != "string" || property.contains("maxLength") || property.contains("enum")) << path;
        EXPECT_TRUE(type != "array" || property.contains("maxItems")) << path;
        EXPECT_TRUE(type != "integer" || property.contains("maximum")) << path;
        EXPECT_TRUE(!property.contains("additionalProperties") || property.contains("maxProperties")) << path;
    }
}

TEST_F(Crd, IsDocumentedByKubectlExplain) {
    const support::Finished explained = kubectl({"explain", "ecp.spec.quality.scalability"});
    EXPECT_EQ(explained.status, 0);
    EXPECT_THAT(explained.output, AllOf(HasSubstr("DESCRIPTION:"), HasSubstr("replicas\t<"), HasSubstr("Production")));
    EXPECT_THAT(explained.output, Not(HasSubstr("<no description>")));
}

std::vector<std::string> words(const std::string& line) {
    std::istringstream in(line);
    return {std::istream_iterator<std::string>(in), {}};
}

TEST_F(Crd, PrintsWhatMattersInColumns) {
    apply(document_of(Json::object()));
    const Json status{{"status",
                       {{"version", "1.2.3"},
                        {"services", "5/6"},
                        {"data", "3/3"},
                        {"attributes", "7/8"},
                        {"conditions", Json::array({{{"type", "Ready"},
                                                     {"status", "False"},
                                                     {"reason", "Waiting"},
                                                     {"message", "Waits."},
                                                     {"lastTransitionTime", "2026-01-01T00:00:00Z"}}})}}}};
    const support::Finished set = kubectl({"patch", "ecp/shop", "--subresource=status", "--type=merge", "-p", status.dump()});
    ASSERT_EQ(set.status, 0) << set.output;
    std::istringstream table(kubectl({"get", "ecp"}).output);
    std::string head;
    std::string row;
    std::getline(table, head);
    std::getline(table, row);
    EXPECT_EQ(words(head),
              (std::vector<std::string>{"NAME", "READY", "REASON", "VERSION", "SERVICES", "DATA", "ATTRIBUTES", "AGE"}));
    std::vector<std::string> cells = words(row);
    ASSERT_EQ(cells.size(), 8U) << row;
    cells.pop_back();
    EXPECT_EQ(cells, (std::vector<std::string>{"shop", "False", "Waiting", "1.2.3", "5/6", "3/3", "7/8"}));
}

TEST_F(Crd, IsListedUnderItsShortNameAndItsCategories) {
    apply(document_of(Json::object()));
    for (const char* name : {"ecp", "ecommerceplatform", "ecommerceplatforms", "ecommerce", "all"}) {
        EXPECT_THAT(kubectl({"get", name, "-o", "name"}).output, HasSubstr("ecommerceplatform.ecommerceplatform.io/shop"))
            << name;
    }
}

TEST_F(Crd, KeepsTheStatusOutOfReachOfWhoWritesTheSpec) {
    Json document = document_of(Json::object());
    document["status"] = {{"version", "9.9.9"}};
    apply(document);
    EXPECT_EQ(get("ecp", "shop").value("status", Json::object()).value("version", ""), "");
}

}  // namespace
}  // namespace apiserver
