#include "api/validation.h"

#include <nlohmann/json.hpp>

#include "api/metadata.h"
#include "api/schema.h"
#include "kube/kind.h"
#include "kube/object.h"

namespace api {
namespace {

using kube::Json;

void check_type(const Json& document, const std::string& field, const std::string& wanted, std::vector<Problem>& problems) {
    const Json& value = kube::at(document, {field});
    if (value.is_null()) {
        problems.push_back({field, "Required value: must be " + wanted});
    } else if (value != wanted) {
        problems.push_back({field, "Invalid value: " + shown(value) + ": must be " + wanted});
    }
}

}  // namespace

std::string to_string(const Problem& problem) {
    return problem.field.empty() ? problem.message : problem.field + ": " + problem.message;
}

std::vector<Problem> validate(const Json& document) {
    if (!document.is_object()) return {{"", "the document is not a map with apiVersion, kind, metadata and spec"}};
    std::vector<Problem> problems;
    check_type(document, "apiVersion", kube::kPlatform.api_version(), problems);
    check_type(document, "kind", std::string(kube::kPlatform.name), problems);
    for (Problem& problem : check_metadata(kube::at(document, {"metadata"}))) problems.push_back(std::move(problem));

    // What check_metadata() says of these, the schema would say again; the API server drops the status of what is applied.
    Json rest = document;
    rest.erase("apiVersion");
    rest.erase("kind");
    rest.erase("status");
    const std::string name = kube::string_at(document, {"metadata", "name"});
    rest.erase("metadata");
    if (!name.empty()) rest["metadata"] = {{"name", name}};
    for (Problem& problem : check_schema(platform_schema(), rest, "")) {
        const bool about_no_name = name.empty() && problem.field == "metadata.name";
        if (!about_no_name) problems.push_back(std::move(problem));
    }
    return problems;
}

}  // namespace api
