// Any text: read as a document, checked, and, where it is in order, resolved and written again. Nothing may crash or hang.
#include <nlohmann/json.hpp>
#include <string>

#include "api/document.h"
#include "api/platform.h"
#include "api/validation.h"
#include "holds.h"

namespace {

// True of every document that could be read; ends the program where it is not.
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto document = api::read_document(text);
    if (const auto* problems = std::get_if<std::vector<api::Problem>>(&document)) {
        holds(!problems->empty());
        return 0;
    }
    const auto& json = std::get<kube::Json>(document);
    const auto problems = api::validate(json);
    for (const api::Problem& problem : problems) holds(!api::to_string(problem).empty());
    if (problems.empty()) holds(api::platform_from(json).spec.services.size() == api::kServices.size());
    const auto again = api::read_document(api::to_yaml(json));
    holds(!std::holds_alternative<kube::Json>(again) || std::get<kube::Json>(again) == json);
    return 0;
}
