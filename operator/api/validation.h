// What is wrong with a document, in words: the schema of crds/ and its rules, said without an API server.
#pragma once

#include <string>
#include <vector>

#include "kube/json.h"

namespace api {

struct Problem {
    std::string field;  // Path as the API server writes it: "spec.services.catalog.replicas.min".
    std::string message;

    friend bool operator==(const Problem&, const Problem&) = default;
};

std::string to_string(const Problem& problem);  // "spec.data.postgres.external.secretName: Required value"

// Every problem of the document: apiVersion and kind, name, unknown fields, the schema's types and bounds, the CRD's CEL rules.
// Empty: the API server accepts it, and platform_from() takes it.
std::vector<Problem> validate(const kube::Json& document);

}  // namespace api
